"""
A stateful stand-in for the Click-to-Call API, on loopback only.

    with Sandbox() as sandbox:
        sandbox.inject(Fault(do="place_then_drop", when=When(nth=3)))
        ...  # point a worker at sandbox.url
        verdict = judge(sandbox.ledger.rows(), intents)

It shares no code with the client it tests, so that no mistake of one hides in the other. No
phone number is magic; the `World` and the faults say which are busy, barred or unlucky.
"""

from dialer.sandbox.faults import Fault, When
from dialer.sandbox.ledger import Row, read_ledger
from dialer.sandbox.oracle import judge, placed_more_than_once
from dialer.sandbox.process import main
from dialer.sandbox.server import Sandbox
from dialer.sandbox.world import DEFAULT_WORLD

__all__ = [
    "DEFAULT_WORLD",
    "Fault",
    "Row",
    "Sandbox",
    "When",
    "judge",
    "main",
    "placed_more_than_once",
    "read_ledger",
]
