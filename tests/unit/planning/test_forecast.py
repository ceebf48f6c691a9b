import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from campaignworld import KINDS, live
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.domain.job.backoff import Backoff
from dialer.planning.forecast import (
    Due,
    Forecast,
    History,
    Load,
    LoadGroup,
    describe,
    forecast,
)
from dialer.planning.forecast.past import odds_of
from dialer.planning.forecast.run import spread
from dialer.planning.forecast.timeline import Days, Stretch, stretches


def load_of(story):
    """What the command line would know of a generated campaign."""
    scene, seen = story.scene, story.seen
    groups = [
        LoadGroup(scene.windows(zone), seen.waiting[zone], ZoneInfo(zone)) for zone in scene.zones
    ]
    return Load(
        seen.at,
        scene.ends,
        groups,
        scene.per_minute / 60,
        due=[Due(at, 1, scene.zones.index(zone)) for at, zone in seen.due],
        max_live=scene.agents if scene.live_limit else 0,
        max_tries=scene.max_tries,
        backoffs={
            "provider": Backoff(scene.wait, 1.0, scene.wait),
            "agent": Backoff(timedelta(minutes=1), 1.5, timedelta(minutes=15)),
        },
        not_same_day=("provider",) if scene.next_day else (),
    )


def history_of(story):
    rows = [HourCounts(hour, *counts) for hour, counts in story.seen.hours.items()]
    return History(rows, since=story.scene.begins)


NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # a Monday
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ENDS = NOW + 30 * DAY
MIDNIGHT = NOW - 6 * HOUR
#: 03:30 to 15:30 in UTC: nine to nine in India.
DAYS = [(MIDNIGHT + n * DAY + 3.5 * HOUR, MIDNIGHT + n * DAY + 15.5 * HOUR) for n in range(-3, 30)]
#: Yesterday and this morning, hour by hour, as far as it was open; the first and the last by half.
OPEN = [MIDNIGHT - DAY + n * HOUR for n in range(3, 16)] + [NOW - n * HOUR for n in (3, 2, 1)]
SEEN = [
    HourCounts(hour, 900, 800, retries=60, dead=30, unconfirmed=10, rate=0.3)
    for hour in OPEN
    if hour.hour not in (3, 15)
]
SEEN += [HourCounts(hour, 450, 400, retries=30, rate=0.3) for hour in OPEN if hour.hour in (3, 15)]


def make(waiting=1000, *, windows=DAYS, rate=0.5, now=NOW, ends=ENDS, **options):
    return Load(now, ends, [LoadGroup(windows, waiting)], rate, **options)


def ask(load, rows=SEEN, runs=100, seed="steady"):
    return forecast(load, History(rows), Random(seed), runs)


def order(one):
    return [moment or datetime.max.replace(tzinfo=UTC) for moment in (one.p10, one.p50, one.p90)]


def test_the_band_holds_what_really_happens(capsys):
    """Of 102 campaigns lived through otherwise, four in five end inside a band of use."""
    held, widths = 0, []
    for number in range(17 * len(KINDS)):
        story = live(KINDS[number % len(KINDS)], f"judged {number}")
        made = forecast(load_of(story), history_of(story), Random(number), runs=60)
        p10, p90 = (moment or story.scene.ends for moment in (made.p10, made.p90))
        held += p10 <= story.finish <= p90
        widths.append((p90 - p10) / (story.finish - story.scene.begins))
    share, width = held / len(widths), median(widths)
    with capsys.disabled():
        print(f"\n{len(widths)} campaigns: {share:.0%} held, median width {width:.0%}")
    assert len(widths) >= 100
    assert share >= 0.80
    assert width <= 0.40


@pytest.mark.parametrize("rows", [SEEN, []], ids=["seen", "unseen"])
def test_twice_the_rate_is_not_later(rows):
    """A campaign that may dial faster is done earlier, in every part of the band."""
    slow, fast = ask(make(20_000, rate=0.5), rows), ask(make(20_000, rate=1.0), rows)
    assert all(f < s for f, s in zip(order(fast), order(slow), strict=True))


def test_more_waiting_is_not_earlier():
    """Each contact more moves the finish back, or leaves it."""
    bands = [order(ask(make(count))) for count in (500, 2_000, 8_000, 32_000)]
    for less, more in itertools.pairwise(bands):
        assert all(a <= b for a, b in zip(less, more, strict=True))


def test_more_live_calls_are_not_later():
    """A limit of calls going on at once bounds the pace as a rate does."""
    few, many = (ask(make(5_000, max_live=live, call_length=4 * MINUTE), []) for live in (5, 50))
    assert all(m < f for m, f in zip(order(many), order(few), strict=True))


