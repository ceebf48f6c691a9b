"""`python -m dialer.sandbox`."""

import sys

from dialer.sandbox.process import main

sys.exit(main(sys.argv[1:]))
