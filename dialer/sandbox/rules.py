"""
The vendor's rules, each a question with a code for an answer.

A rule takes a `Case` and returns the code of the first thing wrong, or None.
Each stands alone, because `World.shuffle_order` asks them in any order.
The order of `RULES` is an assumption: the real one is undocumented.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from dialer.sandbox.case import Case, Side, ten_digits, whole
from dialer.sandbox.codes import Wrong
from dialer.sandbox.world import World

Rule = Callable[[Case], str | None]

AGENT_CLI: Final = "AGENT_CLI"
_LONGEST_VALUE: Final = 50
_LONGEST_RING: Final = 50
_MOST_RETRIES: Final = 3


def credentials(params: Mapping[str, str], world: World) -> str | None:
    """Code for a missing or unknown account or campaign token, or None."""
    user_id, token = params.get("user_id", ""), params.get("token", "")
    if not user_id:
        return "1002"
    if user_id not in world.accounts:
        return "1013"
    if not token:
        return "1014"
    return None if token in world.accounts[user_id].campaigns else "1020"


def check(case: Case, rng: random.Random) -> str | None:
    """First code of the rules behind the credentials, or None for a valid call."""
    rules = list(RULES)
    if case.world.shuffle_order:
        rng.shuffle(rules)
    return next((code for rule in rules if (code := rule(case))), None)


def _each_side(rule: Callable[[Case, Side], Wrong | str | None]) -> Rule:
    def both(case: Case) -> str | None:
        for side in case.sides:
            if wrong := rule(case, side):
                return wrong.on(side.name) if isinstance(wrong, Wrong) else wrong
        return None

    return both


@_each_side
def _types(_case: Case, side: Side) -> Wrong | None:
    if side.get("Type") == "":
        return Wrong.TYPE_EMPTY
    return None if side.kind in ("number", "agent", "group") else Wrong.TYPE_INVALID


def _presence(case: Case) -> str | None:
    first, second = (bool(side.values) for side in case.sides)
    if first and second:
        return None
    if not first and not second:
        return "1521"
    return Wrong.MISSING.on("to" if first else "from")


@_each_side
def _counts(case: Case, side: Side) -> Wrong | None:
    if len(side.values) < 2:  # noqa: PLR2004 - "more than one" is the rule itself
        return None
    if side.kind == "group":
        return Wrong.MANY_GROUPS
    if len(side.values) > case.world.max_values:
        return Wrong.TOO_MANY
    return None if case.campaign.multi_value else Wrong.NOT_SEVERAL


def _lengths(case: Case) -> str | None:
    # Five numbers are longer than this, so the vendor cannot mean `from` and `to`.
    free = (text for name, text in case.params.items() if name not in ("from", "to", "token"))
    return "1569" if any(len(text) > _LONGEST_VALUE for text in free) else None


@_each_side
def _values(case: Case, side: Side) -> Wrong | None:
    repeated = len(set(side.parties)) < len(side.parties)
    if side.kind == "number":
        if not all(ten_digits(value) for value in side.values):
            return Wrong.BAD_NUMBER
        return Wrong.SAME_NUMBER if repeated else None
    if side.kind == "agent":
        if not all(value in case.account.agents for value in side.values):
            return Wrong.BAD_AGENT
        return Wrong.SAME_AGENT if repeated else None
    if side.kind == "group" and not all(value in case.account.groups for value in side.values):
        return Wrong.BAD_GROUP
    return None


def _same_value(case: Case) -> str | None:
    first, second = case.sides
    shared = set(first.parties) & set(second.parties)
    return "1520" if shared and first.kind == second.kind else None


@_each_side
def _strategies(_case: Case, side: Side) -> Wrong | None:
    sent = side.get("Strategy")
    return None if sent is None or sent.upper() in ("ONE_BY_ONE", "TO_ALL") else Wrong.STRATEGY


@_each_side
def _ring_times(_case: Case, side: Side) -> Wrong | None:
    codes = Wrong.RING, Wrong.RING_NEGATIVE, Wrong.RING_MAX
    return _outside(side.get("RingTime"), 1, _LONGEST_RING, codes)


@_each_side
def _retry_counts(_case: Case, side: Side) -> Wrong | None:
    codes = Wrong.RETRY, Wrong.RETRY_NEGATIVE, Wrong.RETRY_MAX
    return _outside(side.get("RetryCount"), 0, _MOST_RETRIES, codes)


def _outside(sent: str | None, least: int, most: int, codes: tuple[Wrong, ...]) -> Wrong | None:
    number = least if sent is None else whole(sent)
    if number is None or 0 <= number < least:
        return codes[0]
    if number < 0:
        return codes[1]
    return codes[2] if number > most else None


def _time_limit(case: Case) -> str | None:
    sent = case.params.get("timeLimit")
    if sent is None:
        return None
    if not sent:
        return "1532"
    seconds = whole(sent)
    if seconds is None:
        return "1534"
    return "1533" if seconds < 0 else None


def _alerts(case: Case) -> str | None:
    sent = case.params.get("timeLimtAlert")  # the vendor's spelling
    if sent is None:
        return None
    seconds = [whole(part) or 0 for part in sent.split(",")]
    if min(seconds) <= 0:
        return "1545"
    limit = whole(case.params.get("timeLimit", "0")) or 0
    return None if max(seconds) < limit else "1547"


def _sounds(case: Case) -> str | None:
    audio, known = case.params.get("alertAudio"), case.account.announcements
    if audio is not None:
        ids = audio.split(",")
        alerts = case.params.get("timeLimtAlert", "").split(",")
        if not known.issuperset(ids) or len(ids) not in (1, len(alerts)):
            return "1546"
    return None if case.params.get("ringTone") in (None, *known) else "1535"


@_each_side
def _clis(case: Case, side: Side) -> Wrong | None:
    return None if side.get("CLI") in (None, AGENT_CLI, *case.account.clis) else Wrong.CLI


@_each_side
def _agent_clis(case: Case, side: Side) -> Wrong | str | None:
    if side.get("CLI") != AGENT_CLI:
        return None
    kinds = {each.name: each.kind for each in case.sides}
    if "agent" not in kinds.values():
        return "1584"
    if side.kind == "group":
        return Wrong.AGENT_CLI_TYPE
    if side.name == "from" and kinds["to"] == "group":
        return "1585"
    lender = side if side.kind == "agent" else case.sides[side.name == "from"]
    lent = all(case.account.agents[name].cli for name in case.people(lender))
    return None if lent else Wrong.AGENT_CLI_MISSING


def _sticky(case: Case) -> str | None:
    params = case.params
    if params.get("stickyTimeType") not in (None, "min", "hour", "day", "month", "permanent"):
        return "1559"
    if (whole(params.get("stickyTimeValue", "1")) or 0) < 1:
        return "1560"
    if params.get("stickyAgentBusy") not in (None, "retrySame", "retryNewSticky", "retryTemp"):
        return "1562"
    if params.get("sticky", "").lower() != "yes":
        details = ("stickyTimeType", "stickyTimeValue", "stickyAgentBusy")
        return "1561" if any(name in params for name in details) else None
    numbers = sum(side.kind == "number" for side in case.sides)
    return None if numbers == 1 else "1558"


def _queue(case: Case) -> str | None:
    sent = case.params.get("queueTimeout")
    if sent is None:
        return None
    if (whole(sent) or 0) < 1:
        return "1563"
    return None if any(side.kind == "group" for side in case.sides) else "1568"


@_each_side
def _logins(_case: Case, side: Side) -> Wrong | None:
    if side.get("WebLogin") == "" or side.login("WebLogin") not in ("yes", "no", "na"):
        return Wrong.WEB_LOGIN
    if side.get("CallLogin") == "" or side.login("CallLogin") not in ("yes", "no", "na"):
        return Wrong.CALL_LOGIN
    return Wrong.TO_ALL if side.all_at_once and side.login("CallLogin") != "na" else None


def _dnd(case: Case) -> str | None:
    asked = case.params.get(case.world.dnd_param)
    if asked not in (None, "from", "to", "both"):
        return "1570"
    legs = asked or case.campaign.dnd_filter
    for side in (side for side in case.sides if legs in (side.name, "both")):
        if asked and side.kind != "number":
            return Wrong.DND_TYPE.on(side.name)
        if side.kind == "number" and case.world.dnd.intersection(side.parties):
            return Wrong.DND.on(side.name)
    return None


@_each_side
def _login_states(case: Case, side: Side) -> Wrong | None:
    people = case.people(side)
    if not people or case.eligible(side):
        return None
    wanted, agents = side.login("WebLogin"), case.account.agents
    web_fits = wanted == "na" or any(agents[p].web_login == (wanted == "yes") for p in people)
    if side.kind == "agent":
        return Wrong.AGENTS_CALL if web_fits else Wrong.AGENTS_WEB
    return Wrong.GROUP_CALL if web_fits else Wrong.GROUP_WEB


@_each_side
def _agents_free(case: Case, side: Side) -> Wrong | None:
    # A group without a free agent queues the call instead; only named agents are refused.
    if side.kind != "agent" or not case.eligible(side):
        return None
    return None if any(case.is_free(name) for name in case.eligible(side)) else Wrong.UNAVAILABLE


RULES: Final[tuple[Rule, ...]] = (
    _types,
    _presence,
    _counts,
    _lengths,
    _values,
    _same_value,
    _strategies,
    _ring_times,
    _retry_counts,
    _time_limit,
    _alerts,
    _sounds,
    _clis,
    _agent_clis,
    _sticky,
    _queue,
    _logins,
    _dnd,
    _login_states,
    _agents_free,
)
