"""
What a ring world may go through: two days of calls, campaigns, stops, lists and answers.

Each history is written once in plain words, and told to the system and to the
oracle from there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from ringoracle import NEVER, Facts, Hours, Wanted
from ringworld import EPOCH, OUTCOMES, RingWorld, holidays_text, hours_text
from storekit import SECOND

from dialer.domain.campaign.campaign import Campaign

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
INDIA, NEW_YORK, LONDON = "Asia/Kolkata", "America/New_York", "Europe/London"
AGENTS = ("+919000000101", "+919000000102")


def account(hours: Hours, **changes: object) -> dict[str, object]:
    """Write an account as a settings file does."""
    return {
        "user_id": "1",
        "token": "test-token",
        "base_url": "http://127.0.0.1:9/call",
        "mode": "live",
        "correlation_param": "reqId",
        "extra_params": ["reqId"],
        "calling_hours": hours_text(hours),
        "time_zone": hours.zone,
        "holidays": holidays_text(hours.shut),
    } | changes


def daily(first: str, end: str, days: range | tuple[int, ...] = range(7)):
    """The same range on some days, Monday 0."""
    return tuple((day, _minutes(first), _minutes(end)) for day in days)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def local(text: str, zone: str, fold: int = 0) -> datetime:
    """Wall time in a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


LISTED = tuple(f"+91900000000{nth}" for nth in range(1, 6))


CUSTOMERS = ("+919000000001", "+919000000002")


#: How long a history is looked at.
LENGTH = 2 * DAY


#: Nights on which something happens to the calendar.
NIGHTS = {
    "2026-03-07": NEW_YORK,
    "2026-10-31": NEW_YORK,
    "2026-03-28": LONDON,
    "2026-10-24": LONDON,
    "2026-04-04": "Australia/Lord_Howe",
    "2028-02-28": INDIA,
    "2026-12-31": INDIA,
    "2026-08-14": INDIA,
}


ZONES = (*sorted(set(NIGHTS.values())), "America/Chicago")


RATES = {"default": 1.0, "other": 0.2}


@dataclass(frozen=True)
class Drive:
    """A campaign of one example: its hours, and what happens to it."""

    name: str
    fields: dict[str, object]
    ranges: tuple[tuple[int, int, int], ...]
    starts: datetime
    ends: datetime
    #: (customer, zones), in the order of the list
    contacts: list[tuple[str, list[str]]]
    #: the day that becomes a holiday, and when
    holiday: tuple[date, datetime] | None
    pause: tuple[datetime, datetime] | None

    def campaign(self, *, late: bool = False) -> Campaign:
        """The definition, before or after the holiday was added."""
        shut = [self.holiday[0]] if late and self.holiday else []
        return Campaign.read(
            {
                "name": self.name,
                "columns": {"to": "mobile"},
                "calling_hours": hours_text(Hours(self.ranges, INDIA)),
                "holidays": holidays_text(shut),
                "starts": self.starts,
                "ends": self.ends,
                "live_per_agent": 0,
                **self.fields,
            },
            now=self.starts - DAY,
            time_zone=INDIA,
        )

    def wanted(self) -> list[Wanted]:
        """The same for the oracle, contact by contact."""
        day, change = self.holiday or (None, NEVER)
        return [
            Wanted(
                key=f"{self.name} {nth}",
                account=str(self.fields["account"]),
                params={**self.fields["call"], "to": number},
                created=self.starts,
                not_before=self.starts,
                not_after=self.ends,
                campaign=self.name,
                hours=tuple(
                    (Hours(self.ranges, zone, frozenset(shut)), since, until)
                    for zone in zones
                    for shut, since, until in (((), EPOCH, change), ((day,), change, NEVER))
                ),
            )
            for nth, (number, zones) in enumerate(self.contacts, start=1)
        ]