def test_other_campaigns_take_time():
    """With nothing seen yet, a smaller share of the rate is believed, and makes it later."""
    alone, beside = ask(make(20_000), []), ask(make(20_000, share=0.3), [])
    assert all(a < b for a, b in zip(order(alone), order(beside), strict=True))


def test_history_is_believed_over_the_share():
    """Once hours were seen, what was expected beside others hardly matters."""
    alone, beside = ask(make(9_000)), ask(make(9_000, share=0.3))
    assert beside.p50 - alone.p50 < 0.1 * (alone.p50 - NOW)


def test_closed_time_moves_the_finish_to_the_next_opening():
    """What is left at closing time is done after the next opening, holidays or not."""
    opening = MIDNIGHT + 4 * DAY + 3.5 * HOUR
    windows = [(NOW - DAY, NOW), (opening, opening + 8 * HOUR)]
    made = ask(make(10, windows=windows), [])
    assert opening < made.p10 <= made.p90 < opening + HOUR


def test_groups_wait_for_their_own_hours():
    """The finish is that of the group that opens last."""
    early, late = (NOW, NOW + HOUR), (NOW + 20 * HOUR, NOW + 23 * HOUR)
    made = ask(Load(NOW, ENDS, [LoadGroup([early], 30), LoadGroup([late], 30)], 1.0))
    assert late[0] < made.p10 <= made.p90 < late[1]


def test_nothing_left_is_done_now():
    """A campaign without anything left was done when it was asked."""
    made = ask(make(0))
    assert order(made) == [NOW] * 3
    assert (made.done, made.placed, made.unreached) == (1.0, 0, 0)


@pytest.mark.parametrize(
    "load",
    [
        make(10, windows=[]),
        make(10, windows=[(NOW - DAY, NOW)]),
        make(10, windows=[(ENDS, ENDS + DAY)]),
        make(10, rate=0.0),
        make(10, ends=NOW),
    ],
    ids=["never open", "not again", "after its end", "no rate", "ended"],
)
def test_what_cannot_run_is_never_done(load):
    """Where nothing can be rung before the end there is no finish, and all are left."""
    made = ask(load)
    assert (made.p10, made.p50, made.p90) == (None, None, None)
    assert (made.done, made.unreached) == (0.0, 10)


def test_the_end_cuts_the_band():
    """Runs that are not done by the end have no finish; their contacts are counted."""
    whole = ask(make(20_000))
    made = ask(make(20_000, ends=whole.p50))
    assert made.p10 is not None
    assert made.p90 is None
    assert 0.3 < made.done < 0.7
    assert made.unreached > 0


@pytest.mark.parametrize("left", [1, 7, 900, 40_000])
def test_counts_sum_to_what_is_left(left):
    """Each contact that is left is expected somewhere."""
    load = make(left, ready=3, due=[Due(NOW + HOUR, 2), Due(NOW - HOUR, 4, 0)], max_tries=3)
    made = ask(load, runs=30)
    total = made.placed + made.dead + made.unconfirmed + made.unreached
    assert total == pytest.approx(left + 9)


def test_counts_follow_what_was_seen():
    """Where one attempt of four was refused for good, about a quarter of the rest will be."""
    rows = [HourCounts(NOW - n * HOUR, 400, 300, dead=100) for n in (1, 2, 3)]
    made = ask(make(4_000), rows)
    assert made.dead == pytest.approx(1_000, rel=0.2)
    assert made.placed == pytest.approx(3_000, rel=0.1)


def test_what_is_long_ago_hardly_counts():
    """A day on which everything was refused is forgotten after two good ones, not at once."""
    wrong = [HourCounts(hour, 900, 0, dead=900) for hour in OPEN]
    right = [HourCounts(hour + 2 * DAY, 900, 900) for hour in OPEN]
    later = NOW + 2 * DAY
    one = [row for row in right if row.hour < NOW + DAY]
    dead = [
        ask(make(1_000, now=now), wrong + rows).dead
        for now, rows in ((NOW, []), (NOW + DAY, one), (later, right))
    ]
    assert dead[0] > 900
    assert 200 < dead[1] < 600
    assert dead[2] < 200


def test_last_tries_are_told_from_refusals():
    """Deaths that the odds of a fault explain are not counted twice as refusals."""
    # Half of all attempts fail, two tries: of 1,000 contacts 500 retry and 250 of them die.
    rows = [HourCounts(NOW - HOUR, 1500, 750, retries=500, dead=250)]
    made = ask(make(4_000, max_tries=2), rows)
    assert made.dead == pytest.approx(1_000, rel=0.15)


