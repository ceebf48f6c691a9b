"""
Lower bound of a job's start, from its queue position.

Calls of other campaigns, jobs that are put back and lanes that wake in between
come on top of it. It is too late only where some of those ahead are not rung
at all, or are refused: then their places are free at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from dialer.diagnosis.explain.facts import AccountFacts, Facts, Reason, written_rate
from dialer.domain.account.limits import pace
from dialer.domain.account.standing import Standing
from dialer.domain.call.call import ClickToCall
from dialer.domain.campaign.bounds import Bounds
from dialer.domain.campaign.call_factory import Profile
from dialer.domain.campaign.progress import CampaignStanding
from dialer.errors import InvalidCall
from dialer.text.moment import rough
from dialer.text.plural import agreeing, counted


@dataclass(frozen=True, slots=True)
class _Bound:
    """A limit that the jobs ahead share: when they can begin, and how long they take in hours."""

    start: datetime
    wait: timedelta
    text: str


def others_first(facts: Facts) -> Iterator[Reason]:
    """Jobs and contacts ahead, and the limit that bounds their pace most."""
    if not facts.first or facts.account is None:
        return
    text = f"{_those(facts)} {agreeing(facts.first, 'comes', 'come')} first"
    turn, bounds = turn_of(facts), list(_bounds(facts, facts.account))
    if bounds:
        most = max(bounds, key=lambda bound: bound.start + bound.wait)
        hours = "" if turn == most.start + most.wait else " of calling hours"
        text += f"; {most.text} that takes {rough(most.wait)}{hours}"
    if asleep := facts.ahead.asleep:
        more = f"{asleep} more {agreeing(asleep, 'comes', 'come')} first"
        text += f"; {more} if those they wait for are free in time"
    yield Reason("list" if facts.listed else "queue", text, until=turn)


def turn_of(facts: Facts) -> datetime | None:
    """Find the moment before which a job's turn hardly comes; None where it is not known."""
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
    jobs = counted(facts.ahead.first, "ready job")
    before = facts.campaign.before if facts.campaign else 0
    if not before:
        return f"{jobs} of account {facts.job.account}"
    contacts = f"{counted(before, 'contact')} of campaign {facts.job.campaign}"
    return f"{jobs} and {contacts}" if facts.ahead.first else contacts


def _bounds(facts: Facts, account: AccountFacts) -> Iterator[_Bound]:
    standing, own, length = account.standing, facts.campaign, _length(facts, account)
    own_rate = own.calls_per_second if own else None
    own_live, agents = (own.standing.max_live, own.standing.places) if own else (0, 0)
    share = standing.rate_share
    bounds = Bounds.of(standing.limits, own_rate, own_live, agents, share=share)
    if bounds.rate:
        text = _rate(standing, own_rate)
        yield _Bound(facts.begins, timedelta(seconds=facts.first / bounds.rate), text)
        # A job for the same agents goes no sooner than they are rung again.
        yield _Bound(
            facts.same_agents_begin, timedelta(seconds=facts.same_agents / bounds.rate), text
        )
    for whose, most in bounds.at_once.items():
        if own and whose == "agents":
            yield _agents(facts, own.standing, length)
        else:
            full = own and whose == "campaign" and own.standing.full
            until = own.standing.live_until if own and full else None
            yield _live(facts, int(most), until, length)


def _live(facts: Facts, most: int, until: datetime | None, length: timedelta) -> _Bound:
    text = f"with at most {counted(most, 'call')} going on, {_each(length)}"
    start = max(facts.begins, until or facts.begins)
    return _Bound(start, facts.first // most * length, text)


def _agents(facts: Facts, standing: CampaignStanding, length: timedelta) -> _Bound:
    # They take the agents in turn, as each gets free; and then again.
    most, begins = standing.places, facts.same_agents_begin
    talking = [max(begins, over) for over in standing.talking[-most:]]
    free = [begins] * (most - len(talking)) + talking
    rounds, place = divmod(facts.same_agents, most)
    same = "" if facts.same_agents == facts.first else f"{facts.same_agents} of them "
    text = f"{same}for the same agents, {counted(most, 'call')} at a time, "
    return _Bound(free[place], rounds * length, text + _each(length))


def _each(length: timedelta) -> str:
    return f"each taken to last {rough(length)},"


def _rate(standing: Standing, own: float | None) -> str:
    if own:
        return f"at {pace(own)}, the campaign's own rate,"
    return f"at {written_rate(standing)}" + ("" if standing.rate_share == 1 else ",")


def _length(facts: Facts, account: AccountFacts) -> timedelta:
    """Length of each call ahead: they are taken to be like this one."""
    try:
        call = _profile(facts.job.content)
    except InvalidCall:
        return timedelta(0)
    return call.lasts(account.standing.limits.assumed_call)


@lru_cache(maxsize=16)
def _profile(content: str) -> Profile:
    # One explanation asks for it several times.
    return Profile.of(ClickToCall.from_content(content), "to")


def _go_on(account: AccountFacts, bound: _Bound) -> datetime | None:
    """Spend the wait in calling hours; None for beyond those that are known."""
    wait = bound.wait
    for opens, closes in account.windows:
        first = max(opens, bound.start)
        if first < closes:
            if wait < closes - first:
                return first + wait
            wait -= closes - first
    return None
