"""Faults, and the requests they strike: the script of a bad day."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from dialer.sandbox.case import Side, ten_digits
from dialer.sandbox.world import Duration, Frozen

Trouble = Literal[
    "refuse",
    "accept_close",
    "drop_before_place",
    "place_then_drop",
    "reset_before_place",
    "reset_after_place",
    "hang",
    "slow_first_byte",
    "trickle",
    "cut_body",
    "truncated_json",
    "garbage_status_line",
    "array",
    "null",
    "number_code",
    "missing_callid",
    "error_with_callid",
    "success_with_error_code",
    "html",
    "empty",
    "bom",
    "gzip",
    "big_body",
    "status",
    "code",
]

#: Played at the accept, when nothing of the request is known yet.
BEFORE_READING: Final = frozenset({"refuse", "accept_close"})
#: Whether the name alone says that phones ring; the others ask `Fault.place`.
_FIXED: Final = {
    "refuse": False,
    "accept_close": False,
    "drop_before_place": False,
    "reset_before_place": False,
    "code": False,
    "place_then_drop": True,
    "reset_after_place": True,
    "slow_first_byte": True,
    "trickle": True,
}


class When(Frozen):
    """
    Conditions on a request; every one that is set must hold, and none means all.

    Attributes:
        token: The request's campaign token.
        params: Parameters and the exact values they have (`{"reqId": "a1"}`).
        numbers: The request rings at least one of these numbers, in any written form.
        reused: Whether the connection carried a request before.
        nth: Only this one of the requests that fit all of the above, from 1.
        every: Only each of these: 3 means the third, the sixth, ...
        probability: Then by chance, drawn from *seed*, repeatable per rule.
        times: And at most so often; None is for ever.
    """

    token: SecretStr | None = None
    params: dict[str, str] = Field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    reused: bool | None = None
    nth: int | None = Field(default=None, ge=1)
    every: int | None = Field(default=None, ge=1)
    probability: float = Field(default=1.0, ge=0, le=1)
    seed: int = 0
    times: int | None = Field(default=None, ge=1)

    @property
    def reads_request(self) -> bool:
        """Whether a condition looks into the request."""
        return bool(self.token or self.params or self.numbers or self.reused is not None)

    def fits(self, params: Mapping[str, str], *, reused: bool) -> bool:
        """Whether the conditions that look into the request hold."""
        if self.token and params.get("token") != self.token.get_secret_value():
            return False
        if self.reused not in (None, reused):
            return False
        if any(params.get(name) != value for name, value in self.params.items()):
            return False
        wanted = {ten_digits(number) or number for number in self.numbers}
        sides = Side("from", params), Side("to", params)
        return not wanted or any(wanted.intersection(side.parties) for side in sides)


class Fault(Frozen):
    """
    One rule: the trouble (`do`), and the requests that meet it (`when`).

    Attributes:
        do: `refuse` stops listening at once, for *hold* or until released.
            `accept_close` closes a new connection unread. `drop_*` closes
            without a byte, `reset_*` with a TCP reset. `hang` says nothing for
            *hold*, or until released, then closes. `slow_first_byte` answers
            *hold* late; `trickle` sends one byte each *hold*. `status` answers
            *status*; `code` refuses with *code*. The rest distort the body.
        place: Whether phones ring before the trouble, if the call passes the
            rules. Implied by some names; otherwise true.
        hold: 2 s by default for `slow_first_byte`, 100 ms for `trickle`.
        status: HTTP status of `status`; also of `code`, which is 200 by default.
        code: Any text, documented or not.
        retry_after: Header of that name, in whole seconds.
    """

    do: Trouble
    place: bool | None = None
    hold: Duration | None = None
    status: int | None = Field(default=None, ge=200, le=599)
    code: str | None = None
    retry_after: Duration | None = None
    when: When = When()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.do == "status" and self.status is None:
            raise ValueError('status: "status" needs one, such as 503')
        if (self.do == "code") != bool(self.code):
            raise ValueError('code: goes with do = "code", and only with it')
        if self.place not in (None, _FIXED.get(self.do, self.place)):
            raise ValueError(f"place: {self.do} says by its name whether phones ring")
        if self.do in BEFORE_READING and self.when.reads_request:
            raise ValueError(f"when: {self.do} comes before anything is read")
        if self.do == "refuse" and self.when != When():
            raise ValueError("when: refuse acts at once, on everybody")
        return self

    @property
    def places(self) -> bool:
        """Whether a call that passes the rules rings before the trouble."""
        return _FIXED.get(self.do, self.place is not False)

    @property
    def pause(self) -> timedelta:
        """*hold* with the default that fits the trouble; zero where it has none."""
        defaults = {"slow_first_byte": timedelta(seconds=2), "trickle": timedelta(milliseconds=100)}
        return defaults.get(self.do, timedelta(0)) if self.hold is None else self.hold


@dataclass(slots=True)
class _Rule:
    id: int
    fault: Fault
    rng: random.Random
    seen: int = 0
    played: int = 0

    def strikes(self) -> bool:
        """Count a request that fits; True for one to hit."""
        self.seen += 1
        when = self.fault.when
        if when.nth not in (None, self.seen) or self.seen % (when.every or 1):
            return False
        if self.rng.random() >= when.probability:
            return False
        return when.times is None or self.played < when.times


class FaultScript:
    """The rules in force, oldest first; the first that strikes is played, all of them count."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._last_id = 0

    def add(self, fault: Fault) -> int:
        """Put a rule behind the others; returns its id."""
        rng = random.Random(fault.when.seed)  # noqa: S311 - repeatable draws, not secrets
        self._last_id += 1
        self._rules.append(_Rule(self._last_id, fault, rng))
        return self._last_id

    def clear(self, *, only: Trouble | None = None) -> None:
        """Take all rules away, or those of one trouble."""
        self._rules = [rule for rule in self._rules if only and rule.fault.do != only]

    def at_accept(self) -> Fault | None:
        """Fault for a new connection, of which nothing is known."""
        return self._play([rule for rule in self._rules if rule.fault.do == "accept_close"])

    def at_request(self, params: Mapping[str, str], *, reused: bool) -> Fault | None:
        """Fault for a request that was read."""
        rules = [rule for rule in self._rules if rule.fault.do not in BEFORE_READING]
        return self._play([r for r in rules if r.fault.when.fits(params, reused=reused)])

    def listing(self) -> list[dict[str, Any]]:
        """Rules with how often each fitted and was played, token and numbers starred."""
        return [
            {"id": rule.id, "seen": rule.seen, "played": rule.played} | _shown(rule.fault)
            for rule in self._rules
        ]

    def _play(self, rules: list[_Rule]) -> Fault | None:
        striking = [rule for rule in rules if rule.strikes()]
        if not striking:
            return None
        striking[0].played += 1
        return striking[0].fault


def _shown(fault: Fault) -> dict[str, Any]:
    plain = fault.model_dump(mode="json", exclude_defaults=True)
    when = plain.get("when", {})
    for name in {"from", "to"}.intersection(when.get("params", {})):
        when["params"][name] = "***"
    if "numbers" in when:
        when["numbers"] = ["***"] * len(when["numbers"])
    return plain
