"""`python -m dialer.local.demo`: the same as `dialer demo`."""

import sys

from dialer.local.demo import run

if __name__ == "__main__":
    sys.exit(run())
