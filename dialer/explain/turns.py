"""
When a job's turn comes, as far as that follows from those who come first.

A bound from below: calls of other campaigns, jobs that are put back and lanes
that wake in between come on top of it. It is too late only where some who come
first are not rung at all, or are refused: then their places are free at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.call import ClickToCall
from dialer.errors import InvalidCall
from dialer.explain.facts import AccountFacts, CampaignFacts, Facts, Reason
from dialer.limits import pace
from dialer.moment import rough


@dataclass(frozen=True, slots=True)
class _Bound:
    """
    Something that those who come first have to share.

    Attributes:
        start: When they can begin.
        wait: How long they take, while calls may be made.
        said: What it is.
    """

    start: datetime
    wait: timedelta
    said: str


def others_first(facts: Facts) -> Iterator[Reason]:
    """Jobs and contacts that come first, and what bounds their pace most."""
    if not facts.first or facts.account is None:
        return
    said = f"{_those(facts)} {_come(facts.first)} first"
    turn, bounds = turn_of(facts), list(_bounds(facts, facts.account))
    if bounds:
        most = max(bounds, key=lambda bound: bound.start + bound.wait)
        hours = "" if turn == most.start + most.wait else " of calling hours"
        said += f"; {most.said} that takes {rough(most.wait)}{hours}"
    if asleep := facts.ahead.asleep:
        said += f"; {asleep} more {_come(asleep)} first if those they wait for are free in time"
    yield Reason("list" if facts.listed else "queue", said, until=turn)


def turn_of(facts: Facts) -> datetime | None:
    """
    Find the moment before which a job's turn hardly comes; None where that is not known.
    """
    account = facts.account
    if account is None:
        return None
    turn = facts.begins
    for bound in _bounds(facts, account):
        then = _go_on(account, bound)
        if then is None:
            return None
        turn = max(turn, then)
    return turn


def _those(facts: Facts) -> str:
    jobs = _counted(facts.ahead.first, "ready job")
    before = facts.campaign.before if facts.campaign else 0
    if not before:
        return f"{jobs} of account {facts.job.account}"
    contacts = f"{_counted(before, 'contact')} of campaign {facts.job.campaign}"
    return f"{jobs} and {contacts}" if facts.ahead.first else contacts


def _bounds(facts: Facts, account: AccountFacts) -> Iterator[_Bound]:
    limits, length = account.standing.limits, _length(facts, account)
    if rate := facts.calls_per_second:
        said = _rate(facts, account)
        yield _Bound(facts.begins, timedelta(seconds=facts.first / rate), said)
        # Whoever waits for the same people goes no sooner than they are rung again.
        yield _Bound(facts.crew_begins, timedelta(seconds=facts.same_crew / rate), said)
    if limits.max_live_calls:
        yield _live(facts, limits.max_live_calls, facts.begins, length)
    if facts.campaign:
        yield from _own_bounds(facts, facts.campaign, length)


def _own_bounds(facts: Facts, campaign: CampaignFacts, length: timedelta) -> Iterator[_Bound]:
    standing, begins = campaign.standing, facts.crew_begins
    if most := standing.max_live:
        full = standing.live_until if standing.live >= most else None
        yield _live(facts, most, max(facts.begins, full or facts.begins), length)
    if most := standing.places:
        # They take the agents in turn, as each gets free; and then again.
        talking = [max(begins, over) for over in standing.talking[-most:]]
        free = [begins] * (most - len(talking)) + talking
        rounds, place = divmod(facts.same_crew, most)
        same = "" if facts.same_crew == facts.first else f"{facts.same_crew} of them "
        said = f"{same}for the same agents, {_counted(most, 'call')} at a time, "
        yield _Bound(free[place], rounds * length, said + _each(length))


def _live(facts: Facts, most: int, start: datetime, length: timedelta) -> _Bound:
    said = f"with at most {_counted(most, 'call')} going on, {_each(length)}"
    return _Bound(start, facts.first // most * length, said)


def _each(length: timedelta) -> str:
    return f"each taken to last {rough(length)},"


def _rate(facts: Facts, account: AccountFacts) -> str:
    if facts.campaign and facts.campaign.calls_per_second:
        return f"at {pace(facts.campaign.calls_per_second)}, the campaign's own rate,"
    standing = account.standing
    cut = "" if standing.rate_share == 1 else f", cut to {standing.rate_share:.0%},"
    return f"at {pace(standing.limits.calls_per_second)}{cut}"


def _length(facts: Facts, account: AccountFacts) -> timedelta:
    """Say how long each of those calls counts as going on: they are taken to be like this one."""
    try:
        call = ClickToCall.from_content(facts.job.content)
    except InvalidCall:
        return timedelta(0)
    return call.longest_ring() + (call.talk_limit or account.standing.limits.assumed_call)


def _go_on(account: AccountFacts, bound: _Bound) -> datetime | None:
    """Spend the wait in hours in which calls may be made; None for beyond those that are known."""
    wait = bound.wait
    for opens, closes in account.windows:
        first = max(opens, bound.start)
        if first < closes:
            if wait < closes - first:
                return first + wait
            wait -= closes - first
    return None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _come(count: int) -> str:
    return "comes" if count == 1 else "come"
