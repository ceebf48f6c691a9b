"""
A call: every documented parameter of a Click-to-Call request, checked.

It knows nothing of accounts: whether undocumented parameters may be sent is asked later,
with `ClickToCall.check_extra`.
"""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator

from dialer.domain.call import rules
from dialer.domain.call.frame import Frame, as_content
from dialer.domain.call.leg import Leg, leg_of
from dialer.domain.call.normalize import named, settle_sides, stand_in
from dialer.domain.call.number import canonical, mask
from dialer.domain.call.parameters import AGENT_CLI, WIRE, Parameters, Problem
from dialer.errors import InvalidCall

Customer = Literal["to", "from", "both"]

#: Context for `ClickToCall.model_validate` where landlines are wanted.
LANDLINES: Final[Mapping[str, bool]] = {"landlines": True}

_PLACES: Final = {wire: place for place, wire in enumerate(WIRE.values())}
#: Made up; no rule asks which plain numbers a call rings, but that the two differ.
_TWO: Final = ("+919000000001", "+919000000002")
_FIELDS: Final = {wire: field for field, wire in WIRE.items()}


class ClickToCall(Parameters):
    """
    The parameters of one Click-to-Call request; immutable, and valid once it exists.

    Fields go by the Python name (`from_`, `time_limit_alert`) or the wire name
    (`from`, `timeLimtAlert`). `from_` and `to` take a number or id, a text
    "12,13" or a list; phone numbers are kept as E.164, ids as digits. Ring
    times, limits and `queue_timeout` are whole seconds, as the vendor has
    them. None means absent. Its repr masks numbers, so that it may be logged.

    Raises:
        InvalidCall: One or more rules are broken. All that could be checked
            are named, in the order of the vendor's page.

    Source: Sarv.com, "Click to Call API", v2.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _name_every_broken_rule(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        if isinstance(data, cls):
            return handler(data)
        if not isinstance(data, Mapping):
            raise InvalidCall([("call", "is not an object with named parameters")])
        values, problems = named(data)
        landlines = bool(info.context and info.context.get("landlines"))
        problems += settle_sides(values, landlines=landlines)
        try:
            draft = handler(stand_in(values, {field for field, _ in problems}))
        except ValidationError as error:
            problems += _problems_of(error)
            draft = handler(stand_in(values, {field for field, _ in problems}))
        legs = draft._legs  # noqa: SLF001 - of its own class
        problems += rules.check(draft, legs, {field for field, _ in problems})
        if problems:
            raise InvalidCall(sorted(problems, key=_place))
        return draft

    def wire(self) -> dict[str, str]:
        """
        Return the parameters as they are sent, in the documented order.

        Without credentials and `mode`, which the account adds. Types, ring times and retry
        counts are always there, so that no default of the vendor's decides; undocumented
        parameters come last.
        """
        values: dict[str, str] = {leg.side: leg.wire_values for leg in self._legs}
        sent = {
            wire: values.get(wire) or _as_text(getattr(self, name))
            for name, wire in WIRE.items()
            if wire != "mode" and getattr(self, name) is not None
        }
        return sent | self.extra_params

    def check_extra(self, allowed: Collection[str]) -> None:
        """
        Check that the account allows the undocumented parameters.

        Args:
            allowed: The account's `extra_params`: names, and "AGENT_CLI" for that value of
                `fromCLI`.

        Raises:
            InvalidCall: A name is not in *allowed*.
        """
        problems = [
            (name, "is undocumented; allow it in the account's extra_params")
            for name in self.extra_params
            if name not in allowed
        ]
        if self.from_cli == AGENT_CLI and AGENT_CLI not in allowed:
            rule = f"{AGENT_CLI} is undocumented; allow it in the account's extra_params"
            problems.append(("fromCLI", rule))
        if problems:
            raise InvalidCall(problems)

    def protected(self, customer: Customer) -> tuple[str, ...]:
        """Return the E.164 numbers of the protected side(s); none for agents."""
        legs = [leg for leg in self._legs if customer in (leg.side, "both")]
        return tuple(dict.fromkeys(number for leg in legs for number in leg.numbers))

    def protected_leg(self, wanted: Customer) -> Customer:
        """Return the side *wanted*, or the other where that alone holds phone numbers."""
        if self.protected(wanted) or not self.protected("both"):
            return wanted
        return "from" if wanted == "to" else "to"

    def rings(self, customer: Customer) -> tuple[int, ...]:
        """Return how often each of the `protected` numbers can ring, retries included."""
        legs = [leg for leg in self._legs if customer in (leg.side, "both")]
        rings = {number: leg.retry_count + 1 for leg in legs for number in leg.numbers}
        return tuple(rings[number] for number in self.protected(customer))

    def ring_lead(self, customer: Customer) -> timedelta:
        """
        Return the longest time from the POST until the customer's last ring could begin.

        A call may start no later than this before calling hours end. `from` rings first, with
        all its retries.
        """
        first, second = self._legs
        return first.last_ring if customer == "from" else first.span + second.last_ring

    def longest_ring(self) -> timedelta:
        """Return the longest time from the POST until talking, queues included."""
        first, second = self._legs
        return first.span + second.span

    @property
    def talk_limit(self) -> timedelta | None:
        """Talk after which the vendor ends the call; None where nothing ends it."""
        if self.time_limit is None or self.time_limit_hangup is False:
            return None
        return timedelta(seconds=self.time_limit)

    @property
    def pool(self) -> str:
        """Agents of `from`, as "agent:12,13/web=yes/call=na"; "" for a plain Number."""
        return self._legs[0].pool

    @property
    def also(self) -> str:
        """Agents of `to`, as `pool`; "" for a plain Number."""
        return self._legs[1].pool

    def parameter(self, name: str) -> object:
        """Return the value of a parameter, by wire name; None where it is absent or unknown."""
        return getattr(self, _FIELDS[name]) if name in _FIELDS else None

    def content(self) -> str:
        """
        Return all that is set as canonical JSON: wire names, sorted, no spaces.

        Equal calls have equal text, however their numbers were written; `from_content` reads it.
        """
        return self._content

    def parameters(self) -> dict[str, Any]:
        """Return all that is set, by wire name."""
        return {WIRE.get(name, name): value for name, value in self if value not in (None, {})}

    def with_numbers(self, *, from_: str, to: str) -> Self:
        """
        Return this call between two other plain numbers, E.164 and valid, without checking again.

        Only for a call that `rings_plain_numbers`: no rule asks which they are, but that the two
        differ.
        """
        frame = self._frame  # first, so that the copy has it too
        call = self.model_copy(update={"from_": (from_,), "to": (to,)})
        kept = vars(call)
        kept.pop("_legs", None)
        kept.pop("_content", None)
        if frame:
            kept["_content"] = frame.around(from_, to)
        return call

    @property
    def rings_plain_numbers(self) -> bool:
        """Whether each side is one phone number."""
        return all(len(leg.numbers) == 1 for leg in self._legs)

    @property
    def frame(self) -> Frame | None:
        """What it has in common with calls between other plain numbers; None for other calls."""
        return self._frame if self.from_type == self.to_type == "Number" else None

    @classmethod
    def from_content(cls, text: str) -> Self:
        """
        Return the call that `content` wrote; landlines are accepted, since they were once.

        Raises:
            InvalidCall: The text was written by another version or damaged.
        """
        apart = Frame.of(text)
        if apart and (call := cls._alike(*apart)):
            return call
        return cls._read(text)

    @classmethod
    def _alike(cls, frame: Frame, from_: str, to: str) -> Self | None:
        """Return the call of a frame that was found valid; None where the rules must say."""
        known = cls._of_frame(frame)
        try:
            numbers = _canonical(from_), _canonical(to)
        except ValueError:
            return None
        if not known or from_ == to or numbers != (from_, to):
            return None
        return known.with_numbers(from_=from_, to=to)

    @classmethod
    @lru_cache(maxsize=4096)
    def _of_frame(cls, frame: Frame) -> Self | None:
        try:
            call = cls._read(frame.around(*_TWO))
        except InvalidCall:
            return None
        return call if call.rings_plain_numbers else None

    @classmethod
    def _read(cls, text: str) -> Self:
        try:
            data = json.loads(text)
        except ValueError:
            raise InvalidCall([("payload", "is not JSON")]) from None
        if not isinstance(data, dict):
            raise InvalidCall([("payload", "is not a JSON object")])
        return cls.model_validate(data, context=LANDLINES)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Name the sides, masked, and nothing else that could be personal or secret."""
        return [
            *(
                (leg.side, ",".join(map(mask, leg.numbers)) or leg.wire_values)
                for leg in self._legs
            ),
            *((f"{leg.side}Type", leg.type) for leg in self._legs),
        ]

    @cached_property
    def _legs(self) -> tuple[Leg, Leg]:
        return leg_of(self, "from"), leg_of(self, "to")

    @cached_property
    def _frame(self) -> Frame | None:
        apart = Frame.of(self.content())
        return apart and apart[0]

    @cached_property
    def _content(self) -> str:
        return as_content(self.parameters())


def _problems_of(error: ValidationError) -> list[Problem]:
    """Return pydantic's errors as ours."""
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        reason = detail.get("ctx", {}).get("error")
        rule = "is missing" if detail["type"] == "missing" else str(reason or detail["msg"])
        problems.append((str(detail["loc"][0]), rule))
    return problems


def _place(problem: Problem) -> int:
    return _PLACES.get(problem[0], len(_PLACES))


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=4096)
def _canonical(number: str) -> str:
    # A call that was just handed in is read several times until it is answered.
    return canonical(number, landlines=True)
