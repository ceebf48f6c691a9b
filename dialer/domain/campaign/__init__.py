"""Campaigns: their contacts, calls and hours, and the bounds of their pace."""
