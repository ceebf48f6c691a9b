"""Clocks that step: never faster, nothing ended by it, and it goes on or says why."""

import itertools
from collections import defaultdict
from datetime import timedelta

import pytest
from budgets import FULL
from campaignkit import PERIOD, Field
from dispatchkit import route
from storekit import (
    LEASE,
    LIMITS,
    PLACED,
    REFUSED,
    SECOND,
    START,
    Clockwork,
    windows,
)

from dialer.domain.account.limits import Limits
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.contact_job import new_turn
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go, No, Wait
from dialer.domain.job.codes import Kind
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.job import State
from dialer.domain.job.new_job import NewJob
from dialer.errors import StoreUnavailable
from dialer.feeding.feeder import Feeder
from dialer.maintenance.upkeep import Upkeep

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZERO = timedelta(0)
STEPS = [SECOND, 66 * SECOND, 3 * MINUTE, HOUR, 5.5 * HOUR, 2 * DAY, 40 * DAY]
#: Whose clock steps by how much; `make proofs` tries each with each.
CASES = [("all", step) for step in (SECOND, 66 * SECOND, 40 * DAY)]
CASES += [("store", 3 * MINUTE), ("worker", HOUR)]
if FULL:
    CASES = [(whose, step) for whose in ("all", "store", "worker") for step in STEPS]
#: More than this is noticed; less is lived through.
SMALL = 3 * SECOND
EVER = windows((START - 100 * DAY, START + 400 * DAY))
RULES = PacerRules(SECOND, SECOND / 10, SECOND)
RING, TALK = 5 * SECOND, 20 * SECOND
#: Calls a second of the accounts that are watched, and of a campaign of its own rate.
RATE, OWN = 2.0, 1.0
LIMITED = {
    "plain": Limits(RATE, 1, 1000, 0, TALK),
    "burst": Limits(RATE, 3, 1000, 0, TALK),
    "cut": Limits(RATE, 1, 1000, 0, TALK),
    "live": Limits(1000, 1, 1000, 2, TALK),
    "own": Limits(1000, 1, 1000, 0, TALK),
    "broken": Limits(1000, 1, 1000, 0, TALK),
    "office": Limits(RATE, 1, 1000, 0, TALK),
}


