"""One account: a Sarv user id with a campaign token, its endpoint and its limits."""

import ipaddress
import re
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from dialer.domain.account.limits import Limits
from dialer.domain.call.parameters import CREDENTIALS, WIRE
from dialer.errors import MisfitError, Path, SettingsError
from dialer.settings.addresses import split_address
from dialer.settings.section import Secret, Section, check_secret
from dialer.text.duration import Duration
from schedules.holidays import HolidaySet
from schedules.hours import CallingHours
from schedules.presets import PRESETS
from schedules.zones import zone_of

#: The whole endpoint; the vendor's page writes it with an empty query behind it.
#: Source: the vendor's Click-to-Call page.
SARV_ENDPOINT = "https://s-ct3.sarv.com/v2/clickToCall/para"

#: Calls per second; about one a day.
SLOWEST = 0.00001

# What the API documents has a field or a setting of its own, with its own checks.
_NEVER_EXTRA = CREDENTIALS | frozenset(WIRE.values())
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
_ACCOUNT_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


def _account_name(name: str) -> str:
    # Two underscores are how a variable name says "inside".
    if not _ACCOUNT_NAME.fullmatch(name):
        raise ValueError(
            "is no account name; use a-z, 0-9 and single underscores between them, like sales_north"
        )
    return name


def _user_id(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(  # noqa: TRY004 - pydantic collects only ValueError
            "must be text, because a number would lose leading zeros; put it in quotes"
        )
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_.-]{1,50}", value):
        raise ValueError("must be 1 to 50 letters, digits, dots, hyphens or underscores")
    return value


