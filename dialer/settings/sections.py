"""
The parts of the settings that hold for every account, one class for each `[section]`.
"""

from datetime import timedelta
from types import MappingProxyType
from typing import Literal, Self

from pydantic import Field, model_validator

from dialer.duration import Duration, format_duration
from dialer.retry import Backoff, BackoffTable
from dialer.settings.section import MisfitError, Path, Secret, Section, Text


class Wire(Section):
    """
    How long one request may take.

    Attributes:
        connect_timeout: For name, TCP and TLS; nothing has been sent until then.
        deadline: For the whole request; after it the attempt is in doubt.
        start_by: From `begin` to the first byte; later than that the attempt
            is taken back, because the rules were checked too long ago.
    """

    connect_timeout: Duration = timedelta(seconds=5)
    deadline: Duration = timedelta(seconds=30)
    start_by: Duration = timedelta(milliseconds=250)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        late: dict[Path, str] = {
            (name,): "must not be longer than wire.deadline, the time for the whole request"
            for name in ("connect_timeout", "start_by")
            if getattr(self, name) > self.deadline
        }
        if late:
            raise MisfitError(late)
        return self

    @property
    def longest(self) -> timedelta:
        """The longest that a worker can be busy with one request."""
        return self.connect_timeout + self.deadline


class Jobs(Section):
    """
    How long jobs are owned, kept and tried.

    Attributes:
        lease: How long a worker may be silent about an attempt before the
            job is unconfirmed; more than any request can take.
        quarantine: How long an unconfirmed job waits before a person may
            have it rung again.
        retention: How long a job that came to its end is kept whole.
        key_retention: How long its key still answers "known"; >= retention.
        deadline: For a direct call that names no other; campaign jobs end
            with their campaign.
        max_tries: Attempts that used a try before the job is dead.
        full_at: Share of the server's `maxmemory` above which no new work is
            taken, so that what is under way can always be recorded.
    """

    lease: Duration = timedelta(seconds=60)
    quarantine: Duration = timedelta(minutes=10)
    retention: Duration = timedelta(days=30)
    key_retention: Duration = timedelta(days=90)
    deadline: Duration = timedelta(hours=24)
    max_tries: int = Field(default=6, ge=1, le=100)
    full_at: float = Field(default=0.8, gt=0, le=0.95)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.key_retention < self.retention:
            raise MisfitError(
                {
                    ("key_retention",): "must be at least jobs.retention"
                    f" ({format_duration(self.retention)}): a job that is kept keeps its key"
                }
            )
        return self


class Growth(Section):
    """
    Waits before the next attempt: `first`, then each `factor` times longer, up to `cap`.
    """

    first: Duration
    factor: float = Field(ge=1, le=100)
    cap: Duration

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cap < self.first:
            raise MisfitError({("cap",): f"must be at least first ({format_duration(self.first)})"})
        return self

    @property
    def backoff(self) -> Backoff:
        """The same as the value that decisions work with."""
        return Backoff(first=self.first, factor=self.factor, cap=self.cap)


class ProviderGrowth(Growth):
    """After the provider's own trouble: soon, 2 s to 60 s."""

    first: Duration = timedelta(seconds=2)
    factor: float = Field(default=2.0, ge=1, le=100)
    cap: Duration = timedelta(seconds=60)


class AgentGrowth(Growth):
    """While no agent can take the call: slowly, 1 to 15 minutes."""

    first: Duration = timedelta(seconds=60)
    factor: float = Field(default=1.5, ge=1, le=100)
    cap: Duration = timedelta(minutes=15)


class CapacityGrowth(Growth):
    """After "too fast" or "too many": 10 s to 5 minutes."""

    first: Duration = timedelta(seconds=10)
    factor: float = Field(default=2.0, ge=1, le=100)
    cap: Duration = timedelta(minutes=5)


