"""
The parameters of one Click-to-Call request, in the vendor's order and words.

Here stand names, types and the limits of one value. What two parameters may
not say together is in `dialer.rules`; `dialer.call` joins both in one model.

Source: Sarv.com, "Click to Call API", v2, "Parameters". Limits the page does
not state are called ours.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dialer.reading import each, matching, one_of, read_boolean, read_text, within

#: Python name -> wire name, in the documented order. `timeLimtAlert` is the
#: vendor's spelling of the parameter; its error texts spell it otherwise.
WIRE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "from_": "from",
        "to": "to",
        "from_type": "fromType",
        "from_strategy": "fromStrategy",
        "to_type": "toType",
        "to_strategy": "toStrategy",
        "from_ring_time": "fromRingTime",
        "to_ring_time": "toRingTime",
        "time_limit": "timeLimit",
        "time_limit_hangup": "timeLimitHangup",
        "time_limit_alert": "timeLimtAlert",
        "alert_audio": "alertAudio",
        "ring_tone": "ringTone",
        "from_retry_count": "fromRetryCount",
        "to_retry_count": "toRetryCount",
        "from_web_login": "fromWebLogin",
        "from_call_login": "fromCallLogin",
        "to_web_login": "toWebLogin",
        "to_call_login": "toCallLogin",
        "from_cli": "fromCLI",
        "sticky": "sticky",
        "sticky_time_type": "stickyTimeType",
        "sticky_time_value": "stickyTimeValue",
        "sticky_agent_busy": "stickyAgentBusy",
        "queue_timeout": "queueTimeout",
        "mode": "mode",
    }
)

#: Given with the account, never with a call.
CREDENTIALS: Final = frozenset({"user_id", "token"})

#: The undocumented `fromCLI` that means "the agent's own caller id".
AGENT_CLI: Final = "AGENT_CLI"

Problem = tuple[str, str]

LegType = Literal["Number", "Agent", "Group"]
Strategy = Literal["ONE_BY_ONE", "TO_ALL"]
Login = Literal["yes", "no", "na"]

read_leg_type = one_of("Number", "Agent", "Group")
_announcement = matching(
    r"[A-Za-z0-9_.-]+", 'is no announcement id; one looks like "1610448601_84.wav"'
)


def _mode(value: object) -> str:
    if isinstance(value, str) and value.lower() == "live":
        raise ValueError("live is set on the account, never on a call")
    return one_of("developer")(value)


_Leg = Annotated[LegType, BeforeValidator(read_leg_type)]
_Strategy = Annotated[Strategy, BeforeValidator(one_of("ONE_BY_ONE", "TO_ALL"))]
_Login = Annotated[Login, BeforeValidator(one_of("yes", "no", "na"))]
_Values = Annotated[tuple[str, ...], BeforeValidator(each(read_text))]
_RingTime = Annotated[int, BeforeValidator(within(1, 50, "seconds"))]
_Retries = Annotated[int, BeforeValidator(within(0, 3, "retries"))]
_Seconds = Annotated[int, BeforeValidator(within(1, 86_400, "seconds"))]
_Announcement = Annotated[str, BeforeValidator(_announcement)]


def _alias(name: str) -> str:
    return WIRE.get(name, name)


class Parameters(BaseModel):
    """
    The values of one request, each valid by itself.

    Durations are whole seconds here and nowhere else in this package: they
    are the vendor's own parameters, sent as they stand.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=_alias, populate_by_name=True
    )

    from_: _Values = Field(
        description="Who is rung first: phone numbers, agent ids or one group id, by fromType."
    )
    to: _Values = Field(description="Who is rung once `from` answered; by toType.")
    from_type: _Leg = Field(default="Number", description="Number, Agent or Group.")
    from_strategy: _Strategy | None = Field(
        default=None,
        description="How several values are rung: ONE_BY_ONE (the vendor's default) or TO_ALL.",
    )
    to_type: _Leg = Field(default="Number", description="Number, Agent or Group.")
    to_strategy: _Strategy | None = Field(default=None, description="As fromStrategy.")
    from_ring_time: _RingTime = Field(default=20, description="Seconds a ring lasts; 1 to 50.")
    to_ring_time: _RingTime = Field(default=20, description="Seconds a ring lasts; 1 to 50.")
    time_limit: _Seconds | None = Field(
        default=None, description="Seconds of talk, rings not counted; unlimited when absent."
    )
    time_limit_hangup: Annotated[bool, BeforeValidator(read_boolean)] | None = Field(
        default=None, description="Whether timeLimit ends the call; the vendor's default is true."
    )
    time_limit_alert: (
        Annotated[tuple[int, ...], BeforeValidator(each(within(1, 86_400, "seconds")))] | None
    ) = Field(
        default=None,
        description="Seconds of talk after which both hear alertAudio; each less than timeLimit.",
    )
    alert_audio: Annotated[tuple[str, ...], BeforeValidator(each(_announcement))] | None = Field(
        default=None, description="Announcement ids: one for all alerts, or one for each."
    )
    ring_tone: _Announcement | None = Field(
        default=None, description="Announcement id `from` hears while `to` is rung."
    )
    from_retry_count: _Retries = Field(default=0, description="Further rings of `from`; 0 to 3.")
    to_retry_count: _Retries = Field(default=0, description="Further rings of `to`; 0 to 3.")
    from_web_login: _Login | None = Field(
        default=None, description="Ring only agents logged in (yes) or out (no) on the web."
    )
    from_call_login: _Login | None = Field(
        default=None, description="Ring only agents logged in (yes) or out (no) by phone."
    )
    to_web_login: _Login | None = Field(default=None, description="As fromWebLogin.")
    to_call_login: _Login | None = Field(default=None, description="As fromCallLogin.")
    from_cli: (
        Annotated[
            str,
            BeforeValidator(matching(rf"[0-9]{{3,15}}|{AGENT_CLI}", "is no caller id in digits")),
        ]
        | None
    ) = Field(default=None, description="A caller id of the account, as the account lists it.")
    sticky: _Login | None = Field(
        default=None, description="Whether a caller returns to the same agent: yes, no or na."
    )
    sticky_time_type: (
        Annotated[
            Literal["min", "hour", "day", "month", "permanent"],
            BeforeValidator(one_of("min", "hour", "day", "month", "permanent")),
        ]
        | None
    ) = Field(default=None, description="Unit of stickyTimeValue.")
    sticky_time_value: Annotated[int, BeforeValidator(within(1, 9999, "units"))] | None = Field(
        default=None, description="How long sticky lasts, in stickyTimeType; 1 to 9999 (ours)."
    )
    sticky_agent_busy: (
        Annotated[
            Literal["retrySame", "retryNewSticky", "retryTemp"],
            BeforeValidator(one_of("retrySame", "retryNewSticky", "retryTemp")),
        ]
        | None
    ) = Field(default=None, description="Whom to ring while the sticky agent talks.")
    queue_timeout: _Seconds | None = Field(
        default=None, description="Seconds to wait for a free member of a group; vendor: 60."
    )
    mode: Annotated[Literal["developer"], BeforeValidator(_mode)] | None = Field(
        default=None, description="developer: this call is only checked, on any account."
    )
    extra_params: dict[str, str] = Field(
        default_factory=dict,
        description="Undocumented parameters; sent only where the account allows their names.",
    )