@dataclass(frozen=True)
class History:
    """What happens in one example; times are counted from its start."""

    start: datetime
    hours: dict[str, Hours]
    gap: timedelta
    cap: tuple[int, timedelta] | None
    wanted: list[Wanted]
    holds: list[tuple[str, timedelta, timedelta]]
    listed: list[tuple[str, str, timedelta]]
    outcomes: list[str]
    takes: list[timedelta]
    stray: list[timedelta]
    drives: list[Drive]

    def facts(self) -> Facts:
        """The same for the oracle; a cut of the rate leaves at least a tenth of it."""
        cut = 10 if "capacity" in self.outcomes else 1
        return Facts(
            {name: [hours] for name, hours in self.hours.items()},
            self.gap,
            [self.cap] if self.cap else [],
            {name: cut * SECOND / RATES[name] for name in self.hours},
        )

    def settings(self) -> dict[str, object]:
        """The same for the system."""
        most, per = self.cap or (0, DAY)
        return {
            "beat": {"tick": "1h"},
            "customer": {
                "gap": f"{self.gap // SECOND}s",
                "max_rings": most,
                "per": f"{per // SECOND}s",
            },
            "accounts": {
                name: account(hours, calls_per_second=RATES[name])
                for name, hours in self.hours.items()
            },
        }


