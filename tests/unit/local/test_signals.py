"""Signals that ask for the end, and then insist."""

import signal
import subprocess
import sys

import pytest

from dialer.local.signals import Signals

ONE = signal.SIGUSR1


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_so_many_ask_and_the_next_one_insists_once(requests):
    """Later ones do nothing, so that the cleaning up is not interrupted; then all is as before."""
    before = signal.getsignal(ONE)
    with Signals([ONE], requests=requests) as signals:
        assert not signals.asked
        for _ in range(requests):
            signal.raise_signal(ONE)
            assert signals.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(ONE)
        signal.raise_signal(ONE)
        assert signals.asked
    assert signal.getsignal(ONE) == before


def test_an_interrupt_in_a_finalizer_is_not_lost():
    """Python prints and forgets what a `__del__` raises; the process would go on to its end."""

    class Interrupted:
        def __del__(self):
            signal.raise_signal(ONE)
            ended.append(True)

    def end_one() -> None:
        one = Interrupted()
        del one
        signal.pause()

    ended: list[bool] = []
    with Signals([ONE], requests=0), pytest.raises(KeyboardInterrupt):
        end_one()
    assert ended == [True]


MAIN = """
import signal, sys
from dialer.local.signals import Signals
try:
    with Signals([signal.SIGTERM], requests=0):
        import slow
        signal.pause()
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupt_in_an_import_comes_behind_it(tmp_path, monkeypatch):
    """Else the status of a module that was run is lost: it ends as if nobody had caught it."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "slow.py").write_text("exec('import signal; signal.raise_signal(signal.SIGTERM)')")
    (tmp_path / "interrupted.py").write_text(MAIN)
    ran = subprocess.run([sys.executable, "-m", "interrupted"], check=False, timeout=60)
    assert ran.returncode == 130
