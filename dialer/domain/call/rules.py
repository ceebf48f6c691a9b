"""
Rules between the parameters of one call.

One function a rule, named for it. Each yields `(wire name, rule)` for a breach and is
silent otherwise; none looks at a clock or a setting. A comment gives the codes with
which the API would refuse the same thing.

Source: Sarv.com, "Click to Call API", v2, "Parameters" and "Error Codes".
"""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from dialer.domain.call.leg import Leg
from dialer.domain.call.parameters import AGENT_CLI, Parameters, Problem
from dialer.text.reading import LONGEST_VALUE

_MOST_VALUES: Final = 5

_Found = Iterator[Problem]


def check(call: Parameters, legs: Iterable[Leg], broken: AbstractSet[str]) -> list[Problem]:
    """
    Return the problems of *call*, in no particular order; none when it keeps every rule.

    Args:
        call: Each value is valid by itself, or named in *broken*.
        legs: Its two sides.
        broken: Wire names of refused parameters, whose values mean nothing: a rule that
            reads one is skipped.
    """
    problems: list[Problem] = []
    for leg in legs:
        for leg_rule, reads in _LEG_RULES:
            if not broken or broken.isdisjoint(leg.side + name for name in reads):
                problems.extend(leg_rule(leg))
    for rule, reads in _CALL_RULES:
        if broken.isdisjoint(reads):
            problems.extend(rule(call))
    return problems


def group_stands_alone(leg: Leg) -> _Found:
    """A Group side names exactly one group."""  # 1516, 1517
    if leg.type == "Group" and len(leg.values) > 1:
        yield leg.side, f"a Group is one id, not {len(leg.values)}"


def values_are_few(leg: Leg) -> _Found:
    """At most five values, where the account allows several at all."""  # 1552, 1553
    if len(leg.values) > _MOST_VALUES:
        yield leg.side, f"at most {_MOST_VALUES} values, not {len(leg.values)}"


def values_fit(leg: Leg) -> _Found:
    """Joined by commas, the values are no longer than the vendor takes."""  # 1569
    length = len(leg.wire_values)
    if length > LONGEST_VALUE:
        yield leg.side, f"at most {LONGEST_VALUE} characters once joined by commas, not {length}"


def values_differ(leg: Leg) -> _Found:
    """No value twice on one side, however it was written."""  # 1510, 1511, 1514, 1515
    if len(set(leg.values)) < len(leg.values):
        yield leg.side, "names the same value twice"


def strategy_needs_several(leg: Leg) -> _Found:
    """A strategy says how to ring several values, so there are several."""
    if leg.strategy and len(leg.values) == 1:
        yield f"{leg.side}Strategy", f"needs several values in {leg.side}; leave it out"


def login_needs_agents(leg: Leg) -> _Found:
    """Login filters choose among agents; a Number has none."""
    for name, login in (("WebLogin", leg.web_login), ("CallLogin", leg.call_login)):
        if login != "na" and leg.type == "Number":
            yield f"{leg.side}{name}", f"needs {leg.side}Type Agent or Group"


def call_login_rings_in_turn(leg: Leg) -> _Found:
    """The filter by call login does not work when all are rung at once."""  # 1556, 1557
    if leg.call_login != "na" and leg.strategy == "TO_ALL":
        yield f"{leg.side}CallLogin", f"does not work with {leg.side}Strategy TO_ALL"


def sides_differ(call: Parameters) -> _Found:
    """No value stands on both sides."""  # 1520
    if call.from_type == call.to_type and set(call.from_) & set(call.to):
        yield "to", "names a value that is also in from"


def hangup_needs_a_limit(call: Parameters) -> _Found:
    """`timeLimitHangup` says what `timeLimit` does."""
    if call.time_limit_hangup is not None and call.time_limit is None:
        yield "timeLimitHangup", "needs timeLimit"


def alerts_precede_the_limit(call: Parameters) -> _Found:
    """Alerts come in rising order, each before the time limit."""  # 1545, 1547
    alerts = call.time_limit_alert
    if alerts is None:
        return
    if call.time_limit is None:
        yield "timeLimtAlert", "needs timeLimit"
    elif max(alerts) >= call.time_limit:
        yield "timeLimtAlert", f"each must be less than timeLimit ({call.time_limit} seconds)"
    if list(alerts) != sorted(set(alerts)):
        yield "timeLimtAlert", "must rise, without doubles"


