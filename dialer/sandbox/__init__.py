"""
A stateful stand-in for the Click-to-Call API, on loopback only.

    with Sandbox() as sandbox:
        sandbox.inject(Fault(do="place_then_drop", when=When(nth=3)))
        ...  # point a worker at sandbox.url
        verdict = judge(sandbox.ledger.rows(), intents)

It shares no code with the client it tests: where both are wrong in the same
way, they were wrong twice. No phone number is magic; who is busy, barred or
unlucky is said by the `World` and the faults.
"""

from dialer.sandbox.faults import Fault, When
from dialer.sandbox.ledger import Ledger, Ring, Row, read_ledger
from dialer.sandbox.oracle import Verdict, judge, placed_more_than_once, rings_outside
from dialer.sandbox.process import main
from dialer.sandbox.threaded import Sandbox
from dialer.sandbox.world import DEFAULT_WORLD, World

__all__ = [
    "DEFAULT_WORLD",
    "Fault",
    "Ledger",
    "Ring",
    "Row",
    "Sandbox",
    "Verdict",
    "When",
    "World",
    "judge",
    "main",
    "placed_more_than_once",
    "read_ledger",
    "rings_outside",
]