class World:
    """
    One process that rings for several accounts while its clocks step.

    Attributes:
        starts: For each account the moments of its calls, by the time that really passed.
        said: The last answer to each account.
    """

    def __init__(self, clock: Clockwork) -> None:
        self.clock, self.store = clock, clock.store
        self.starts: dict[str, list[timedelta]] = defaultdict(list)
        self.said: dict[str, Go | No | Wait] = {}
        self.beat = clock.now
        self.field = Field.on(clock)
        routes = {name: route(name, limits=limits) for name, limits in LIMITED.items()}
        self.field.routes.update(routes)
        self.field.feeder = Feeder(self.store, routes, period=PERIOD)
        self.upkeep = Upkeep(
            self.store,
            period=PERIOD,
            first=(self.store.maintenance.notice,),
            feed=self.field.feeder.tick,
            assumed=TALK,
            monotonic=lambda: self.clock.passed.total_seconds(),  # noqa: PLW0108 - as in storekit
        )
        # Open for the real day of the test only: holidays and hours go by the wall.
        self.office = windows((clock.now - HOUR, clock.now + 3 * HOUR))

    def fill(self) -> None:
        """Give every account work, and bring each into its situation."""
        for name in LIMITED:
            waiting = [self.job(name) for _ in range(300)]
            assert set(self.store.jobs.enqueue(waiting, who="test")) == {"created"}
        self.field.create(
            "slow",
            range(300),
            account="own",
            calls_per_second=OWN,
            calling_hours="always",
            ends=self.clock.now + 80 * DAY,
        )
        for name, outcome in [("cut", Kind.CAPACITY), *[("broken", Kind.PROVIDER)] * 5]:
            self.clock.forward(SECOND)
            reply = self.begin(name)
            assert isinstance(reply, Go)
            self.clock.settle(reply, REFUSED[outcome])
        # Begun by a worker that is gone since.
        self.clock.enqueue("lost", account="gone", lane="gone/-/-/")
        assert isinstance(self.begin("gone"), Go)
        self.lost_at = self.clock.passed
        # Nothing dials these: they wait for their end, and for their time.
        self.clock.enqueue("mortal", account="nobody", lane="nobody/-/-/", deadline=2 * MINUTE * 2)
        self.clock.enqueue(
            "later", account="nobody", lane="nobody/-/-/", not_before=self.clock.now + 4 * MINUTE
        )
        self.clock.enqueue("old", account="done", lane="done/-/-/", key="order-1", priority=9)
        reply = self.begin("done")
        assert isinstance(reply, Go)
        self.clock.settle(reply, PLACED)

    def job(self, account: str) -> NewJob:
        """Make a job that outlives every step."""
        lane = f"{account}/-/-/"
        return self.clock.job(account=account, lane=lane, deadline=90 * DAY, longest_ring=RING)

    def begin(self, account: str) -> Go | No | Wait:
        """Ask once for one account."""
        hours = self.office if account == "office" else EVER
        limits = LIMITED.get(account, LIMITS)
        return self.clock.begin(account=account, limits=limits, windows=hours)

    def work(self, time: timedelta, pause: timedelta = SECOND / 2) -> None:
        """Let the process work for some time that really passes."""
        end = self.clock.passed + time
        for nth in itertools.count():
            if self.clock.passed >= end:
                break
            for account in LIMITED:
                if nth % 4 == 0:
                    self.plan(account)
                self.ask(account)
            self.store.maintenance.due()
            if self.clock.now >= self.beat:
                self.upkeep.tick()
                self.beat = self.clock.now + PERIOD
            self.clock.forward(pause)

    def plan(self, account: str) -> None:
        """Plan doorbells as a pacer does, which steps in for a beat that goes by the wall."""
        plan = self.store.doorbells.plan(
            account,
            LIMITED[account],
            EVER,
            RULES,
            worker="here:1",
            record={"settings": ""},
            capacity=1000,
        )
        if self.upkeep.overdue(plan.since_tick):
            self.upkeep.tick()

    def ask(self, account: str) -> None:
        """Begin what an account may begin now; all of it is placed at once."""
        for _ in range(8):
            reply = self.said[account] = self.begin(account)
            if isinstance(reply, Go):
                self.starts[account].append(self.clock.passed + reply.ahead)
                self.clock.settle(reply, PLACED)
            elif reply != No("sorting"):
                break

    def step(self, by: timedelta, whose: str) -> None:
        """Move the clocks on the wall: all of them, or one alone."""
        if whose == "worker":
            self.clock.off += by
            return
        self.clock.step(by)
        if whose == "store":
            self.clock.off -= by

    def most(self, account: str, period: timedelta) -> int:
        """Count the most calls that an account began in any such period."""
        starts = self.starts[account]
        return max(
            (sum(1 for other in starts if one <= other < one + period) for one in starts), default=0
        )


@pytest.fixture
def world(scratch_clockwork: Clockwork) -> World:
    """A process in the middle of its work."""
    world = World(scratch_clockwork)
    world.fill()
    world.work(10 * SECOND)
    return world


def rates_hold(world: World) -> None:
    """No window of real time has more calls than allowed; begin may look ahead a little."""
    ahead = 0.05
    for period in (SECOND, 5 * SECOND, 20 * SECOND):
        allowed = RATE * (period.total_seconds() + ahead)
        for account, burst in {"plain": 1, "cut": 1, "office": 1, "burst": 3}.items():
            most = world.most(account, period)
            assert most <= burst + allowed, (account, period, most)


def never_too_fast(world: World) -> None:
    """Rates hold, and no more calls go on than may, whose length is an assumption."""
    rates_hold(world)
    assert world.most("live", RING + TALK - SMALL) <= LIMITED["live"].max_live_calls


def nothing_ended(world: World) -> None:
    """What was not over without the step is not over with it."""
    store = world.store
    assert store.jobs.get("mortal").state is State.READY
    assert store.jobs.get("later").state is State.SCHEDULED
    assert store.jobs.get("old").state is State.PLACED
    assert store.jobs.enqueue([world.clock.job("old", account="done", key="order-1")], who="x") == [
        "duplicate"
    ]
    assert store.jobs.counts()[State.SKIPPED] == 0


def goes_on(world: World, since: timedelta) -> None:
    """Every account has had calls since then."""
    for account in ("plain", "burst", "cut", "live", "own"):
        assert world.starts[account][-1] >= since, (account, world.said[account])


def says_why(world: World) -> None:
    """No call starts, and whoever asks is told that it is for the clock."""
    assert set(world.said.values()) <= {No("clock"), No("held:all")}
    held = {(hold.scope, hold.owner) for hold in world.store.holds.all()}
    assert ("all", "clock") in held or world.said["plain"] == No("clock")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("whose", "size"), CASES, ids=str)
