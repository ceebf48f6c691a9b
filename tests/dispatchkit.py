"""What dispatch tests are made of: a client that answers what the test says, and routes."""

from collections.abc import Callable
from datetime import timedelta

from storekit import ALWAYS, BACKOFFS, LEASE, LIMITS

from dialer.client import Endpoint
from dialer.dialing.calling import DialRules
from dialer.dialing.threads import Threads
from dialer.domain.account.account import Route
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.call.customer import UNPROTECTED
from dialer.domain.job.outcome import Outcome
from schedules.calendar import Calendar
from schedules.rule import Rule

RULES = DialRules(
    lease=LEASE,
    lookahead=timedelta(milliseconds=50),
    start_by=timedelta(milliseconds=250),
    max_tries=6,
    backoffs=BACKOFFS,
)


class AlwaysOpen(OpeningHours):
    """Calling hours that never end."""

    def __init__(self):
        super().__init__(Calendar((Rule.parse("always", zone="UTC"),)))

    def windows(self, now):
        del now
        return ALWAYS


def inline(calls: int = 1000) -> Threads:
    """Threads of a test: each call is made where its doorbell is answered."""
    return Threads(calls, start=lambda step: step())


class Near:
    """A client whose connections always stand; they are mere names."""

    def reserve(self, endpoint, most):
        return ["a connection"] * most

    def give_back(self, endpoint, unused):
        assert set(unused) <= {"a connection"}


class Open:
    """Ways to the API that are open for so many calls."""

    def __init__(self, calls: int) -> None:
        self.calls = self.threads = calls

    def capacity(self, account):
        return self.calls

    def connect_time(self, account):
        return timedelta(0)

    def unreachable(self):
        return {}

    def prepare(self, account, plan):
        pass


class Line(Near):
    """A client that notes what it is asked and answers what the test says."""

    def __init__(self, outcome: Outcome | BaseException | Callable[[], Outcome]) -> None:
        self.outcome = outcome
        self.sent: list[dict[str, str]] = []
        self.modes: list[str] = []

    def place(self, endpoint, params, *, mode, start_at, start_by, over, may_go):
        assert start_at <= start_by
        self.sent.append(dict(params))
        self.modes.append(mode)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome() if callable(self.outcome) else self.outcome


def route(account: str = "default", *, mode: str = "live", user_id: str = "1", **changes) -> Route:
    given = {
        "account": account,
        "mode": mode,
        "limits": LIMITS,
        "hours": AlwaysOpen(),
        "user_id": user_id,
        "endpoint": Endpoint("http://127.0.0.1:1/", user_id, "secret"),
        "extra_params": frozenset(),
        "customer": UNPROTECTED,
        "correlation_param": None,
    } | changes
    return Route(**given)
