"""
The parameters of one Click-to-Call request, in the vendor's order and words.

Names, types and the limits of one value. Rules between parameters are in `rules.py`;
`call.py` joins both in one model.

Source: Sarv.com, "Click to Call API", v2, "Parameters". Limits the page does
not state are called ours.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from dialer.text.reading import (
    did_you_mean,
    each,
    matching,
    one_of,
    read_boolean,
    read_text,
    within,
)

#: What is no camel case of ours on the wire. `timeLimtAlert` is the vendor's spelling of the
#: parameter; its error texts spell it otherwise. `extra_params` is ours, and not sent so.
_ODD: Final[Mapping[str, str]] = {
    "from_": "from",
    "from_cli": "fromCLI",
    "time_limit_alert": "timeLimtAlert",
    "extra_params": "extra_params",
}

#: Given with the account, never with a call.
CREDENTIALS: Final = frozenset({"user_id", "token"})

#: The undocumented `fromCLI` that means "the agent's own caller id".
AGENT_CLI: Final = "AGENT_CLI"

Problem = tuple[str, str]

LegType = Literal["Number", "Agent", "Group"]
Strategy = Literal["ONE_BY_ONE", "TO_ALL"]
Login = Literal["yes", "no", "na"]
StickyUnit = Literal["min", "hour", "day", "month", "permanent"]
StickyBusy = Literal["retrySame", "retryNewSticky", "retryTemp"]

read_leg_type = one_of(*get_args(LegType))
_announcement = matching(
    r"[A-Za-z0-9_.-]+", 'is no announcement id; one looks like "1610448601_84.wav"'
)


def _mode(value: object) -> str:
    if isinstance(value, str) and value.lower() == "live":
        raise ValueError("live is set on the account, never on a call")
    return one_of("developer")(value)


def unknown(name: str, allowed: Collection[str] = ()) -> str:
    """Say that a name is no parameter, and which one, perhaps of *allowed*, was probably meant."""
    if near := did_you_mean(name, (*WIRE.values(), *allowed)):
        return f"is no parameter of the API; did you mean {near}?"
    return "is no parameter of the API; list an undocumented one in extra_params of the account"


_Leg = Annotated[LegType, BeforeValidator(read_leg_type)]
_Strategy = Annotated[Strategy, BeforeValidator(one_of(*get_args(Strategy)))]
_Login = Annotated[Login, BeforeValidator(one_of(*get_args(Login)))]
_Values = Annotated[tuple[str, ...], BeforeValidator(each(read_text))]
_RingTime = Annotated[int, BeforeValidator(within(1, 50, "seconds"))]
_Retries = Annotated[int, BeforeValidator(within(0, 3, "retries"))]
_Seconds = Annotated[int, BeforeValidator(within(1, 86_400, "seconds"))]
_StickyUnit = Annotated[StickyUnit, BeforeValidator(one_of(*get_args(StickyUnit)))]
_StickyBusy = Annotated[StickyBusy, BeforeValidator(one_of(*get_args(StickyBusy)))]
_CallerId = Annotated[
    str, BeforeValidator(matching(rf"[0-9]{{3,15}}|{AGENT_CLI}", "is no caller id in digits"))
]
_Boolean = Annotated[bool, BeforeValidator(read_boolean)]
_Alerts = Annotated[tuple[int, ...], BeforeValidator(each(within(1, 86_400, "seconds")))]
_Announcement = Annotated[str, BeforeValidator(_announcement)]


def _alias(name: str) -> str:
    return _ODD.get(name) or to_camel(name)


class Parameters(BaseModel):
    """
    The values of one request, each valid by itself.

    Durations are whole seconds here and nowhere else in this package: they are sent so.
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
    time_limit_hangup: _Boolean | None = Field(
        default=None, description="Whether timeLimit ends the call; the vendor's default is true."
    )
    time_limit_alert: _Alerts | None = Field(
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
    from_cli: _CallerId | None = Field(
        default=None, description="A caller id of the account, as the account lists it."
    )
    sticky: _Login | None = Field(
        default=None, description="Whether a caller returns to the same agent: yes, no or na."
    )
    sticky_time_type: _StickyUnit | None = Field(
        default=None, description="Unit of stickyTimeValue."
    )
    sticky_time_value: Annotated[int, BeforeValidator(within(1, 9999, "units"))] | None = Field(
        default=None, description="How long sticky lasts, in stickyTimeType; 1 to 9999 (ours)."
    )
    sticky_agent_busy: _StickyBusy | None = Field(
        default=None, description="Whom to ring while the sticky agent talks."
    )
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


#: Python name -> wire name, in the documented order.
WIRE: Final[Mapping[str, str]] = MappingProxyType(
    {name: _alias(name) for name in Parameters.model_fields if name != "extra_params"}
)