def test_clock_that_steps(world: World, whose: str, size: timedelta, sign: int) -> None:
    """Once: all clocks back are followed; forwards, or alone, nobody is rung and it is said."""
    began = world.clock.passed
    world.step(sign * size, whose)
    world.work(MINUTE)

    never_too_fast(world)
    nothing_ended(world)
    if size <= SMALL or (whose == "all" and sign < 0):
        goes_on(world, began + 30 * SECOND)
    else:
        says_why(world)
    world.work(20 * SECOND)
    assert world.clock.passed - world.lost_at > LEASE
    expected = State.DIALING if whose != "all" or sign > 0 else State.UNCONFIRMED
    if size <= SMALL:
        expected = State.UNCONFIRMED
    assert world.store.jobs.get("lost").state is expected


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("whose", "size"), CASES, ids=str)
def test_clock_that_steps_there_and_back(
    world: World, whose: str, size: timedelta, sign: int
) -> None:
    """Six seconds of another time change nothing that lasts."""
    world.step(sign * size, whose)
    world.work(6 * SECOND)
    never_too_fast(world)
    world.clock.enqueue("meanwhile", account="plain", lane="plain/-/-/", deadline=90 * DAY)
    back = world.clock.passed
    world.step(-sign * size, whose)
    world.work(MINUTE)

    never_too_fast(world)
    nothing_ended(world)
    if whose == "all" and sign < 0 and size > SMALL:
        # The way back is a step forward like any other, until a person says that it is right.
        says_why(world)
        world.store.holds.release("all", owner="clock", who="ann", reason="looked at")
        back = world.clock.passed
        world.work(MINUTE)
        never_too_fast(world)
    goes_on(world, back + 30 * SECOND)
    job = world.store.jobs.get("meanwhile")
    assert max(job.created, job.entered) <= world.clock.now


DAYS = 40 * DAY


@pytest.mark.parametrize(
    "steps", [(DAYS, -10 * SECOND), (DAYS, -66 * SECOND), (5.5 * HOUR, -SECOND), (HOUR, -HOUR / 2)]
)
def test_a_step_that_is_only_partly_taken_back_is_held(world: World, steps) -> None:
    """Also for processes that come only then; what is left of it ends nothing."""
    for by in steps:
        world.step(by, "all")
        world.work(6 * SECOND)
    fresh = world.clock.newcomer()
    Upkeep(fresh.store, period=PERIOD, first=(fresh.store.maintenance.notice,)).tick()
    world.work(20 * SECOND)

    says_why(world)
    nothing_ended(world)
    world.step(-sum(steps, ZERO), "all")
    world.work(MINUTE)
    nothing_ended(world)
    goes_on(world, world.clock.passed - 30 * SECOND)


def test_a_step_that_a_tick_sees_first_is_held(world: World) -> None:
    """The first word of a tick is the comparison itself."""
    world.step(DAYS, "all")
    world.upkeep.tick()

    assert ("all", "clock") in {(hold.scope, hold.owner) for hold in world.store.holds.all()}
    nothing_ended(world)


def test_no_script_believes_a_step_before_it_is_written_down(world: World, monkeypatch) -> None:
    """Neither another thread in between, nor the next one when the note is lost."""
    server, told = world.store.server, []
    once = server._run_once

    def lost(script, ask, **rest):
        if script == "notice" and not told:
            told.append("cut")
            told.append(world.begin("plain"))
            raise StoreUnavailable("cut")
        return once(script, ask, **rest)

    monkeypatch.setattr(server, "_run_once", lost)
    world.step(DAYS, "all")
    with pytest.raises(StoreUnavailable):
        world.begin("plain")
    assert told == ["cut", No("clock")]
    world.work(20 * SECOND)

    says_why(world)
    nothing_ended(world)


def test_a_machine_whose_own_clock_stepped_first_sets_nobody_right(world: World) -> None:
    """Its agreement with the store is that of two wrong clocks."""
    world.step(DAYS, "worker")
    world.work(5 * SECOND)
    world.clock.off = ZERO
    world.clock.step(DAYS)
    world.work(20 * SECOND)

    says_why(world)
    nothing_ended(world)