def alerts_fit(call: Parameters) -> _Found:
    """Joined lists are no longer than the vendor takes."""  # 1569
    for name, values in (
        ("timeLimtAlert", call.time_limit_alert),
        ("alertAudio", call.alert_audio),
    ):
        length = len(",".join(map(str, values or ())))
        if length > LONGEST_VALUE:
            yield name, f"at most {LONGEST_VALUE} characters once joined by commas, not {length}"


def audio_matches_alerts(call: Parameters) -> _Found:
    """One announcement for all alerts, or one for each."""  # 1546
    if call.alert_audio is None:
        return
    if call.time_limit_alert is None:
        yield "alertAudio", "needs timeLimtAlert"
    elif len(call.alert_audio) not in {1, len(call.time_limit_alert)}:
        yield (
            "alertAudio",
            f"must be one id, or one for each of {len(call.time_limit_alert)} alerts",
        )


def agent_cli_needs_an_agent(call: Parameters) -> _Found:
    """An agent's own caller id needs an agent, and `to` not to be a group."""  # 1584, 1585
    if call.from_cli != AGENT_CLI:
        return
    if "Agent" not in (call.from_type, call.to_type):
        yield "fromCLI", f"{AGENT_CLI} needs fromType or toType Agent"
    if call.to_type == "Group":
        yield "fromCLI", f"{AGENT_CLI} does not work with toType Group"


def sticky_needs_one_number(call: Parameters) -> _Found:
    """Sticky ties one Number to an agent, so exactly one side is a Number."""  # 1558
    if call.sticky == "yes" and (call.from_type == "Number") == (call.to_type == "Number"):
        yield "sticky", "needs exactly one of fromType and toType to be Number"


def sticky_details_need_sticky(call: Parameters) -> _Found:
    """Details of sticky mean nothing without it."""  # 1561
    details = {
        "stickyTimeType": call.sticky_time_type,
        "stickyTimeValue": call.sticky_time_value,
        "stickyAgentBusy": call.sticky_agent_busy,
    }
    for name, value in details.items():
        if value is not None and call.sticky != "yes":
            yield name, "needs sticky yes"


def sticky_time_is_whole(call: Parameters) -> _Found:
    """A time has a number and a unit; "permanent" has no number. The page gives no default."""
    unit, value = call.sticky_time_type, call.sticky_time_value
    if unit == "permanent" and value is not None:
        yield "stickyTimeValue", "means nothing with stickyTimeType permanent"
    elif unit not in {None, "permanent"} and value is None:
        yield "stickyTimeType", f"{unit} needs stickyTimeValue"
    elif unit is None and value is not None:
        yield "stickyTimeValue", "needs stickyTimeType"


def queue_needs_a_group(call: Parameters) -> _Found:
    """Only a group has a queue. That the page also asks for sticky is taken as a slip."""  # 1568
    if call.queue_timeout is not None and "Group" not in (call.from_type, call.to_type):
        yield "queueTimeout", "needs fromType or toType Group"


# Each rule with what it reads; for a leg, what follows the side's name.
_LEG_RULES: Final[tuple[tuple[Callable[[Leg], _Found], tuple[str, ...]], ...]] = (
    (group_stands_alone, ("", "Type")),
    (values_are_few, ("",)),
    (values_fit, ("", "Type")),
    (values_differ, ("",)),
    (strategy_needs_several, ("", "Strategy")),
    (login_needs_agents, ("Type", "WebLogin", "CallLogin")),
    (call_login_rings_in_turn, ("Strategy", "CallLogin")),
)

_CALL_RULES: Final[tuple[tuple[Callable[[Parameters], _Found], tuple[str, ...]], ...]] = (
    (sides_differ, ("from", "to", "fromType", "toType")),
    (hangup_needs_a_limit, ("timeLimit", "timeLimitHangup")),
    (alerts_precede_the_limit, ("timeLimit", "timeLimtAlert")),
    (alerts_fit, ("timeLimtAlert", "alertAudio")),
    (audio_matches_alerts, ("timeLimtAlert", "alertAudio")),
    (agent_cli_needs_an_agent, ("fromCLI", "fromType", "toType")),
    (sticky_needs_one_number, ("sticky", "fromType", "toType")),
    (
        sticky_details_need_sticky,
        ("sticky", "stickyTimeType", "stickyTimeValue", "stickyAgentBusy"),
    ),
    (sticky_time_is_whole, ("stickyTimeType", "stickyTimeValue")),
    (queue_needs_a_group, ("queueTimeout", "fromType", "toType")),
)
