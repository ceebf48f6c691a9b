"""Maintenance: what happens by itself."""
