"""The parts of the settings that hold for every account, one class for each `[section]`."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from dialer.domain.call.customer import LONGEST_RING, CustomerRules
from dialer.domain.job.backoff import USUAL_BACKOFFS, Backoff, BackoffTable
from dialer.errors import MisfitError, Path
from dialer.settings.addresses import split_address
from dialer.settings.section import Secret, Section, Text
from dialer.text.duration import Duration, Pause, format_duration
from dialer.text.size import Size
from schedules.presets import Cap

#: Between a grant and its start no hold or list is read again: the most of either part.
_UNSEEN = timedelta(seconds=1)
#: The longer a connection is idle, the likelier it is closed while a request is on its way.
_LONGEST_REUSE = timedelta(seconds=30)


class Wire(Section):
    """
    Time limits of one request.

    Attributes:
        connect_timeout: For name, TCP and TLS; nothing has been sent until then.
        deadline: For the whole request; after it the attempt is in doubt.
        start_by: From `begin` to the first byte; later than that the attempt
            is taken back, because the rules were checked too long ago.
        reuse: How long a connection may have been idle and carry another
            request; "0s" for one connection a request.
    """

    connect_timeout: Duration = timedelta(seconds=5)
    deadline: Duration = timedelta(seconds=30)
    start_by: Duration = timedelta(milliseconds=250)
    reuse: Pause = timedelta(seconds=2)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        late: dict[Path, str] = {}
        if self.start_by > self.deadline:
            late[("start_by",)] = (
                "must not be longer than wire.deadline, the time for the whole request"
            )
        elif self.start_by > _UNSEEN:
            late[("start_by",)] = "must not be longer than 1s"
        if self.reuse > _LONGEST_REUSE:
            longest = format_duration(_LONGEST_REUSE)
            late[("reuse",)] = f"must not be longer than {longest}: servers close idle connections"
        if late:
            raise MisfitError(late)
        return self

    @property
    def longest(self) -> timedelta:
        """The longest that a worker can be busy with one request."""
        return self.connect_timeout + self.deadline


class JobSettings(Section):
    """
    Ownership, retention and tries of jobs.

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
            taken, so that an outcome can always be recorded.
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


class Retry(Section):
    """Growth of waits, for each kind of refusal that is tried again."""

    provider: Backoff = USUAL_BACKOFFS["provider"]
    agent: Backoff = USUAL_BACKOFFS["agent"]
    capacity: Backoff = USUAL_BACKOFFS["capacity"]

    @field_validator("*", mode="before")
    @classmethod
    def _usual_where_left_out(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, Mapping):
            return value
        return {**asdict(USUAL_BACKOFFS[str(info.field_name)]), **value}

    @property
    def backoffs(self) -> BackoffTable:
        """The three by their names."""
        return dict(self)


class Customer(Section):
    """
    How often one customer may be called, over all accounts, campaigns and direct calls.

    Attributes:
        gap: The least time between two calls to one number, at least as long as
            a phone can ring, so that they never ring together; "0s" for none.
        max_rings: The most rings in each period; the provider's own retries
            count. 0 means not limited.
        per: The period, which slides: no calendar days.
    """

    gap: Pause = timedelta(minutes=1)
    max_rings: int = Field(default=0, ge=0, le=1000)
    per: Duration = timedelta(hours=24)

    @field_validator("gap")
    @classmethod
    def _longer_than_a_ring(cls, gap: timedelta) -> timedelta:
        if timedelta() < gap < LONGEST_RING:
            longest = format_duration(LONGEST_RING)
            raise ValueError(f'must be "0s", or at least {longest}, as long as a phone can ring')
        return gap

    @property
    def rules(self) -> CustomerRules:
        """Value that the store works with."""
        return CustomerRules(self.gap, (Cap(self.max_rings, self.per),) if self.max_rings else ())


class PacerSettings(Section):
    """
    Doorbells ahead of the meter.

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
        elif self.lookahead > _UNSEEN:
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
    """The maintenance clock: *tick* between two runs; pacers step in after two silent periods."""

    tick: Duration = timedelta(seconds=10)


class Api(Section):
    """
    The HTTP service.

    Attributes:
        address: Where it listens; on any other than loopback, behind something that does TLS.
        workers: Processes.
        public_url: How others reach it, in addresses that we print; "" for *address* and *port*.
        requests_per_second: Of each key, in each process, after a burst of two seconds; 0 for
            no limit.
        concurrency: Requests that one process carries at once.
        max_body: The longest body, but for lists that are uploaded.
    """

    address: Text = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    public_url: str = ""
    requests_per_second: float = Field(default=0, ge=0, le=1_000_000)
    concurrency: int = Field(default=256, ge=1, le=10_000)
    max_body: Size = 16 * 2**20

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, url: str) -> str:
        parts = split_address(url) if url else None
        if url and (parts is None or parts.scheme not in {"http", "https"} or parts.query):
            raise ValueError('must be an address such as "https://calls.example.com", or ""')
        return url.rstrip("/")

    @property
    def url(self) -> str:
        """Its address as others reach it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.public_url or f"http://{host}:{self.port}"


class Log(Section):
    """Logs of our processes, without numbers or tokens: *level* is the least that is written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Flower(Section):
    """The Celery dashboard: it listens on loopback unless it has a login, *user* and *password*."""

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
