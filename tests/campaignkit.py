"""What campaign tests are made of: campaigns, lists, a feeder, and workers that take turns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatchkit import route
from storekit import LIMITS, Clockwork

from dialer.domain.account.account import Route
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Go, No
from dialer.feeding.feeder import Feeder

PERIOD = timedelta(seconds=10)


def number(nth: int) -> str:
    """Return a number that belongs to nobody."""
    return f"+9190000{nth:05d}"


def campaign(name: str, now: datetime, **fields: object) -> Campaign:
    """Define a campaign: one group of agents rings whoever is in the column "mobile"."""
    fields = {
        "name": name,
        "call": {"from": "7", "fromType": "Group"},
        "columns": {"to": "mobile"},
    } | fields
    return Campaign.read(fields, now=now, time_zone="Asia/Kolkata")


@dataclass
class Field:
    """A store with campaigns in it, and somebody who feeds them."""

    clock: Clockwork
    routes: dict[str, Route]
    feeder: Feeder

    @classmethod
    def on(cls, clock: Clockwork, **limits: object) -> "Field":
        """Look after the campaigns of one account."""
        routes = {"default": route(limits=replace(LIMITS, **limits))}  # type: ignore[arg-type]  # a test names the fields it means
        return cls(clock, routes, Feeder(_timed(clock), routes, period=PERIOD))

    def create(
        self, name: str, numbers: Iterable[int] = (), *, start: bool = True, **fields: object
    ) -> Campaign:
        """Define a campaign, fill its list, start it and let the feeder look."""
        made = campaign(name, self.clock.now, **fields)
        self.clock.store.campaigns.create(made, who="test")
        self.add(name, numbers)
        if start:
            self.steer("start", name)
        return made

    def add(self, name: str, numbers: Iterable[int], zones: str = "") -> list[bool]:
        """Add contacts to a list."""
        contacts = [Contact(n, (number(n),), zones, (number(n),)) for n in numbers]
        return self.clock.store.contacts.append(name, zones, contacts) if contacts else []

    def steer(self, verb: str, name: str) -> bool:
        """Steer a campaign, and let the feeder look at it."""
        done = self.clock.store.campaigns.steer(verb, name, who="test", reason="a test")  # type: ignore[arg-type]  # a test names a verb
        self.feeder.look(name)
        return done

    def tick(self) -> None:
        """Let time pass for everything whose moment has come."""
        self.clock.store.maintenance.due()
        self.feeder.tick()

    def dial(self, **changes: object) -> Go | No:
        """Ask for a job once, until the answer is one."""
        changes.setdefault("limits", self.routes["default"].limits)
        reply = self.clock.begin(**changes)
        while reply == No("sorting"):
            reply = self.clock.begin(**changes)
        assert isinstance(reply, Go | No), reply
        return reply

    def dial_all(self, most: int = 1000, step: timedelta = timedelta(seconds=1)) -> list[Go]:
        """Begin jobs until there is none, one each step of the clock; none of them is settled."""
        begun: list[Go] = []
        while len(begun) < most:
            self.clock.forward(step)
            reply = self.dial()
            if isinstance(reply, No):
                break
            begun.append(reply)
        return begun

    def counts(self, name: str) -> dict[str, int]:
        """Count a campaign's contacts; the books must balance."""
        progress = self.clock.store.campaigns.progress(name)
        assert sum(progress.counts.values()) == progress.fed
        counts = {"waiting": progress.waiting, **progress.counts}
        return {str(name): count for name, count in counts.items() if count}


def _timed(clock: Clockwork):
    """The store, whose server tells the time of the moved clock."""
    clock.store.server.time = lambda: clock.now  # type: ignore[method-assign]  # the clock of a test
    return clock.store