def test_a_retry_that_is_due_late_is_waited_for():
    """The finish is no earlier than the moment the last job becomes ready."""
    due = NOW + 2 * DAY + HOUR
    made = ask(make(5, due=[Due(due, 1)]))
    assert due <= made.p10 <= made.p90
    assert made.p50 < due + HOUR


def test_not_the_same_day_moves_retries_to_the_next():
    """With a fault almost certain somewhere, the finish is another day's, in the group's zone."""
    rows = [HourCounts(NOW - n * HOUR, 100, 60, retries=40) for n in (1, 2)]
    tomorrow = datetime(2026, 3, 3, tzinfo=ZoneInfo("Asia/Kolkata"))
    group = LoadGroup(DAYS, 100, ZoneInfo("Asia/Kolkata"))
    load = Load(NOW, ENDS, [group], 1.0, max_tries=3, not_same_day=("provider",))
    assert forecast(load, History(rows), Random(1), 40).p10 >= tomorrow
    same_day = Load(NOW, ENDS, [group], 1.0, max_tries=3)
    assert forecast(same_day, History(rows), Random(1), 40).p90 < tomorrow


def test_nothing_seen_makes_a_wide_band():
    """With no history the band is wider than with hours like one another."""

    def width(rows):
        made = ask(make(5_000), rows)
        return (made.p90 - made.p10) / (made.p50 - NOW)

    assert width([]) > 1.5 * width(SEEN)


def test_uneven_hours_make_a_wider_band():
    """The same throughput on the whole, but from good hours and bad, is believed less."""
    even = [HourCounts(hour, 900, 900) for hour in OPEN]
    uneven = [HourCounts(hour, 100 + 1600 * (n % 2), 900) for n, hour in enumerate(OPEN)]
    a, b = ask(make(5_000), even), ask(make(5_000), uneven)
    assert b.p90 - b.p10 > 1.5 * (a.p90 - a.p10)


def test_hours_that_were_shut_are_no_evidence():
    """A night without calls says nothing; an open hour without calls is a bad hour."""
    rows = [HourCounts(MIDNIGHT - DAY + n * HOUR, 1500, 1500) for n in range(4, 15)]
    night = ask(make(8_000, now=MIDNIGHT + 3 * HOUR), rows)
    idle = ask(make(8_000, now=MIDNIGHT + 3 * HOUR, windows=[(NOW - 3 * DAY, ENDS)]), rows)
    assert night.assumptions[0].startswith("In the 11 h it was open so far, 80 % of")
    assert night.p50 < idle.p50


def test_history_at_another_rate_is_scaled():
    """Hours in which half of today's rate was allowed, and used, do not look like idle ones."""
    rows = [HourCounts(NOW - n * HOUR, 900, 900) for n in (1, 2)]
    known = [replace(row, rate=0.25) for row in rows]
    assert ask(make(9_000), known).p50 < ask(make(9_000), rows).p50


def test_groups_that_are_used_up_are_no_evidence():
    """Idle hours of a group with nothing left do not slow the others down."""
    used_up = LoadGroup([(NOW - 10 * HOUR, NOW - 3 * HOUR)], 0)
    rest = LoadGroup([(NOW - 3 * HOUR, NOW + 9 * HOUR)], 5_000)
    rows = [HourCounts(NOW - n * HOUR, 1700, 1700) for n in (1, 2, 3)]
    history = History(rows, since=NOW - 10 * HOUR)
    both = forecast(Load(NOW, ENDS, [used_up, rest], 0.5), history, Random(1), 60)
    alone = forecast(Load(NOW, ENDS, [rest], 0.5), history, Random(1), 60)
    assert (both.p10, both.p50, both.p90) == (alone.p10, alone.p50, alone.p90)


def test_the_same_dice_give_the_same_forecast():
    """A forecast can be repeated: all its randomness is passed in."""
    assert ask(make(700, max_tries=3)) == ask(make(700, max_tries=3))
    assert ask(make(700, max_tries=3)) != ask(make(700, max_tries=3), seed="other")


