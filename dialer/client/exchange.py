"""
One request and its answer, seen as moments in time.

Knows no socket and no HTTP: `wire` asks it before each step that may take
time or let bytes out, and reports the result of the step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from dialer.domain.job.outcome import Doubtful, NotSent
from dialer.machine.clock import Clock


class UnsentError(Exception):
    """
    End of an exchange before a byte of the request could leave, with its *outcome*.

    Neither an `OSError` nor an HTTP exception, so that nothing between the
    socket and the client takes it for one of its own.
    """

    def __init__(self, outcome: NotSent) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class GoneError(UnsentError):
    """The connection was found closed directly before the first byte; another may carry it."""

    def __init__(self) -> None:
        super().__init__(NotSent("the connection was closed before the request"))


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """
    Bounds on the start and the duration of a request.

    Attributes:
        start_at: Monotonic seconds; the first byte does not leave before.
        start_by: Monotonic seconds; the first byte does not leave after.
        deadline: From the first byte of the request to the last of the answer.
    """

    start_at: float
    start_by: float
    deadline: timedelta


@dataclass(slots=True)
class Exchange:
    """
    State of one exchange: not started, may have left, heard so much, ended so.

    Attributes:
        may_go: Says directly before the first byte whether it is still wanted.
        may_have_left: False means that no byte of the request reached the
            kernel. It turns True before the first is offered, never back.
        received: Bytes of answer, head included.
        early: Whether the answer began before the request can have arrived.
        ending: Cause of an early end of listening; "" until there is one.
        behind: Bytes that had come behind the answer's end when the listening was over.
    """

    limits: TimeLimits
    clock: Clock
    may_go: Callable[[], bool] = lambda: True
    may_have_left: bool = False
    received: int = 0
    early: bool = False
    ending: str = ""
    behind: bytes = b""
    _began: float = field(init=False)
    _began_boottime: float = field(init=False)
    _answer_until: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._began = self.clock.monotonic()
        self._began_boottime = self.clock.boottime()

    def answer_left(self) -> float:
        """Seconds that sending and reading may still take; TimeoutError where none are left."""
        left = self._answer_until - self.clock.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def check_start_by(self) -> None:
        """
        Raise UnsentError with `NotSent(late=True)` after `start_by`.

        Time during which the machine was suspended counts: the sleep of a
        laptop must not carry a call from the evening into the morning.
        """
        window = self.limits.start_by - self._began
        awake = self.clock.monotonic() - self._began
        with_sleep = self.clock.boottime() - self._began_boottime
        if max(awake, with_sleep) > window:
            raise UnsentError(NotSent("ready after its last moment to start", late=True))

    def release(self, stands: Callable[[], bool]) -> None:
        """
        Let the request go: wait for `start_at`, check `start_by`, start the deadline.

        Called directly before the first byte is offered to the kernel. UnsentError when it is
        too late, GoneError when the connection no longer *stands*; nothing has left.
        """
        early = self.limits.start_at - self.clock.monotonic()
        if early > 0:
            self.clock.sleep(early)
        self.check_start_by()
        if not self.may_go():
            raise UnsentError(NotSent("its account was refused meanwhile"))
        if not stands():
            raise GoneError
        self.may_have_left = True
        self._answer_until = self.clock.monotonic() + self.limits.deadline.total_seconds()

    def heard(self, size: int) -> None:
        """Note that *size* more bytes of answer came; 0 means that no more will."""
        self.received += size
        if size == 0:
            self.ending = self.ending or "connection closed"

    def broke(self, error: OSError) -> None:
        """Note that sending or listening ended with *error*; the first note stays."""
        self.ending = self.ending or _words(error)

    def outcome_of(self, error: Exception) -> NotSent | Doubtful:
        """
        Outcome of an exchange that ended with *error* instead of an answer.

        Of the error only the name of its type is repeated: its text may hold
        the address with the token.
        """
        if not self.may_have_left:
            return NotSent(f"stopped before sending: {type(error).__name__}")
        seconds = f"{self.limits.deadline.total_seconds():g}s"
        if self.ending == "timeout":
            return Doubtful(f"no {'whole ' if self.received else ''}answer within {seconds}")
        if self.ending:
            return Doubtful(f"{self.ending} {'within' if self.received else 'before'} the answer")
        return Doubtful(f"answer that cannot be read: {type(error).__name__}")


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionResetError):
        return "connection reset"
    if isinstance(error, BrokenPipeError):
        return "connection closed"
    return f"connection broken ({type(error).__name__})"
