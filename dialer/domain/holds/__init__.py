"""Holds: scopes, owners and reasons of stops."""
