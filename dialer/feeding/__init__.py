"""Feeding: how a list becomes jobs."""
