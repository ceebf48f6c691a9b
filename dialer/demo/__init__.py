"""
The demo: the whole system on one machine, a bad day for it, and the judge's verdict.

`script` says what happens and how it must end, `stage` starts and ends every
process, `play` lets it run, `verdict` holds the result against the sandbox's
ledger, and `table` shows it.
"""

from dialer.demo.play import run

__all__ = ["run"]
