"""
Campaigns as they really go, for the forecast to be judged by.

Minute by minute and call by call, with much that no forecast knows: outages,
other campaigns that come and go, a rate that is cut, agents at lunch, odds that
change with the hour. Shares no code with `dialer`.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
KINDS = ("one day", "nights", "weekends and holidays", "zones", "agents", "retries")
#: A campaign's end; far enough that every one of them is done before.
LENGTH = timedelta(days=60)
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")


@dataclass
class Scene:
    """What an operator knows of a campaign."""

    kind: str
    begins: datetime
    zones: tuple[str, ...] = ("Asia/Kolkata",)
    ranges: tuple[tuple[int, int], ...] = ((9, 20),)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    shut: tuple[date, ...] = ()
    contacts: int = 500
    per_minute: float = 2.0
    agents: int = 0
    live_limit: bool = False
    max_tries: int = 3
    wait: timedelta = MINUTE
    next_day: bool = False
    fault: float = 0.05
    bad: float = 0.03
    rivals: bool = False

    @property
    def ends(self):
        return self.begins + LENGTH

    def windows(self, zone):
        """Open time in one zone, in UTC, day by day."""
        clock, made = ZoneInfo(zone), []
        day = self.begins.astimezone(clock).date() - timedelta(days=1)
        while day <= self.ends.astimezone(clock).date():
            if day.weekday() in self.weekdays and day not in self.shut:
                for first, last in self.ranges:
                    start = datetime(day.year, day.month, day.day, first, tzinfo=clock)
                    end = datetime(day.year, day.month, day.day, last, tzinfo=clock)
                    opens = max(start.astimezone(UTC), self.begins)
                    closes = min(end.astimezone(UTC), self.ends)
                    if opens < closes:
                        made.append((opens, closes))
            day += timedelta(days=1)
        return made


@dataclass
class Seen:
    """What can be seen of a campaign at one moment."""

    at: datetime
    ended: int
    waiting: dict[str, int]
    due: list[tuple[datetime, str]]
    #: By hour: starts, placed, retries, defers, dead, unconfirmed.
    hours: dict[datetime, list[int]]


@dataclass
class Story:
    """A campaign from its beginning to its end, and how it looked on the way."""

    scene: Scene
    seen: Seen
    finish: datetime


def scene(kind, rng):
    """A campaign of one kind; of a few hundred to a few thousand contacts."""
    hours = {
        "one day": rng.uniform(2, 8),
        "nights": rng.uniform(14, 45),
        "weekends and holidays": rng.uniform(35, 90),
        "zones": rng.uniform(8, 50),
        "agents": rng.uniform(5, 40),
        "retries": rng.uniform(4, 40),
    }[kind]
    made = Scene(kind, datetime(2026, rng.randint(1, 12), rng.randint(1, 28), 4, tzinfo=UTC))
    made.begins += rng.randint(0, 300) * MINUTE if kind != "one day" else MINUTE * 0
    made.contacts = rng.randint(300, 1200)
    made.fault, made.bad = rng.uniform(0.01, 0.15), rng.uniform(0.0, 0.08)
    made.rivals = rng.random() < 0.35
    if rng.random() < 0.3:
        made.ranges = ((9, 13), (15, 19))
    if kind == "weekends and holidays":
        made.weekdays = (0, 1, 2, 3, 4) if rng.random() < 0.5 else (0, 1, 2, 3, 4, 5)
        some = (made.begins.date() + timedelta(days=rng.randint(1, 14)) for _ in range(3))
        made.shut = tuple(some)
    if kind == "zones":
        made.zones = tuple(rng.sample(_ZONES, rng.randint(2, 4)))
        made.begins += timedelta(hours=9)
    if kind == "retries":
        made.fault, made.max_tries = rng.uniform(0.25, 0.5), rng.randint(3, 5)
        made.wait = timedelta(minutes=rng.choice((10, 30, 60, 120, 240)))
        made.next_day = rng.random() < 0.3
    made.per_minute = made.contacts / (hours * 60) / rng.uniform(0.5, 0.9)
    if kind == "agents":
        made.agents, made.live_limit = rng.randint(3, 15), rng.random() < 0.5
        made.contacts = min(3000, int(made.agents * hours * 60 / rng.uniform(2, 5)))
        made.per_minute = made.agents * rng.uniform(0.6, 2.0)
    return made


@dataclass
class Weather:
    """What befalls a campaign: nothing of it is known beforehand."""

    scene: Scene
    rng: Random
    quality: float = 1.0
    cut: float = 1.0
    cut_at: float = 1e9
    cut_until: float = 1e9
    outage_until: float = -1.0
    hard: bool = False
    rivals: list[float] = field(default_factory=list)
    by_hour: list[float] = field(default_factory=list)
    call_minutes: float = 3.0

    def __post_init__(self):
        rng = self.rng
        self.quality = rng.uniform(0.8, 1.0)
        if rng.random() < 0.3:
            expected = self.scene.contacts / self.scene.per_minute
            self.cut, self.cut_at = rng.uniform(0.5, 0.85), rng.uniform(0, 1.3) * expected
            if rng.random() < 0.5:
                self.cut_until = self.cut_at + rng.uniform(60, 360)
        self.by_hour = [1 + 0.35 * rng.uniform(-1, 1) for _ in range(24)]
        self.call_minutes = rng.uniform(2, 5)

    def next(self, minute):
        """One open minute more."""
        rng = self.rng
        if minute > self.outage_until and rng.random() < 1 / (25 * 60):
            self.outage_until = minute + min(120, rng.lognormvariate(log(20), 0.8))
            self.hard = rng.random() < 0.6
        if self.scene.rivals:
            self.rivals = [end for end in self.rivals if end > minute]
            if len(self.rivals) < 2 and rng.random() < 1 / (9 * 60):
                self.rivals.append(minute + rng.expovariate(1 / 180))

    def pace(self, minute):
        """Calls that may begin in this minute."""
        if minute <= self.outage_until and self.hard:
            return 0.0
        cut = self.cut if self.cut_at <= minute < self.cut_until else 1.0
        rest = self.scene.per_minute * self.quality * cut * self.rng.uniform(0.85, 1.0)
        return rest / (1 + 0.7 * len(self.rivals))

    def agents(self, local_hour):
        lunch = 0.5 if local_hour == 13 else 1.0
        away = self.rng.random() < 0.1
        return max(1, int(self.scene.agents * lunch) - away)

    def fault(self, minute, hour):
        broken = minute <= self.outage_until and not self.hard
        return 0.8 if broken else min(0.9, self.scene.fault * self.by_hour[hour])

    def talk(self, hour):
        """Minutes that one call takes; many are not answered."""
        if self.rng.random() < 0.35 * self.by_hour[hour]:
            return 0.7
        return self.rng.expovariate(1 / self.call_minutes) + 0.3


class World:
    """One campaign under way."""

    def __init__(self, scene, rng):
        self.scene, self.rng = scene, rng
        self.weather = Weather(scene, rng)
        self.windows = {zone: scene.windows(zone) for zone in scene.zones}
        self.fresh = {zone: deque() for zone in scene.zones}
        for row in range(scene.contacts):
            self.fresh[rng.choice(scene.zones)].append((row, 0))
        self.ready = {zone: deque() for zone in scene.zones}
        self.due = []
        self.talking = []
        self.hours = {}
        self.ended = 0
        self.owed = 0.0
        self.open_minutes = 0
        self.order = 0

    def story(self, look_at):
        """Live through it; look once, when the part *look_at* of the contacts has ended."""
        at, seen, place = self.scene.begins, None, dict.fromkeys(self.windows, 0)
        while self.ended < self.scene.contacts:
            is_open, opens = [], []
            for zone, windows in self.windows.items():
                while windows[place[zone]][1] <= at:
                    place[zone] += 1
                start = windows[place[zone]][0]
                (is_open if start <= at else opens).append(zone if start <= at else start)
            if not is_open:
                at = min(opens)
                continue
            self.minute(at, is_open)
            at += MINUTE
            if seen is None and self.ended >= look_at * self.scene.contacts:
                seen = self.look(at)
        return Story(self.scene, seen, at)

    def look(self, at):
        waiting = {zone: len(self.fresh[zone]) + len(self.ready[zone]) for zone in self.fresh}
        due = [(when, zone) for when, _, zone, _ in self.due]
        hours = {hour: list(counts) for hour, counts in self.hours.items()}
        return Seen(at, self.ended, waiting, due, hours)

    def minute(self, at, is_open):
        weather, minute = self.weather, self.open_minutes
        self.open_minutes += 1
        weather.next(minute)
        while self.due and self.due[0][0] <= at:
            _, _, zone, job = heapq.heappop(self.due)
            self.ready[zone].append(job)
        local = at.astimezone(ZoneInfo(self.scene.zones[0])).hour
        counts = self.hours.setdefault(at.replace(minute=0, second=0, microsecond=0), [0] * 6)
        self.owed = min(self.owed + weather.pace(minute), weather.pace(minute) + 1)
        free = self.free(at, local)
        fault = weather.fault(minute, local)
        while self.owed >= 1 and (taken := self.take(is_open)):
            self.owed -= 1
            counts[0] += 1
            if free == 0:
                counts[3] += 1
                self.put_back(*taken, at, timedelta(minutes=self.rng.uniform(0.5, 4)))
                break
            free -= 1
            self.call(*taken, at, local, fault, counts)

    def free(self, at, local):
        if not self.scene.agents:
            return -1
        while self.talking and self.talking[0] <= at:
            heapq.heappop(self.talking)
        return max(0, self.weather.agents(local) - len(self.talking))

    def take(self, is_open):
        """The job at the head: what was tried and is ready, else the next of the list."""
        for zone in is_open:
            if self.ready[zone]:
                return zone, self.ready[zone].popleft()
        heads = [(self.fresh[zone][0], zone) for zone in is_open if self.fresh[zone]]
        if not heads:
            return None
        zone = min(heads)[1]
        return zone, self.fresh[zone].popleft()

    def call(self, zone, job, at, local, fault, counts):
        (row, tries), scene = job, self.scene
        drawn = self.rng.random()
        if drawn < fault:
            if tries + 1 >= scene.max_tries:
                counts[4] += 1
                self.ended += 1
                return
            counts[2] += 1
            wait = scene.wait * self.rng.uniform(0.5, 1.0)
            if scene.next_day:
                clock = ZoneInfo(zone)
                tomorrow = at.astimezone(clock).date() + timedelta(days=1)
                midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=clock)
                wait = max(wait, midnight.astimezone(UTC) - at)
            self.put_back(zone, (row, tries + 1), at, wait)
            return
        self.ended += 1
        drawn = self.rng.random()
        if drawn < scene.bad:
            counts[4] += 1
        elif drawn < scene.bad + 0.01:
            counts[5] += 1
        else:
            counts[1] += 1
        if scene.agents:
            length = timedelta(minutes=self.weather.talk(local))
            heapq.heappush(self.talking, at + length)

    def put_back(self, zone, job, at, wait):
        self.order += 1
        heapq.heappush(self.due, (at + wait, self.order, zone, job))


def live(kind, seed):
    """One whole campaign of *kind*, looked at when 15 to 60 % of it were done."""
    rng = Random(seed)
    return World(scene(kind, rng), rng).story(rng.uniform(0.15, 0.6))
