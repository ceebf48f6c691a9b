"""
Many runs of a campaign's rest, and what they have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from random import Random

from dialer.forecast.load import History, Load
from dialer.forecast.past import Past
from dialer.forecast.run import Run, Tally, start_of
from dialer.forecast.timeline import Days, stretches
from dialer.moment import rough


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    When a campaign will be done, and what will have become of what is left.

    The counts are means over all runs and sum to what is left.

    Attributes:
        p10, p50, p90: In so many runs of 100 the last contact had reached its
            end, in UTC; None: not before the campaign's end.
        done: The part of the runs that was done by its end, 0..1.
        placed: Contacts still to be placed.
        dead: Still to be refused for good, or to run out of tries.
        unconfirmed: Still to end as "may have rung".
        unreached: Without an end when the campaign ends.
        assumptions: What all this rests on, as sentences.
    """

    p10: datetime | None
    p50: datetime | None
    p90: datetime | None
    done: float
    placed: float
    dead: float
    unconfirmed: float
    unreached: float
    assumptions: tuple[str, ...]


def forecast(load: Load, history: History, rng: Random, runs: int = 200) -> Forecast:
    """
    Say when the rest of a campaign will be done.

    Where there is no history, it is taken that about 0.8 of the allowed calls
    begin (anything from 0.4 to all), and that of ten attempts eight are placed
    and one waits for another turn (`dialer.forecast.past`): a wide band. Hours
    seen take the place of that within their first few minutes.

    Args:
        load: What is left.
        history: What was seen so far.
        rng: Source of everything that is drawn; the same gives the same answer.
        runs: How often the rest is run through, >= 1.
    """
    past = Past(load, history)
    windows = [group.windows for group in load.groups] if load.rate > 0 else []
    timeline = stretches(windows, load.now, load.ends)
    days = [Days(load.now, load.ends, group.zone) for group in load.groups]
    start = start_of(load, _tried(history))
    if not load.groups and load.left:
        raise ValueError("contacts are left, but no group says when they may be rung")
    tallies = []
    for _ in range(runs):
        # Two dice a run: what it meets does not hang on how many crowds it moved,
        # so forecasts from the same seed differ only by what they were asked.
        pace, rest = Random(rng.random()), Random(rng.random())  # noqa: S311 - no secrets
        run = Run(load, days, past.spells(pace), rest, taste=rest.random())
        tallies.append(run.go(start, timeline))
    return _sum_up(load, past, tallies, edited=history.edited is not None)


def _tried(history: History) -> float:
    """Say which part of those that wait for a time has used a try."""
    retries = sum(row.retries for row in history.hours)
    return (retries + 1) / (retries + sum(row.defers for row in history.hours) + 2)


def _sum_up(load: Load, past: Past, tallies: Sequence[Tally], *, edited: bool) -> Forecast:
    count = len(tallies)
    finished = sorted(one.finish for one in tallies if one.finish is not None)

    def moment(place: int) -> datetime | None:
        if place >= len(finished):
            return None
        return (load.now + timedelta(seconds=finished[place])).astimezone(UTC)

    return Forecast(
        p10=moment(floor(0.1 * (count - 1))),
        p50=moment(round(0.5 * (count - 1))),
        p90=moment(ceil(0.9 * (count - 1))),
        done=len(finished) / count,
        placed=sum(one.placed for one in tallies) / count,
        dead=sum(one.dead for one in tallies) / count,
        unconfirmed=sum(one.unconfirmed for one in tallies) / count,
        unreached=sum(one.unreached for one in tallies) / count,
        assumptions=tuple(_assumptions(load, past, edited=edited)),
    )


def _assumptions(load: Load, past: Past, *, edited: bool) -> list[str]:
    said = []
    since = " since its definition was changed" if edited else ""
    if past.reached is None:
        said.append(
            f"No hour has been seen yet{since}: about 80 % of the allowed calls are taken to begin,"
            " and about 80 % of them to be placed at the first attempt."
        )
    else:
        was = f"was open{since}" if edited else "was open so far"
        said.append(
            f"In the {rough(past.time)} it {was}, {100 * past.reached:.0f} % of the"
            " allowed calls began; it goes on as it did of late, give or take what those hours"
            " differed."
        )
    if load.max_live:
        said.append(_at_once(load))
    if load.max_tries > 1:
        said.append("The odds of another try stay what they were of late.")
    said.append("Nobody pauses or holds it, and its hours, holidays, list and rate stay.")
    return said


def _at_once(load: Load) -> str:
    each = f"for {rough(load.call_length)}"
    if load.max_live == 1:
        return f"Only one call goes on at a time, {each}."
    if load.max_live == int(load.max_live):
        return f"At most {load.max_live:.0f} calls go on at once, each {each}."
    return (
        f"On the whole about {load.max_live:.1f} calls go on at once, each {each}: some of"
        " those who are rung first have more to do than others."
    )