def _endpoint(url: str) -> str:
    url = url.removesuffix("?")
    parts = split_address(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise ValueError(f"must be the whole address of the endpoint, like {SARV_ENDPOINT}")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an address without a query, a fragment or a login")
    return url


def _rate(rate: float) -> float:
    # Slower is a mistake, and would be no time that a date can hold.
    if rate < SLOWEST:
        raise ValueError("must be at least 0.00001, which is one call a day")
    return rate


def _time_zone(name: str) -> str:
    zone_of(name)
    return name


def _calling_hours(text: str) -> str:
    return str(CallingHours.parse(text))


def _holidays(text: str) -> str:
    return str(HolidaySet.parse(text))


def _listed(value: object) -> object:
    # A variable can only hold text: DIALER_ACCOUNTS__DEFAULT__EXTRA_PARAMS=toCLI,reqId
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _parameter(name: str) -> str:
    if not _PARAMETER.fullmatch(name):
        raise ValueError("must be a parameter name: a letter, then letters, digits, underscores")
    if name in _NEVER_EXTRA:
        raise ValueError(f"must not name {name}, which has its own setting or field")
    return name


AccountName = Annotated[str, AfterValidator(_account_name)]
Parameter = Annotated[str, AfterValidator(_parameter)]


class Account(Section):
    """
    One user id and campaign token with its endpoint, mode, rates and calling hours.

    The defaults are the careful ones: developer mode (nobody is rung), one
    call a second, one at a time, 09:00-21:00 in India.

    Attributes:
        name: As in `[accounts.NAME]`; jobs and holds carry it.
        user_id: Sarv's id of the account, as text.
        token: The campaign token; shown nowhere. Use `endpoint_token()`.
        token_file: A file that holds the token alone, read when it is needed.
        base_url: The whole endpoint.
        mode: `developer` rings nobody; `live` does, and needs https
            (a loopback address excepted).
        calls_per_second: Starts per second over all machines, at most 1000.
        burst: Starts that may come at once after a pause.
        max_posting: Requests on the wire at once, over all machines.
        max_live_calls: Calls going on at once; 0 means not limited.
        assumed_call: How long a call without a time limit counts as going on
            when no report says that it ended.
        calling_hours: A preset, ranges, or "always", as `CallingHours.parse` reads it.
        time_zone: IANA name of the zone of `calling_hours`. A preset that is
            not meant in the default zone wants it written down.
        holidays: Days that stay shut, in the account's zone: public ones by country and
            subdivision, own ones by date ("IN-MH, 2026-11-09"); "" for a preset's alone.
        extra_params: Undocumented parameter names that a call may carry.
        correlation_param: The parameter that carries the attempt id and comes
            back in reports; None sends none.
        customer: The leg that the rules protect when a call with phone numbers on
            both does not say.
    """

    name: AccountName
    user_id: Annotated[str, BeforeValidator(_user_id)]
    token: Secret | None = None
    token_file: FilePath | None = None
    base_url: Annotated[str, AfterValidator(_endpoint)] = SARV_ENDPOINT
    mode: Literal["developer", "live"] = "developer"
    calls_per_second: Annotated[float, AfterValidator(_rate)] = Field(default=1.0, le=1000)
    burst: int = Field(default=1, ge=1, le=1000)
    max_posting: int = Field(default=20, ge=1)
    max_live_calls: int = Field(default=0, ge=0)
    assumed_call: Duration = timedelta(minutes=5)
    calling_hours: Annotated[str, AfterValidator(_calling_hours)] = "india-commercial"
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Kolkata"
    holidays: Annotated[str, AfterValidator(_holidays)] = ""
    extra_params: Annotated[tuple[Parameter, ...], BeforeValidator(_listed)] = ()
    correlation_param: Parameter | None = None
    customer: Literal["to", "from", "both"] = "to"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules: dict[Path, str] = {}
        if self.token is not None and self.token_file is not None:
            rules[("token_file",)] = "is given beside token; keep one of the two"
        if self.mode == "live" and not _private(self.base_url):
            rules[("base_url",)] = (
                "must begin with https:// in live mode, or the token could be read on the way"
            )
        if rule := self._unsaid_zone():
            rules[("time_zone",)] = rule
        if rules:
            raise MisfitError(rules)
        return self

    def _unsaid_zone(self) -> str | None:
        """Rule for hours of another country whose zone is not written down, or None."""
        preset = PRESETS.get(self.calling_hours)
        if preset is None or "time_zone" in self.model_fields_set or preset.zone == self.time_zone:
            return None
        whose = f"{preset.zone} time" if preset.zone else "the called person's own time"
        return (
            f'must be written down with calling_hours = "{preset.name}", which means {whose};'
            f' write time_zone = "{preset.zone or "America/New_York"}", or where your customers are'
        )

    @property
    def rings(self) -> str:
        """People that its calls ring, as a clause: by its mode and its endpoint."""
        if self.mode == "developer":
            return "the API rings nobody"
        if _loopback(urlsplit(self.base_url).hostname or ""):
            return "its endpoint is on this machine; the sandbox rings nobody"
        return "people are rung"

    @property
    def limits(self) -> Limits:
        """Rate and limits by the file; the store may know a newer wish."""
        return Limits(
            calls_per_second=self.calls_per_second,
            burst=self.burst,
            max_posting=self.max_posting,
            max_live_calls=self.max_live_calls,
            assumed_call=self.assumed_call,
        )

    def endpoint_token(self) -> str:
        """
        The campaign token; only workers need it.

        Raises:
            SettingsError: There is none, or `token_file` cannot be read or
                does not hold exactly one token. Names the account.
        """
        if self.token is not None:
            return self.token.get_secret_value()
        if self.token_file is None:
            variable = f"DIALER_ACCOUNTS__{self.name.upper()}__TOKEN"
            raise SettingsError(
                f"accounts.{self.name}.token: is not set, and placing calls needs it;"
                f" set {variable}, or token_file in [accounts.{self.name}]"
            )
        return self._token_from(self.token_file)

    def _token_from(self, path: FilePath) -> str:
        where = f"accounts.{self.name}.token_file: {path}"
        try:
            text = path.read_text(encoding="ascii").strip()
            check_secret(SecretStr(text))
        except OSError as error:
            raise SettingsError(
                f"{where} cannot be read: {error.strerror}; correct the path, or who may read it"
            ) from None
        except ValueError:
            raise SettingsError(f"{where} must hold the token alone, on one line") from None
        return text


def _private(url: str) -> bool:
    """Whether an address keeps a request from others on the network."""
    parts = urlsplit(url)
    return parts.scheme == "https" or _loopback(parts.hostname or "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
