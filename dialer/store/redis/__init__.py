"""Redis itself: the connection, the scripts, and what a server must be."""
