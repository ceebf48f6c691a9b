"""Planning: what will become of a campaign."""
