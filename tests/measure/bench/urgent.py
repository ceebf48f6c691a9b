"""How long a direct call takes from its enqueueing to its POST, behind few and behind many."""

import statistics
import time

from stage import AGENT, Stage, calls, stage
from systems import System

from dialer import ClickToCall, Dialer, Settings

#: Calls that are handed over one by one, and seconds between two.
PROBES, APART = 200, 0.1
#: Calls a second of the account: it has a slot for each probe, and two between.
RATE = 30
_MORE = {"ACCOUNTS__DEFAULT__CALLS_PER_SECOND": str(RATE)}


def urgent(system: System, waiting: int) -> dict[str, float]:
    """
    Hand urgent calls over while *waiting* others of a lower priority are ready and being placed.

    Returns:
        `urgent_p50_N` and `urgent_p99_N`: milliseconds from before `enqueue` to the POST at the
        provider, N being *waiting*; `urgent_server_ms_N` of CPU a call.
    """
    with stage(system, more=_MORE) as one:
        if waiting:
            one.dialer("enqueue", str(one.write(calls(waiting, priority=1))))
        else:
            one.enqueue(1)
        with one.workers():
            one.until(lambda: one.count() > 0)
            time.sleep(2)
            before, first = float(one.client.info("cpu")["used_cpu_user"]), one.count()
            handed = _hand_over(one)
            one.until(lambda: handed.keys() <= one.ask("/arrivals").keys(), every=0.5)
            used, done = (
                float(one.client.info("cpu")["used_cpu_user"]) - before,
                one.count() - first,
            )
        came = one.ask("/arrivals")
    took = sorted(1000 * (came[to] - at) for to, at in handed.items())
    return {
        f"urgent_p50_{waiting}": statistics.median(took),
        f"urgent_p99_{waiting}": statistics.quantiles(took, n=100, method="inclusive")[98],
        f"urgent_server_ms_{waiting}": 1000 * used / done,
    }


def _hand_over(one: Stage) -> dict[str, float]:
    """Enqueue the probes; when each was, by the number it rings."""
    handed: dict[str, float] = {}
    with Dialer.from_settings(Settings.load(env=one.env())) as dialer:
        for nth in range(PROBES):
            to = f"92{nth:08d}"
            handed[to] = time.monotonic()
            dialer.enqueue(ClickToCall(from_=AGENT, to=to), key=f"p{nth}", priority=9)
            time.sleep(APART)
    return handed
