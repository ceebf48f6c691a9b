"""
The demo: the whole system on one machine, a bad day for it, and the judge's verdict.

`script` has the faults and the expected ends, `stage` the processes, `play` the course of
events, `verdict` the result by the sandbox's ledger, and `table` shows it.
"""

from dialer.local.demo.play import run

__all__ = ["run"]
