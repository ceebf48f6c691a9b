"""Jobs: orders, states, attempts, and the decisions about them."""