def test_an_hour_is_one_of_utc():
    """Counts from nine to ten in India are no hour of the store's: they would be lost."""
    HourCounts(datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata")), 1, 1)
    with pytest.raises(ValueError, match="not a whole hour in UTC"):
        HourCounts(datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Kolkata")), 1, 1)


def test_contacts_need_a_group():
    """Contacts of which nobody knows the hours are a mistake of the caller."""
    with pytest.raises(ValueError, match="no group"):
        ask(Load(NOW, ENDS, [], 1.0, ready=1))


def test_a_forecast_in_words():
    """Finish first, in the reader's zone; then what is to come; then what it rests on."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    made = Forecast(at, at + HOUR, None, 0.85, 700.4, 20.2, 3.0, 0.0, ("All stays.",))
    assert describe(made, "Asia/Kolkata", NOW) == [
        "It will probably be done by 2026-03-02 18:30 IST.",
        "With one chance in ten by 2026-03-02 17:30 IST, with nine in ten not before its end.",
        "Done before its end in 85 % of the runs.",
        "Still to come: about 700 placed, 20 dead, 3 unconfirmed, 0 not reached.",
        "All stays.",
    ]


def test_a_finish_out_of_reach_in_words():
    """A campaign that will not be done says so instead of a time."""
    late = Forecast(None, None, None, 0.02, 5.0, 0.0, 0.0, 95.0, ())
    assert (
        describe(late, "UTC", NOW)[0]
        == "It will hardly be done before its end (2 % of the runs were)."
    )
    half = replace(late, p10=NOW, done=0.4)
    assert describe(half, "UTC", NOW)[0] == "It will probably not be done before its end."


@given(total=st.integers(0, 10**6), weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_dealing_out_loses_nobody(total, weights):
    """Parts are counts that sum to the whole, whatever the weights."""
    parts = spread(total, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == total
    assert min(parts) >= 0


def test_the_next_day_begins_at_midnight_there():
    """Days are those of the zone, on the short day of spring too."""
    now = datetime(2026, 3, 7, 12, tzinfo=UTC)
    days = Days(now, now + 5 * DAY, ZoneInfo("America/New_York"))
    begin = [datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)]
    assert days.after(0) == (begin[0] - now).total_seconds()
    assert days.after(days.after(0)) == (begin[1] - now).total_seconds()
    assert days.after(1e9) == 1e9


def test_the_open_time_ahead_is_cut_where_a_group_opens_or_closes():
    """Shut time is left out, touching windows are one, and nothing lies outside now and the end."""
    first = [(NOW - HOUR, NOW + 2 * HOUR), (NOW + 2 * HOUR, NOW + 3 * HOUR)]
    second = [(NOW + HOUR, NOW + 2 * HOUR), (NOW + 9 * HOUR, NOW + 20 * HOUR)]
    hour = HOUR.total_seconds()
    assert stretches([first, second], NOW, NOW + 10 * HOUR) == [
        Stretch(0, hour, (0,)),
        Stretch(hour, 2 * hour, (0, 1)),
        Stretch(2 * hour, 3 * hour, (0,)),
        Stretch(9 * hour, 10 * hour, (1,)),
    ]


@given(ended=st.lists(st.floats(0.001, 1), min_size=5, max_size=5), max_tries=st.integers(1, 100))
def test_odds_are_odds(ended, max_tries):
    """Whatever was seen, every part of the answer is between never and always."""
    odds = odds_of([one / sum(ended) for one in ended], max_tries)
    assert all(0 <= one <= 1 for one in (odds.fault, odds.defer, odds.placed, odds.unconfirmed))


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (1, "Only one call goes on at a time, for 5 min."),
        (2, "At most 2 calls go on at once, each for 5 min."),
        (1.52, "On the whole about 1.5 calls go on at once, each for 5 min: some of"),
    ],
)
def test_what_bounds_the_live_calls_is_said(live, said):
    """As many as there are, or as many as agents with unlike shares come to."""
    assert any(one.startswith(said) for one in ask(make(10, max_live=live)).assumptions)


def test_the_first_calls_of_all_agents_are_no_haste():
    """Two may go on at once, and two began at once: that is no more than was allowed."""
    since = NOW - 90 * timedelta(seconds=1)
    load = make(100, max_live=2, rate=5.0)
    made = forecast(load, History([HourCounts(NOW - HOUR, 2, 2)], since), Random(1), 100)
    assert "77 % of the allowed calls began" in made.assumptions[0]
    assert made.p10 > NOW + 3 * HOUR


def test_an_edit_is_said():
    """What was before it is no part of the history; the reader is told since when it is."""
    unseen = forecast(make(), History(edited=NOW), Random(1), 20)
    assert unseen.assumptions[0].startswith("No hour has been seen yet since its definition was")
    since = NOW - HOUR
    seen = forecast(make(), History(SEEN[-1:], since, edited=since), Random(1), 20)
    assert seen.assumptions[0].startswith("In the 60 min it was open since its definition was")
