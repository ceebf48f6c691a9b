"""Nobody is rung when it must not be, nor later than promised; an oracle judges the rings."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from budgets import examples
from hypothesis import given, note
from ringhistory import (
    AGENTS,
    DAY,
    HOUR,
    INDIA,
    LONDON,
    MINUTE,
    NEW_YORK,
    Drive,
    History,
    account,
    daily,
    go_on,
    histories,
    local,
    played,
)
from ringoracle import RANG, Facts, Hours, Wanted, first_allowed, forbidden, overlooked
from ringworld import PERIOD, RingWorld
from storekit import BREAKER, MOVABLE_CLOCK, SECOND

import dialer.dialing.pacer
from dialer.domain.job.job import State
from dialer.local.embedded_server import EmbeddedServer
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server
from dialer.store.redis.witness import Witness

#: A pacer wakes when there is news, or at a moment the plan named; in between it only looks.
STRIDE = 30 * MINUTE

#: What may pass between the first allowed instant and the request, beside the slots of those
#: that go before: the longest sleep of a pacer.
PROMISED = 2 * SECOND
#: The same for a campaign's contacts: news of it waits for beat, twice at worst.
TOLD = 3 * PERIOD
LOOKAHEAD = timedelta(milliseconds=100)
#: A request may leave so long after its instant (wire.start_by), and its rings are reckoned so.
LATE = timedelta(milliseconds=250)
#: From the moment that a pacer has planned for until its doorbell is answered.
A_LOOK = timedelta(milliseconds=10)

MakeWorld = Callable[..., RingWorld]


@pytest.fixture(scope="module")
def make_world(scratch_server: EmbeddedServer) -> Iterator[MakeWorld]:
    """Make a new world on an empty store."""
    patched = pytest.MonkeyPatch()
    patched.setattr(dialer.dialing.pacer, "_LONGEST", STRIDE)
    server = Server(connect(scratch_server.url), clock=MOVABLE_CLOCK)
    # A breaker's hold is no rule about people, and would only stop what is looked at here.
    store = Store.on(server, replace(BREAKER, faults_in_row=1000, of_last=1000))

    def make(settings: dict, facts: Facts, **given) -> RingWorld:
        server.client.flushdb()
        server.witness = Witness()
        return RingWorld(store, Settings.parse(settings), facts, **given)

    yield make
    server.close()
    patched.undo()


def lone(created: datetime, **changes: object) -> Wanted:
    """One call that protects `from`, whose phone rings five seconds after the request."""
    return Wanted(
        **{
            "key": "lone",
            "account": "default",
            "params": {"from": "+919000000001", "to": "+919000000002"},
            "created": created,
            "not_before": created,
            "not_after": created + 8 * DAY,
            "customer": "from",
        }
        | changes
    )


NINE_TO_NINE = daily("09:00", "21:00")
NIGHT = daily("20:00", "02:00")
WEEKDAYS_AND_LATE_SATURDAY = (*daily("09:00", "21:00", range(5)), (5, 18 * 60, 60))
MONDAY_TO_SATURDAY = daily("09:00", "21:00", range(6))

#: name: hours, handed in, begins to ring; all on the wall in the zone. A phone rings five
#: seconds after its request, so who may begin to ring at 09:00:00 rings at 09:00:05.
BOUNDARIES = {
    "20:59:59 in India rings": (
        Hours(NINE_TO_NINE, INDIA),
        "2026-03-02 20:59:54",
        "2026-03-02 20:59:59",
    ),
    "the last microsecond that may ring before 21:00 in India rings": (
        Hours(NINE_TO_NINE, INDIA),
        "2026-03-02 20:59:54.749999",
        "2026-03-02 20:59:59.749999",
    ),
    "21:00:00 in India waits for the morning": (
        Hours(NINE_TO_NINE, INDIA),
        "2026-03-02 20:59:55",
        "2026-03-03 09:00:05",
    ),
    "08:59:59 in India waits a second": (
        Hours(NINE_TO_NINE, INDIA),
        "2026-03-02 08:59:59",
        "2026-03-02 09:00:05",
    ),
    "Sunday 00:30 in India belongs to Saturday's late hours": (
        Hours(WEEKDAYS_AND_LATE_SATURDAY, INDIA),
        "2026-03-08 00:30",
        "2026-03-08 00:30:05",
    ),
    "Sunday 00:30 in India is no Monday": (
        Hours(MONDAY_TO_SATURDAY, INDIA),
        "2026-03-08 00:30",
        "2026-03-09 09:00:05",
    ),
    "Sunday 00:30 in India stays shut on a holiday": (
        Hours(WEEKDAYS_AND_LATE_SATURDAY, INDIA, frozenset({date(2026, 3, 8)})),
        "2026-03-07 23:59:55",
        "2026-03-09 09:00:05",
    ),
    "Sunday 00:30 in India stays shut after a Saturday holiday": (
        Hours(WEEKDAYS_AND_LATE_SATURDAY, INDIA, frozenset({date(2026, 3, 7)})),
        "2026-03-08 00:30",
        "2026-03-09 09:00:05",
    ),
    "New York in spring: 08:00 comes an hour earlier": (
        Hours(daily("08:00", "21:00"), NEW_YORK),
        "2026-03-07 21:00",
        "2026-03-08 08:00:05",
    ),
    "New York in spring: 02:30 never comes, 03:00 is after it": (
        Hours(daily("02:30", "06:00"), NEW_YORK),
        "2026-03-08 01:59:59",
        "2026-03-08 03:00:05",
    ),
    "New York in spring: a range that is skipped whole waits a day": (
        Hours(daily("02:00", "03:00"), NEW_YORK),
        "2026-03-08 01:00",
        "2026-03-09 02:00:05",
    ),
    "New York in autumn: 01:59:59 rings the first time": (
        Hours(daily("01:00", "02:00"), NEW_YORK),
        "2026-11-01 01:59:54",
        "2026-11-01 01:59:59",
    ),
    "New York in autumn: 01:30 comes twice and is open twice": (
        Hours(daily("01:30", "01:40"), NEW_YORK),
        "2026-11-01 01:40",
        "2026-11-01 01:30:05 again",
    ),
    "New York in autumn: 01:59:59 rings the second time": (
        Hours(daily("01:00", "02:00"), NEW_YORK),
        "2026-11-01 01:59:54 again",
        "2026-11-01 01:59:59 again",
    ),
    "New York in autumn: 02:00 is shut after both": (
        Hours(daily("01:00", "02:00"), NEW_YORK),
        "2026-11-01 01:59:55 again",
        "2026-11-02 01:00:05",
    ),
    "New York in autumn: 08:00 comes an hour later": (
        Hours(daily("08:00", "21:00"), NEW_YORK),
        "2026-10-31 20:59:55",
        "2026-11-01 08:00:05",
    ),
    "London in spring: 01:30 never comes, 02:00 is after it": (
        Hours(daily("01:30", "06:00"), LONDON),
        "2026-03-29 00:59:59",
        "2026-03-29 02:00:05",
    ),
    "London in spring: 08:00 comes an hour earlier": (
        Hours(daily("08:00", "21:00"), LONDON),
        "2026-03-28 21:00",
        "2026-03-29 08:00:05",
    ),
    "London in autumn: 01:30 comes twice and is open twice": (
        Hours(daily("01:30", "01:40"), LONDON),
        "2026-10-25 01:40",
        "2026-10-25 01:30:05 again",
    ),
    "London in autumn: 20:59:59 rings": (
        Hours(daily("08:00", "21:00"), LONDON),
        "2026-10-25 20:59:54",
        "2026-10-25 20:59:59",
    ),
    "a window across midnight runs on": (
        Hours(NIGHT, INDIA),
        "2026-11-08 23:59:55",
        "2026-11-09 00:00:00",
    ),
    "a window across midnight ends where a holiday begins": (
        Hours(NIGHT, INDIA, frozenset({date(2026, 11, 9)})),
        "2026-11-08 23:59:54.749999",
        "2026-11-08 23:59:59.749999",
    ),
    "a window across midnight into a holiday is shut, and so is what would start on it": (
        Hours(NIGHT, INDIA, frozenset({date(2026, 11, 9)})),
        "2026-11-08 23:59:55",
        "2026-11-10 20:00:05",
    ),
    "Feb 29 is a Tuesday like any other": (
        Hours(daily("10:00", "11:00", (1,)), INDIA),
        "2028-02-28 10:30",
        "2028-02-29 10:00:05",
    ),
    "Feb 29 can be a holiday": (
        Hours(NINE_TO_NINE, INDIA, frozenset({date(2028, 2, 29)})),
        "2028-02-28 20:59:55",
        "2028-03-01 09:00:05",
    ),
    "midnight after Feb 29 belongs to its night": (
        Hours(daily("20:00", "02:00", (1,)), INDIA),
        "2028-03-01 01:00",
        "2028-03-01 01:00:05",
    ),
}


def _wall(text: str, zone: str) -> datetime:
    return local(text.removesuffix(" again"), zone, fold=int(text.endswith(" again")))


@pytest.mark.parametrize("name", BOUNDARIES)
def test_boundary(make_world: MakeWorld, name: str):
    """A phone rings at the first instant that is allowed, to the second, and not before."""
    hours, created, rings = BOUNDARIES[name]
    expected = _wall(rings, hours.zone) - 5 * SECOND
    wanted = lone(_wall(created, hours.zone))
    facts = Facts({"default": [hours]}, 0 * SECOND, [], {"default": SECOND})
    world = make_world(
        {"accounts": {"default": account(hours)}},
        facts,
        start=wanted.created - MINUTE,
    )
    world.order(wanted)
    world.run(expected + MINUTE)

    (sent,) = facts.sent
    assert expected <= sent.at <= expected + A_LOOK
    assert list(forbidden(facts)) == []
    assert first_allowed(facts, wanted, expected + MINUTE) == expected


def lone_world(make_world: MakeWorld, hours: Hours, *wanted: Wanted, gap: int = 0, **given):
    """A world with one account and a few calls."""
    facts = Facts({"default": [hours]}, gap * SECOND, [], {"default": SECOND})
    # With a burst, nothing but the rules makes the second call wait.
    raw = {"accounts": {"default": account(hours, burst=2)}, "customer": {"gap": f"{gap}s"}}
    world = make_world(raw, facts, start=wanted[0].created - MINUTE, **given)
    for one in wanted:
        world.order(one)
    return world


TEN = local("2026-03-02 10:00", INDIA)
PAIR = "+919000000001,+919000000002"
#: name: parameters, seconds from the request to the last ring of `to` at worst.
LEADS = {
    "one ring each": ({}, 30),
    "from rings three times": ({"fromRetryCount": "2"}, 80),
    "to rings four times": ({"toRetryCount": "3"}, 105),
    "two are rung in turn": ({"to": PAIR, "toStrategy": "ONE_BY_ONE"}, 55),
    "two are rung in turn, twice": ({"to": PAIR, "toRetryCount": "1"}, 105),
    "two are rung at once": ({"to": PAIR, "toStrategy": "TO_ALL"}, 30),
    "a group may let it wait": ({"from": "7", "fromType": "Group"}, 90),
    "rings are long": ({"fromRingTime": "50", "toRingTime": "50"}, 60),
}


@pytest.mark.parametrize("name", LEADS)
def test_last_ring_is_reckoned_with(make_world: MakeWorld, name: str):
    """A call starts until its last ring could begin when hours end, and not from then on."""
    params, seconds = LEADS[name]
    close = local("2026-03-02 21:00", INDIA)
    last = close - seconds * SECOND - LATE - timedelta(microseconds=1)
    given = {"from": AGENTS[0], "to": "+919000000003"} | params
    wanted = [
        lone(last, key="in time", params=given, customer="to"),
        lone(last + timedelta(microseconds=1), key="too late", params=given, customer="to"),
    ]
    world = lone_world(make_world, Hours(NINE_TO_NINE, INDIA), *wanted)
    world.run(close + DAY)

    assert [sent.key for sent in world.facts.sent] == ["in time", "too late"]
    assert world.facts.sent[0].at == last
    assert world.facts.sent[1].at - (close + DAY / 2) <= A_LOOK
    assert list(forbidden(world.facts)) == []
    assert wanted[0].lead == seconds * SECOND


def test_ring_that_was_not_frees_the_customer(make_world: MakeWorld):
    """Who waited for a call that is refused goes as soon as it is."""
    wanted = [lone(TEN, key=key) for key in ("first", "second")]
    world = lone_world(
        make_world,
        Hours(NINE_TO_NINE, INDIA),
        *wanted,
        gap=3600,
        outcomes=["request", "placed"],
        takes=[15 * SECOND],
    )
    world.run(TEN + HOUR)
    first, second = world.facts.sent

    assert second.at - first.done <= PROMISED
    assert list(forbidden(world.facts)) == []


NEARLY_NINE = local("2026-03-02 20:59:54.7", INDIA)
#: name: calls, gap, how many of them are made
LATE_STARTS = {
    "the close": ([lone(NEARLY_NINE + SECOND / 5)], 0, 0),
    "the close, just in time": ([lone(NEARLY_NINE)], 0, 1),
    "the deadline": ([lone(TEN, not_after=TEN + SECOND / 10)], 0, 0),
    "the deadline, just in time": ([lone(TEN, not_after=TEN + SECOND / 3)], 0, 1),
    "the gap": ([lone(TEN), lone(TEN, key="second")], 60, 2),
}


@pytest.mark.parametrize("name", LATE_STARTS)
def test_request_that_leaves_at_the_last_moment_keeps(make_world: MakeWorld, name: str):
    """What begin allows is still allowed when the request leaves as late as it may."""
    wanted, gap, made = LATE_STARTS[name]
    hours = Hours(NINE_TO_NINE, INDIA)
    world = lone_world(make_world, hours, *wanted, gap=gap, lags=[LATE, 0 * SECOND])
    world.run(wanted[0].created + 5 * MINUTE)

    assert list(forbidden(world.facts)) == []
    assert len(world.facts.sent) == made


def test_the_least_gap_keeps_calls_from_ringing_together(make_world: MakeWorld):
    """It counts from the beginning of the last ring, and is as long as any ring."""
    wanted = [
        lone(TEN, key=key, params={**lone(TEN).params, "fromRingTime": "50"})
        for key in ("first", "second")
    ]
    world = lone_world(make_world, Hours(NINE_TO_NINE, INDIA), *wanted, gap=50)
    world.run(TEN + 5 * MINUTE)
    first, second = world.facts.sent

    _, _, _, silent = first.rings(worst=True)[0]
    assert second.at >= silent


#: name: zones of the contact, starts, first ring (in the first zone) or None for never.
#: `to` rings eleven seconds after the request at worst, so nothing starts from 20:59:49 on.
CONTACTS = {
    "in one zone": ([NEW_YORK], "2026-03-02 08:00", "2026-03-02 09:00"),
    "in two zones: both must be open": (
        [NEW_YORK, "America/Chicago"],
        "2026-03-02 08:00",
        "2026-03-02 10:00",
    ),
    "in two zones: either may close": (
        ["America/Chicago", NEW_YORK],
        "2026-03-02 19:59:49",
        "2026-03-03 09:00",
    ),
    "across the clock change": ([NEW_YORK], "2026-03-07 21:00", "2026-03-08 09:00"),
    "never together": ([INDIA, NEW_YORK], "2026-03-02 08:00", None),
    "on the holiday": ([LONDON], "2026-03-05 20:59:49", "2026-03-07 09:00"),
}


def drive_of(contacts: list[tuple[str, list[str]]], ranges, began: datetime) -> Drive:
    """A campaign of four days."""
    call = {"from": AGENTS[0], "fromRingTime": "1", "toRingTime": "1"}
    return Drive(
        name="drive",
        fields={"account": "default", "call": call},
        ranges=ranges,
        starts=began,
        ends=began + 4 * DAY,
        contacts=contacts,
        holiday=None,
        pause=None,
    )


def drive_world(make_world: MakeWorld, drive: Drive, **given) -> RingWorld:
    """A world whose account is always open, and one campaign."""
    always = Hours(daily("00:00", "24:00"), "UTC")
    facts = Facts({"default": [always]}, 0 * SECOND, [], {"default": SECOND})
    raw = {"accounts": {"default": account(always)}}
    # Beat's ticks stand three seconds beside the minutes at which things happen.
    world = make_world(raw, facts, start=drive.starts - 57 * SECOND, **given)
    go_on(world, drive)
    return world


@pytest.mark.parametrize("name", CONTACTS)
def test_contact_is_rung_by_its_own_clocks(make_world: MakeWorld, name: str):
    """A contact that may be in any of its zones is rung when all of them are open."""
    zones, starts, rings = CONTACTS[name]
    began = local(starts, zones[0])
    ranges = daily("09:00", "16:00") if rings is None else NINE_TO_NINE
    drive = drive_of([("+919000000001", sorted(zones))], ranges, began)
    drive = replace(drive, holiday=(date(2026, 3, 6), began + MINUTE))
    world = drive_world(make_world, drive)
    facts = world.facts
    world.run(began + 4 * DAY + MINUTE)

    assert list(forbidden(facts)) == []
    if rings is None:
        assert facts.sent == []
        assert world.job("drive:1:1") is None
    else:
        (sent,) = facts.sent
        expected = local(rings, zones[0])
        assert expected <= sent.at <= expected + TOLD


def test_pause_amid_a_request_stops_the_next(make_world: MakeWorld):
    """A campaign that is paused while a request is open stays so when that is answered."""
    contacts = [(f"+91900000000{nth}", [INDIA]) for nth in (1, 2)]
    drive = drive_of(contacts, NINE_TO_NINE, TEN)
    # The first request goes with beat's next tick, and is open for fifteen seconds at least.
    drive = replace(drive, pause=(TEN + 8 * SECOND, TEN + HOUR))
    world = drive_world(make_world, drive, takes=[15 * SECOND])
    world.run(TEN + 2 * HOUR)
    first, second = world.facts.sent

    assert first.begun < drive.pause[0] < first.done
    assert drive.pause[1] <= second.begun <= drive.pause[1] + TOLD
    assert list(forbidden(world.facts)) == []


NINE = TEN - HOUR
TODAY = NINE.date()
#: name: what changes a second before nine, when the contact is rung instead, None for never.
CHANGES = {
    "a later start": ({"starts": TEN}, TEN),
    "an end that has come": ({"ends": NINE}, None),
    "an end before the hours": ({"ends": TEN, "ranges": daily("10:00", "21:00")}, None),
    "later hours": ({"ranges": daily("11:00", "21:00")}, TEN + HOUR),
    "earlier hours": ({"ranges": daily("08:00", "09:00")}, NINE + 23 * HOUR),
    "a holiday": ({"holiday": (TODAY, NINE)}, NINE + DAY),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_holds_from_the_next_dial_on(make_world: MakeWorld, name: str):
    """A definition that is changed in the last second before nine is obeyed at nine."""
    changes, rings = CHANGES[name]
    drive = drive_of([("+919000000001", [INDIA])], NINE_TO_NINE, NINE - HOUR)
    world = drive_world(make_world, drive)
    world.redefine(replace(drive, **changes).campaign(late=True), NINE - SECOND)
    world.run(NINE - 2 * SECOND)
    assert world.job("drive:1:1") is not None
    world.run(NINE + 2 * DAY)

    begun = [sent.begun for sent in world.facts.sent]
    assert len(begun) == (rings is not None)
    assert all(rings <= at <= rings + TOLD for at in begun)


def test_change_is_heard_while_all_wait(make_world: MakeWorld):
    """New hours hold for contacts that were rung before and wait to be tried again."""
    drive = drive_of([("+919000000001", [INDIA])], NINE_TO_NINE, NINE - HOUR)
    world = drive_world(make_world, drive, outcomes=["agent", "placed"])
    later = replace(drive, ranges=daily("11:00", "21:00"))
    world.redefine(later.campaign(), NINE + 25 * SECOND)
    world.run(NINE + DAY)

    refused, placed = [sent.begun - NINE for sent in world.facts.sent]
    assert refused <= TOLD
    assert 2 * HOUR <= placed <= 2 * HOUR + TOLD


def told(world: RingWorld) -> Iterator[str]:
    """Tell what happened, for whoever reads a failure."""
    for sent in world.facts.sent:
        yield f"{sent.at} to {sent.done}: {sent.key} {sent.outcome}"
    for job_id, key in world.jobs.items():
        if job := world.job(job_id):
            yield f"{key} is {job.state} since {job.entered}: {job.reason}"


def promised(wanted: Wanted) -> timedelta:
    """What may pass at most until an allowed call is begun."""
    return TOLD if wanted.campaign else PROMISED


def unexplained(world: RingWorld) -> Iterator[str]:
    """Name every job whose state is not what came of its call."""
    facts = world.facts
    for job_id, key in world.jobs.items():
        job, wanted = world.job(job_id), facts.wanted[key]
        if job is None:
            continue
        outcomes = [sent.outcome for sent in facts.sent if sent.key == key]
        tries = outcomes.count("provider")
        listed = facts.on_list(wanted, job.entered)
        too_many = any(
            wanted.rings(number) > most for number in wanted.numbers for most, _ in facts.caps
        )
        fits = {
            State.PLACED: outcomes[-1:] == ["placed"],
            State.UNCONFIRMED: outcomes[-1:] in (["doubt"], ["unknown"]),
            State.DEAD: outcomes[-1:] in (["request"], ["compliance"]) or tries == 6,
            State.SKIPPED: {
                "its": job.entered >= wanted.not_after - LATE - LOOKAHEAD,
                "the": listed,
                "one": too_many,
            }.get(job.reason.partition(" ")[0], False),
        }
        if not fits.get(job.state, not set(outcomes) & RANG):
            yield f"{key} is {job.state} ({job.reason}) after {outcomes}"


@examples(50, 300)
@given(history=histories())
def test_no_history_rings_when_it_must_not(make_world: MakeWorld, history: History):
    """Whatever is asked, stopped and answered: no forbidden ring, and none later than promised."""
    world = played(make_world, history)
    note("\n".join(told(world)))

    assert list(forbidden(world.facts)) == []
    assert list(overlooked(world.facts, world.ends(), promised)) == []
    assert list(unexplained(world)) == []
