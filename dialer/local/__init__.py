"""The local stack: everything on one machine, for a first try."""
