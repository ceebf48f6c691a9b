"""One request as the rules see it: parameters, account, and its two sides."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from dialer.sandbox.world import Account, Campaign, World

LegName = Literal["from", "to"]

_NUMBER: Final = re.compile(r"(?:\+?91|0)?([2-9][0-9]{9})")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")


def ten_digits(value: str) -> str:
    """
    Ten digits of a phone number, bare or after 0, 91 or +91; "" for any other text.

    A "+" sent without encoding arrives as a space and is refused.
    """
    match = _NUMBER.fullmatch(value)
    return match[1] if match else ""


def whole(text: str) -> int | None:
    """Whole number of at most nine digits; None where *text* is none."""
    return int(text) if _WHOLE.fullmatch(text) else None


@dataclass(frozen=True)
class Side:
    """`from` or `to` with the parameters that carry its prefix."""

    name: LegName
    params: Mapping[str, str]

    def get(self, suffix: str) -> str | None:
        """Parameter *suffix* of this side (`fromRingTime` for `RingTime`), or None."""
        return self.params.get(self.name + suffix)

    @cached_property
    def kind(self) -> str:
        """Type in lower case, as public clients send it either way: number, agent, group, other."""
        return (self.get("Type") or "Number").lower()

    @cached_property
    def values(self) -> tuple[str, ...]:
        """Values in the order sent, as sent; empty when the parameter is absent or empty."""
        text = self.get("") or ""
        return tuple(text.split(",")) if text else ()

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Values in the form in which two that ring the same phone are equal."""
        if self.kind != "number":
            return self.values
        return tuple(ten_digits(value) or value for value in self.values)

    @property
    def all_at_once(self) -> bool:
        """Whether the values ring together."""
        return (self.get("Strategy") or "").upper() == "TO_ALL"

    def login(self, suffix: Literal["WebLogin", "CallLogin"]) -> str:
        """Login filter in lower case; "na" when absent."""
        return (self.get(suffix) or "na").lower()


@dataclass(frozen=True)
class Case:
    """A request with valid credentials; *is_free* says whether an agent could be rung now."""

    params: Mapping[str, str]
    world: World
    account: Account
    campaign: Campaign
    is_free: Callable[[str], bool]

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """`from`, then `to`."""
        return Side("from", self.params), Side("to", self.params)

    @property
    def mode(self) -> str:
        """
        "developer" rings nobody, all else is live.

        Whether the vendor refuses a mistyped mode is unknown; here the call goes out.
        """
        sent = self.params.get("mode", self.campaign.default_mode)
        return "developer" if sent == "developer" else "live"

    def people(self, side: Side) -> tuple[str, ...]:
        """Agent ids behind a side: its agents, its groups' members, none for numbers."""
        if side.kind == "agent":
            return tuple(value for value in side.values if value in self.account.agents)
        if side.kind == "group":
            groups = self.account.groups
            return tuple(m for v in side.values if v in groups for m in groups[v].members)
        return ()

    def eligible(self, side: Side) -> tuple[str, ...]:
        """Those of `people` whose logins pass the side's filters."""
        web, call = side.login("WebLogin"), side.login("CallLogin")
        agents = self.account.agents
        return tuple(
            name
            for name in self.people(side)
            if web not in ("yes", "no") or agents[name].web_login == (web == "yes")
            if call not in ("yes", "no") or agents[name].call_login == (call == "yes")
        )
