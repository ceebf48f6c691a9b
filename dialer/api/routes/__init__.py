"""
Routes: what may be asked over HTTP, one noun a module.

`guard.py` says of each who may ask; a request is authenticated, then scoped, then parsed.
"""
