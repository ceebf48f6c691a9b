"""All settings of one process, read once, checked as a whole, and frozen."""

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from dialer.domain.account.breaker import BreakerRules
from dialer.errors import MisfitError, Path, SettingsError
from dialer.settings.account import Account
from dialer.settings.addresses import RedisUrl, next_database, without_login
from dialer.settings.names import Names
from dialer.settings.problems import sentences
from dialer.settings.section import Section
from dialer.settings.sections import (
    Api,
    Beat,
    Customer,
    Flower,
    JobSettings,
    Log,
    PacerSettings,
    Retry,
    Wire,
    Worker,
)
from dialer.settings.sources import (
    DEFAULT_FILE,
    Given,
    config_file,
    from_environment,
    from_file,
    nested,
)
from dialer.text.duration import format_duration

#: Beyond the request itself: to write its outcome down, also on a slow day.
_TO_SETTLE = timedelta(seconds=5)
#: What may differ between machines that work together.
_OF_ONE_MACHINE = {"worker", "api", "log", "flower", "redis_url", "broker_url"}
_SECRETS = {"token", "token_file"}


class Settings(Section):
    """
    Everything that can be set, with its default; an empty file is valid, without accounts.

    Attributes:
        redis_url: The store; None where `dialer up` runs an embedded server
            and leaves its address in `.dialer/runtime.json`.
        broker_url: Celery's broker; None for the store's server, next database.
        durability: `checked` refuses a server that could forget what it
            acknowledged; `trusted` is for servers that hide their configuration.
        accounts: By name; `default` is meant where none is named.
    """

    redis_url: RedisUrl | None = Field(default=None, repr=False)
    broker_url: RedisUrl | None = Field(default=None, repr=False)
    durability: Literal["checked", "trusted"] = "checked"
    accounts: dict[str, Account] = Field(default_factory=dict)
    wire: Wire = Wire()
    jobs: JobSettings = JobSettings()
    retry: Retry = Retry()
    customer: Customer = Customer()
    breaker: BreakerRules = BreakerRules()
    pacer: PacerSettings = PacerSettings()
    worker: Worker = Worker()
    beat: Beat = Beat()
    api: Api = Api()
    log: Log = Log()
    flower: Flower = Flower()
    _of_all: str = PrivateAttr("")

    @classmethod
    def load(cls, path: FilePath | None = None, env: Mapping[str, str] = os.environ) -> Self:
        """
        Read the settings file (*path*, or as `config_file` finds it), then `DIALER_…` over it.

        Raises:
            SettingsError: One line for each problem: which setting, which
                rule, what to do. No line shows a value of a secret.
        """
        variables = from_environment(env)
        file = config_file(path, env)
        given = {**(from_file(file) if file else {}), **variables}
        return cls._from(given)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings of a tree of values, as a TOML file would hold them; SettingsError as `load`."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = sentences(error, Names(cls), ".".join)
        raise SettingsError("\n".join(lines))

    def account(self, name: str = "default") -> Account:
        """Account of this name; SettingsError, with the names there are, where there is none."""
        if name in self.accounts:
            return self.accounts[name]
        if not self.accounts:
            known = f"no account is configured: write [accounts.{name}] in {DEFAULT_FILE}"
        else:
            known = f"the accounts are {', '.join(sorted(self.accounts))}"
        raise SettingsError(f"accounts.{name}: there is no such account; {known}")

    def without_tokens(self) -> Self:
        """The same for processes that place no calls: they hold no token to be read."""
        gone = dict.fromkeys(_SECRETS)
        accounts = {name: one.model_copy(update=gone) for name, one in self.accounts.items()}
        return self.model_copy(update={"accounts": accounts})

    def only(self, accounts: Collection[str]) -> Self:
        """The same for somebody for whom other accounts do not exist; the fingerprint stays."""
        seen = {name: one for name, one in self.accounts.items() if name in accounts}
        narrow = self.model_copy(update={"accounts": seen})
        narrow._of_all = self.fingerprint()  # noqa: SLF001 - of our own class
        return narrow

    def fingerprint(self) -> str:
        """
        Twelve hex digits that are equal where the settings are.

        Left out are secrets, and what each machine may have its own way: `[worker]`,
        `[api]`, `[log]`, `[flower]`, and the addresses by which it reaches the servers.
        """
        if self._of_all:
            return self._of_all
        shown = self.model_dump(
            mode="json",
            exclude={
                **dict.fromkeys(_OF_ONE_MACHINE, True),
                "accounts": dict.fromkeys(self.accounts, _SECRETS),
            },
        )
        text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @classmethod
    def _from(cls, given: Mapping[Path, Given]) -> Self:
        names = Names(cls)

        def label(path: Path) -> str:
            # A rule about one item of a list is reported of the list.
            known = next((given[p] for p in (path, path[:-1]) if p in given), None)
            return known.label if known else ".".join(path)

        strange = [
            f"{one.label}: {complaint}"
            for path, one in given.items()
            if not (one.value == {} and names.is_section(path))
            if (complaint := names.complaint(path, one.spell))
        ]
        if strange:
            raise SettingsError("\n".join(strange))
        try:
            return cls.model_validate(nested(given))
        except ValidationError as error:
            lines = sentences(error, names, label)
        raise SettingsError("\n".join(lines))

    @field_validator("accounts", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {
            name: {**account, "name": name} if isinstance(account, Mapping) else account
            for name, account in value.items()
        }

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules = {**self._times_that_do_not_fit(), **self._addresses_that_do_not_fit()}
        if rules:
            raise MisfitError(rules)
        return self

    def _times_that_do_not_fit(self) -> dict[Path, str]:
        rules: dict[Path, str] = {}
        busy = self.wire.longest
        lease = busy + _TO_SETTLE
        hint = "or lower wire.connect_timeout or wire.deadline"
        if self.jobs.lease <= lease:
            rules[("jobs", "lease")] = (
                "must be longer than wire.connect_timeout + wire.deadline + 5s"
                f" = {format_duration(lease)}; raise it {hint}"
            )
        quarantine = self.jobs.lease + self.wire.deadline
        if self.jobs.quarantine < quarantine:
            rules[("jobs", "quarantine")] = (
                f"must be at least jobs.lease + wire.deadline = {format_duration(quarantine)};"
                " raise it or lower jobs.lease"
            )
        if self.worker.shutdown_grace < busy:
            rules[("worker", "shutdown_grace")] = (
                "must be at least wire.connect_timeout + wire.deadline"
                f" = {format_duration(busy)}; raise it {hint}"
            )
        return rules

    def _addresses_that_do_not_fit(self) -> dict[Path, str]:
        if self.redis_url is None or self.broker_url is None:
            return {}
        if without_login(self.redis_url) != without_login(self.broker_url):
            return {}
        return {
            ("broker_url",): "names the database of redis_url; leave it out, or write"
            f" /{without_login(next_database(self.redis_url)).rpartition('/')[2]} at its end"
        }