def test_a_worker_that_comes_with_the_stores_wrong_clock_ends_nothing(world: World) -> None:
    """Those who lived through the step hold everything, though they could not dial by it."""
    world.step(DAYS, "store")
    world.work(2 * SECOND)
    fresh = world.clock.newcomer()
    upkeep = Upkeep(fresh.store, period=PERIOD, first=(fresh.store.maintenance.notice,))
    for _ in range(10):
        fresh.forward(SECOND)
        upkeep.tick()

    nothing_ended(world)
    world.clock.now = fresh.now
    world.step(-DAYS, "store")
    back = world.clock.passed
    world.work(MINUTE)
    goes_on(world, back + 30 * SECOND)


def test_one_process_that_stood_still_holds_nobody(world: World) -> None:
    """A paused machine sees the store's clock jump; the others have kept up with it."""
    paused = world.clock.newcomer()
    paused.store.maintenance.notice()
    for _ in range(20):
        world.work(SECOND)
    paused.now = world.clock.now
    paused.store.maintenance.notice()

    assert ("all", "clock") not in {(hold.scope, hold.owner) for hold in world.store.holds.all()}
    began = world.clock.passed
    world.work(10 * SECOND)
    assert world.starts["plain"][-1] > began


@pytest.mark.parametrize("into", [State.READY, State.DEAD])
def test_no_quarantine_ends_by_a_step(world: World, into: State) -> None:
    """Neither while it is held, nor by what is healed afterwards."""
    world.work(MINUTE + 10 * SECOND)
    assert world.store.jobs.get("lost").state is State.UNCONFIRMED
    began = world.store.jobs.get("lost").started
    rules = {"quarantine": 10 * MINUTE, "deadline": HOUR}
    world.step(2 * HOUR, "all")
    world.work(6 * SECOND)
    left = world.store.operator.resolve("lost", into, who="ann", reason="heard", **rules)
    assert (left > ZERO) is (into is State.READY)
    world.step(-2 * HOUR, "all")
    world.work(MINUTE)
    if into is State.DEAD:
        world.store.operator.redrive(["lost"], who="ann", per_second=1, deadline=HOUR)
        due = world.store.jobs.get("lost").due
        assert due is not None
        assert began is not None
        assert due >= began + 10 * MINUTE


def test_no_step_moves_a_time_that_a_contact_asked_for(world: World) -> None:
    """Nobody is called back before it, whatever the clock does meanwhile."""
    store, asked = world.store, world.clock.now + 2 * HOUR
    world.field.feeder.look("slow")
    world.clock.forward(SECOND)
    waits = next(store.jobs.select(State.READY, campaign="slow"))
    named = ContactJobId.parse(waits.id)
    assert named
    spot, calls = store.contacts.spot("slow", named.row), CallFactory(store.campaigns.get("slow"))
    assert spot
    job = new_turn(calls, spot.contact, spot.group.number, waits.mode)
    rest = {"agent": "", "peers": ["own"], "who": "ann", "why": ""}
    store.contacts.change("slow", spot, job, version=waits.version, not_before=asked, **rest)  # type: ignore[arg-type]  # of several types
    assert store.jobs.get(waits.id).due == asked
    world.step(-HOUR, "all")
    world.work(MINUTE)
    assert store.jobs.get(waits.id).due == asked


def test_small_steps_add_up_to_no_calls(world: World) -> None:
    """Each is lived through, and none earns a call."""
    for _ in range(4):
        world.step(2.9 * SECOND, "all")
        world.work(2 * SECOND)
    rates_hold(world)
    assert world.starts["plain"][-1] > world.clock.passed - 5 * SECOND


def test_healing_waits_for_a_clock_that_can_be_trusted(world: World) -> None:
    """A round that was refused has healed nothing, and does not count."""
    rounds = world.store.maintenance
    world.step(-HOUR, "all")
    rounds.notice()
    healing = rounds.healing()
    assert healing
    world.clock.off = HOUR
    assert rounds.tidy(0, healing=healing, assumed=TALK) is None
    world.upkeep.tidy(healing)
    assert rounds.healing() == healing
    world.clock.off = ZERO
    world.work(PERIOD + SECOND)
    assert rounds.healing() == ""


def test_release_of_a_hold_that_is_not_there_believes_no_clock(world: World) -> None:
    """Only who takes the hold off says that the time is right."""
    world.step(-HOUR, "all")
    world.store.holds.release("all", owner="clock", who="ann", reason="to be sure")
    world.work(MINUTE)

    goes_on(world, world.clock.passed - 30 * SECOND)
    never_too_fast(world)
