"""Many runs of a campaign's rest, what they have in common, and that as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from random import Random
from statistics import fmean

from dialer.planning.forecast.load import History, Load
from dialer.planning.forecast.past import Past
from dialer.planning.forecast.run import Run, RunTally, parcels
from dialer.planning.forecast.timeline import Days, stretches
from dialer.text.moment import about, rough


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    The finish of a campaign, and the ends of the contacts that are left.

    The counts are means over all runs and sum to what is left.

    Attributes:
        p10, p50, p90: In so many runs of 100 the last contact had reached its
            end, in UTC; None: not before the campaign's end.
        done: The part of the runs that was done by its end, 0..1.
        unreached: Without an end when the campaign ends.
        assumptions: Sentences.
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
    Say when the rest of a campaign will be done, from *runs* runs; the same dice say the same.

    Where there is no history, it is taken that about 0.8 of the allowed calls
    begin (anything from 0.4 to all), and that of ten attempts eight are placed
    and one waits for another turn (`PRIOR_ENDED`): a wide band. Hours seen take
    the place of that within their first few minutes.
    """
    past = Past(load, history)
    windows = [group.windows for group in load.groups] if load.rate > 0 else []
    timeline = stretches(windows, load.now, load.ends)
    days = [Days(load.now, load.ends, group.zone) for group in load.groups]
    waiting = parcels(load, _tried(history))
    if not load.groups and load.left:
        raise ValueError("contacts are left, but no group says when they may be rung")
    tallies = []
    for _ in range(runs):
        # Two dice a run: what it meets does not hang on how many calls it made,
        # so forecasts from the same seed differ only by what they were asked.
        pace, rest = Random(rng.random()), Random(rng.random())  # noqa: S311 - no secrets
        reached, odds = past.belief(pace)
        paces = past.paces(reached, pace)
        run = Run(load, waiting, days, odds, paces=paces, spell=past.spell, rng=rest)
        tallies.append(run.go(timeline))
    return _sum_up(load, past, tallies, edited=history.edited is not None)


def _tried(history: History) -> float:
    """Say which part of those that wait for a time has used a try."""
    retries = sum(row.retries for row in history.hours)
    return (retries + 1) / (retries + sum(row.defers for row in history.hours) + 2)


def _sum_up(load: Load, past: Past, tallies: Sequence[RunTally], *, edited: bool) -> Forecast:
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
        placed=fmean(one.placed for one in tallies),
        dead=fmean(one.dead for one in tallies),
        unconfirmed=fmean(one.unconfirmed for one in tallies),
        unreached=fmean(one.unreached for one in tallies),
        assumptions=tuple(_assumptions(load, past, edited=edited)),
    )


def _assumptions(load: Load, past: Past, *, edited: bool) -> list[str]:
    sentences = []
    since = " since its definition was changed" if edited else ""
    if not past.all.allowed:
        sentences.append(
            f"No hour has been seen yet{since}: about 80 % of the allowed calls are taken to begin,"
            " and about 80 % of them to be placed at the first attempt."
        )
    else:
        was = f"was open{since}" if edited else "was open so far"
        sentences.append(
            f"In the {rough(timedelta(seconds=past.all.time))} it {was},"
            f" {100 * past.all.reached:.0f} % of the"
            " allowed calls began; it goes on as it did of late, give or take what those hours"
            " differed."
        )
    if load.max_live:
        sentences.append(_at_once(load))
    if load.max_tries > 1:
        sentences.append("The odds of another try stay what they were of late.")
    sentences += [f"{one}; that is taken to be released now." for one in load.held]
    sentences.append("Nobody pauses or holds it, and its hours, holidays, list and rate stay.")
    return sentences


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


def describe(forecast: Forecast, zone: str, now: datetime) -> list[str]:
    """Write a forecast that was made *now* for a reader in *zone* (IANA), the finish first."""
    return [*_finish(forecast, zone, now), _counts(forecast), *forecast.assumptions]


def _finish(forecast: Forecast, zone: str, now: datetime) -> list[str]:
    if forecast.p10 is None:
        return [
            f"It will hardly be done before its end ({100 * forecast.done:.0f} % of the runs were)."
        ]

    def by(moment: datetime | None) -> str:
        return "not before its end" if moment is None else f"by {about(moment, zone, now)}"

    return [
        f"It will probably be done {by(forecast.p50)}."
        if forecast.p50
        else "It will probably not be done before its end.",
        f"With one chance in ten {by(forecast.p10)}, with nine in ten {by(forecast.p90)}.",
        f"Done before its end in {100 * forecast.done:.0f} % of the runs.",
    ]


def _counts(forecast: Forecast) -> str:
    return (
        f"Still to come: about {forecast.placed:.0f} placed, {forecast.dead:.0f} dead,"
        f" {forecast.unconfirmed:.0f} unconfirmed, {forecast.unreached:.0f} not reached."
    )
