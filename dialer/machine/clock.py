"""The clocks of this machine that steps and deadlines are held against."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _time_with_sleep() -> float:
    # CLOCK_MONOTONIC stands still while the machine is suspended. Where the
    # kernel has no clock that does not, the wall clock is the next best.
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() if boottime is None else time.clock_gettime(boottime)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """
    Four functions of time, each replaceable in a test.

    Attributes:
        monotonic: Seconds on a clock that never steps, the one of `start_at` and `start_by`.
        boottime: Seconds on a clock that also runs while the machine sleeps;
            only its differences mean anything.
        sleep: Waits so many seconds.
        now: Aware UTC by the wall, which may step.
    """

    monotonic: Callable[[], float] = time.monotonic
    boottime: Callable[[], float] = _time_with_sleep
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
