"""The domain: things, and the decisions about them; pure."""
