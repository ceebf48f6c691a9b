"""
`python -m dialer.demo`: the same as `dialer demo`.
"""

import sys

from dialer.demo import run

if __name__ == "__main__":
    sys.exit(run())
