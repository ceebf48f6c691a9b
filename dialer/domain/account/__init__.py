"""An account: its address, its limits and its opening hours."""