class Retry(Section):
    """
    How waits grow, for each kind of refusal that is tried again.
    """

    provider: ProviderGrowth = ProviderGrowth()
    agent: AgentGrowth = AgentGrowth()
    capacity: CapacityGrowth = CapacityGrowth()

    @property
    def backoffs(self) -> BackoffTable:
        """The three by their names."""
        return MappingProxyType(
            {
                "provider": self.provider.backoff,
                "agent": self.agent.backoff,
                "capacity": self.capacity.backoff,
            }
        )


class Breaker(Section):
    """
    When an account is stopped because the API looks broken, and how it is probed.

    Attributes:
        faults_in_row: Faults one after another that stop it.
        share: Share of faults among the last `of_last` attempts that stops it too.
        of_last: Attempts that are looked at for `share`.
        first_probe: The wait before the first probe.
        factor: Growth of the wait after each failed probe.
        cap: The longest wait between probes.
    """

    faults_in_row: int = Field(default=5, ge=1, le=1000)
    share: float = Field(default=0.5, gt=0, le=1)
    of_last: int = Field(default=20, ge=1, le=1000)
    first_probe: Duration = timedelta(seconds=5)
    factor: float = Field(default=2.0, ge=1, le=100)
    cap: Duration = timedelta(minutes=5)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cap < self.first_probe:
            raise MisfitError(
                {("cap",): f"must be at least first_probe ({format_duration(self.first_probe)})"}
            )
        return self


class Pacer(Section):
    """
    How doorbells are rung ahead of the meter.

    Attributes:
        horizon: How far ahead doorbells are planned.
        lookahead: How much before its instant a doorbell may go out.
        bell_timeout: After this an unanswered doorbell counts as lost.
    """

    horizon: Duration = timedelta(milliseconds=250)
    lookahead: Duration = timedelta(milliseconds=100)
    bell_timeout: Duration = timedelta(seconds=2)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules: dict[Path, str] = {}
        if self.lookahead > self.horizon:
            rules[("lookahead",)] = "must not be longer than pacer.horizon"
        elif self.lookahead > timedelta(seconds=1):
            # Between a grant and its start nobody looks at holds and lists again.
            rules[("lookahead",)] = "must not be longer than 1s"
        if self.bell_timeout < self.horizon:
            rules[("bell_timeout",)] = (
                "must be at least pacer.horizon, or bells would count as lost before they ring"
            )
        if rules:
            raise MisfitError(rules)
        return self


class Worker(Section):
    """
    One worker process.

    Attributes:
        concurrency: Threads, and so requests on the wire, in this process.
        shutdown_grace: How long a stopping worker lets its calls finish.
    """

    concurrency: int = Field(default=32, ge=1, le=1000)
    shutdown_grace: Duration = timedelta(seconds=40)


class Beat(Section):
    """
    The clock that looks for due work.

    Attributes:
        tick: Between two looks; pacers step in after two periods of silence.
    """

    tick: Duration = timedelta(seconds=10)


class Log(Section):
    """
    What our processes write about themselves; never numbers or tokens.

    Attributes:
        level: The least important level that is written.
        format: `text` for a person, `json` for one object a line.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Flower(Section):
    """
    Where the Celery dashboard listens, and who may look.

    Attributes:
        address: Loopback unless there is a login.
        port: TCP port.
        user: Login name; None for no login.
        password: Its password; shown nowhere.
    """

    address: Text = "127.0.0.1"
    port: int = Field(default=5555, ge=1, le=65535)
    user: Text | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        missing = "user" if self.user is None else "password"
        if (self.user is None) != (self.password is None):
            raise MisfitError({(missing,): "is missing; a login is a user and a password"})
        if self.user is None and self.address not in {"127.0.0.1", "::1", "localhost"}:
            raise MisfitError(
                {
                    ("address",): "must be 127.0.0.1 while there is no login;"
                    " set flower.user and flower.password to open it to others"
                }
            )
        return self
