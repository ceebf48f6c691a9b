"""Places outbound calls through the Sarv.com Click-to-Call API."""
