"""Let a worker of ours trust the provider's certificate, for which there is no setting."""

import os

import certifi

if _FILE := os.environ.get("BENCH_CA"):
    certifi.where = lambda: _FILE
