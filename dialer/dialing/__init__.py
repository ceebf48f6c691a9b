"""Dialing: how one call is placed, and when workers are told to."""
