"""Let a worker of ours trust the certificate of the provider beside it: there is no setting for it."""

import os

import certifi

if _FILE := os.environ.get("BENCH_CA"):
    certifi.where = lambda: _FILE