def spans(longest: timedelta, shortest: timedelta = timedelta(0)) -> st.SearchStrategy[timedelta]:
    """Whole seconds, and often whole hours."""
    seconds = st.integers(shortest // SECOND, longest // SECOND).map(lambda count: count * SECOND)
    hours = st.integers(-(-shortest // HOUR), longest // HOUR).map(lambda count: count * HOUR)
    return hours | seconds


@st.composite
def weeks(draw: st.DrawFn, zone: str, first: date) -> Hours:
    """Some ranges on some days, past midnight or not, and some holidays."""
    ranges = []
    for _ in range(draw(st.integers(1, 4))):
        days = draw(st.just(set(range(7))) | st.sets(st.integers(0, 6), min_size=1))
        opens = draw(st.integers(0, 95).map(lambda quarter: quarter * 15) | st.integers(0, 1439))
        length = draw(st.integers(1, 95).map(lambda quarter: quarter * 15) | st.integers(1, 1439))
        closes = opens + length
        ranges += [(day, opens, closes - 1440 if closes > 1440 else closes) for day in days]
    shut = draw(st.sets(st.integers(0, 3), max_size=2))
    return Hours(tuple(ranges), zone, frozenset(first + nth * DAY for nth in shut))


@st.composite
def calls(draw: st.DrawFn, nth: int, start: datetime, hours: dict[str, Hours]) -> Wanted:
    """One call, rung in one of the ways there are, and often wanted when hours begin or end."""
    name = draw(st.sampled_from(sorted(hours)))
    kind = draw(st.sampled_from(["Number", "Number", "Agent", "Group"]))
    to = draw(st.lists(st.sampled_from(CUSTOMERS), min_size=1, max_size=2, unique=True))
    params = {
        "from": draw(st.sampled_from(AGENTS)) if kind == "Number" else "12",
        "fromType": kind,
        "to": ",".join(to),
        "fromRetryCount": str(draw(st.sampled_from([0, 0, 1, 3]))),
        "toRetryCount": str(draw(st.sampled_from([0, 0, 0, 1, 3]))),
        "fromRingTime": str(draw(st.sampled_from([1, 20, 50]))),
        "toRingTime": str(draw(st.sampled_from([1, 20, 50]))),
    }
    if len(to) > 1:
        params["toStrategy"] = draw(st.sampled_from(["ONE_BY_ONE", "TO_ALL"]))
    if kind == "Group":
        params["queueTimeout"] = str(draw(st.sampled_from([1, 60, 600])))
    created = start + draw(spans(20 * HOUR))
    edges = [edge for pair in hours[name].stretches(start, created) for edge in pair]
    if edges and draw(st.booleans()):
        near = draw(st.integers(-200, 5)) * SECOND
        created = max(start, draw(st.sampled_from(edges)) + near)
    not_before = created + draw(st.just(timedelta(0)) | spans(5 * HOUR))
    return Wanted(
        key=f"call{nth}",
        account=name,
        params=params,
        created=created,
        not_before=not_before,
        not_after=not_before + draw(spans(50 * HOUR, MINUTE)),
        priority=draw(st.integers(0, 9)),
        customer=draw(st.sampled_from(["to", "from", "both"])) if kind == "Number" else "to",
    )


@st.composite
def drives(draw: st.DrawFn, nth: int, start: datetime, names: list[str], first: date) -> Drive:
    """A campaign whose contacts have zones of their own."""
    kind = draw(st.sampled_from(["Number", "Agent", "Group"]))
    call = {
        "from": AGENTS[0] if kind == "Number" else "7",
        "fromType": kind,
        "fromRetryCount": str(draw(st.integers(0, 1))),
        "toRetryCount": str(draw(st.integers(0, 1))),
        "fromRingTime": "20",
        "toRingTime": str(draw(st.sampled_from([1, 50]))),
    }
    starts = start + draw(spans(20 * HOUR))
    ends = starts + draw(spans(40 * HOUR, HOUR))
    numbers = draw(st.lists(st.sampled_from(LISTED), min_size=1, max_size=4, unique=True))
    zones = st.sets(st.sampled_from(ZONES), min_size=1, max_size=2).map(sorted)
    change = starts + draw(spans(20 * HOUR))
    day = first + draw(st.integers(0, 3)) * DAY
    pause = starts + draw(spans(10 * HOUR))
    return Drive(
        name=f"drive{nth}",
        fields={"account": draw(st.sampled_from(names)), "call": call},
        ranges=draw(weeks(INDIA, first)).ranges,
        starts=starts,
        ends=ends,
        contacts=[(number, draw(zones)) for number in numbers],
        holiday=draw(st.none() | st.just((day, change))),
        pause=draw(st.none() | st.just((pause, pause + draw(spans(10 * HOUR, MINUTE))))),
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Anything that can happen in two days."""
    night = draw(st.sampled_from(sorted(NIGHTS)))
    start = local(f"{night} 00:00", NIGHTS[night]) + draw(spans(DAY))
    names = draw(st.sampled_from([["default"], ["default", "other"]]))
    scopes = st.sampled_from([*names, "all"])
    zones = st.just(NIGHTS[night]) | st.sampled_from(ZONES)
    first = date.fromisoformat(night)
    hours = {name: draw(zones.flatmap(lambda zone: weeks(zone, first))) for name in names}
    return History(
        start=start,
        hours=hours,
        gap=draw(st.sampled_from([0, 60, 3600, 7200])) * SECOND,
        cap=draw(st.none() | st.tuples(st.integers(1, 5), st.sampled_from([HOUR, DAY]))),
        wanted=[draw(calls(nth, start, hours)) for nth in range(draw(st.integers(0, 5)))],
        holds=draw(st.lists(st.tuples(scopes, spans(DAY), spans(10 * HOUR, MINUTE)), max_size=2)),
        listed=draw(
            st.lists(st.tuples(st.sampled_from(CUSTOMERS), scopes, spans(LENGTH)), max_size=1)
        ),
        outcomes=draw(
            st.lists(st.just("placed") | st.sampled_from(sorted(OUTCOMES)), min_size=3, max_size=8)
        ),
        takes=draw(
            st.lists(
                st.sampled_from([0, 0, 0, 3, 15]).map(lambda count: count * SECOND),
                min_size=1,
                max_size=4,
            )
        ),
        stray=draw(st.lists(spans(LENGTH), max_size=4)),
        drives=[draw(drives(nth, start, names, first)) for nth in range(draw(st.integers(0, 2)))],
    )


def go_on(world: RingWorld, drive: Drive) -> None:
    """Let a campaign happen."""
    world.campaign(drive.campaign(), drive.wanted(), drive.starts)
    if drive.pause:
        world.pause(drive.name, *drive.pause)
    if drive.holiday:
        world.redefine(drive.campaign(late=True), drive.holiday[1])


def played(make_world: Callable[..., RingWorld], history: History) -> RingWorld:
    """Let a history happen."""
    world = make_world(
        history.settings(),
        history.facts(),
        start=history.start,
        outcomes=history.outcomes,
        takes=history.takes,
    )
    for wanted in history.wanted:
        world.order(wanted)
    for drive in history.drives:
        go_on(world, drive)
    for scope, since, length in history.holds:
        world.hold(scope, history.start + since, history.start + since + length)
    for number, scope, since in history.listed:
        world.suppress(number, scope, history.start + since)
    for when in [*history.stray, *(since for _, since, _ in history.holds)]:
        world.stray(history.start + when)
    world.run(history.start + LENGTH)
    return world
