"""Which connections stand, which are made, and which may carry another request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from dialer.client.connection import UnconnectedError
from dialer.client.pool import Pool
from dialer.machine.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REUSE = timedelta(seconds=2)


@dataclass(eq=False)
class Wire:
    """A connection of a test."""

    world: "World"
    opened: float = 0.0
    took: float = 0.0
    idle_since: float = 0.0
    carried: bool = False
    open: bool = False

    def connect(self) -> None:
        self.world.tried.append(self.world.now)
        meanwhile, self.world.meanwhile = self.world.meanwhile, lambda: None
        meanwhile()
        if self.world.failure:
            raise self.world.failure
        self.took, self.open = 0.5, True
        self.opened = self.idle_since = self.world.now
        self.world.made.append(self)

    def stands(self) -> bool:
        return self.open

    def close(self) -> None:
        self.open = False


@dataclass
class World:
    """A clock that is moved by hand, and steps that run when the test says so."""

    reuse: timedelta = REUSE
    now: float = 100.0
    failure: UnconnectedError | None = None
    made: list[Wire] = field(default_factory=list)
    tried: list[float] = field(default_factory=list)
    steps: list = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    pool: Pool = None  # type: ignore[assignment]  # it needs the world

    def __post_init__(self) -> None:
        clock = Clock(monotonic=lambda: self.now, now=lambda: NOON)
        self.pool = Pool(
            lambda: Wire(self),  # type: ignore[arg-type,return-value]  # as much of one as a pool uses
            reuse=self.reuse,
            clock=clock,
            rng=Random(1),
            beside=self.steps.append,
        )

    def settle(self) -> None:
        """Let everything that was begun beside come to its end."""
        while self.steps:
            self.steps.pop(0)()

    def want(self, count: int, whose: str = "a") -> None:
        self.pool.want(whose, count)
        self.settle()

    @property
    def open(self) -> int:
        return sum(one.open for one in self.made)


def test_the_missing_are_made_at_once_and_none_twice():
    """Those being made, standing and reserved count as there."""
    world = World()
    world.pool.want("a", 3)
    world.pool.want("a", 3)
    assert len(world.steps) == 3
    world.settle()
    assert world.pool.standing() == 3
    taken = world.pool.reserve(2)
    world.want(3)

    assert (len(taken), world.pool.standing(), len(world.made)) == (2, 1, 3)


def test_accounts_that_share_a_place_add_up():
    """Each wants its own."""
    world = World()
    world.want(2, "a")
    world.want(3, "b")

    assert (world.open, world.pool.wanted_but("a")) == (5, 3)


def test_the_last_that_became_free_goes_first():
    """So that few are kept warm, and the others age."""
    world = World()
    world.want(3)
    (last,) = world.pool.reserve(1)
    world.now += 1
    world.pool.carried(last, keep=True, took=1)

    assert world.pool.reserve(1) == [last]


def test_no_two_reserve_the_same_one():
    """And those that were reserved are nobody else's until they are given back."""
    world = World()
    world.want(2)
    first, second = world.pool.reserve(2)
    assert world.pool.reserve(1) == []
    world.pool.give_back([first])

    assert world.pool.reserve(2) == [first]
    assert second.open


@pytest.mark.parametrize(
    ("keep", "reuse", "idle", "age", "again"),
    [
        (True, 2, 1.9, 1.9, True),
        (True, 2, 2.0, 2.0, False),
        (True, 2, 1.9, 59.9, True),
        (True, 2, 1.9, 60.0, False),
        (False, 2, 0.0, 0.0, False),
        (True, 0, 0.0, 0.0, False),
    ],
)
def test_who_may_carry_another_request(keep, reuse, idle, age, again):
    """Idle for less than `wire.reuse`, opened less than a minute ago, and let by its answer."""
    world = World(reuse=timedelta(seconds=reuse))
    one = world.pool.connect()
    world.now += age - idle
    world.pool.carried(one, keep=keep, took=1)
    world.now += idle

    assert world.pool.reserve(1) == ([one] if again else [])
    assert one.open == again


def test_one_that_was_closed_meanwhile_is_not_handed_out():
    """What is behind it in the row is."""
    world = World()
    world.want(2)
    world.now += 1.5
    world.made[-1].open = False

    assert world.pool.reserve(1) == [world.made[0]]


def test_what_was_opened_ahead_and_not_used_is_opened_ever_more_seldom():
    """The pause doubles up to 30 s, and a call that goes out ends it."""
    world = World()
    for _ in range(4000):
        world.want(1)
        world.pool.standing()
        world.now += 0.1
    made = [one.opened for one in world.made]
    pauses = [round(later - sooner) for sooner, later in pairwise(made)]
    assert pauses[:5] == [3, 4, 6, 10, 18]
    assert set(pauses[5:]) == {32}
    world.pool.carried(world.pool.connect(), keep=False, took=1)
    world.want(1)

    assert world.made[-1].opened == world.now


def test_a_place_that_cannot_be_reached_is_tried_every_one_to_four_seconds():
    """By one attempt at a time, however many are wanted; the trouble is as old as the first."""
    world = World(failure=UnconnectedError("connection refused"))
    for _ in range(6000):
        world.want(30)
        world.now += 0.1
    # The first thirty set out together, before anybody knew.
    gaps = {round(later - sooner, 1) for sooner, later in pairwise(world.tried[30:])}
    assert min(gaps) >= 1.0
    assert max(gaps) <= 4.1
    assert len(gaps) > 10
    trouble = world.pool.trouble
    assert trouble is not None
    assert (trouble.since, trouble.why, trouble.certificate) == (NOON, "connection refused", False)
    assert world.pool.reserve(1) == []

    world.failure = None
    tried = len(world.tried)
    while len(world.tried) == tried:
        world.want(30)
        world.now += 0.1
    assert world.pool.trouble is None
    world.want(30)
    assert world.pool.standing() == 30


def test_nobody_connects_in_his_own_time_while_a_place_cannot_be_reached():
    """A doorbell that comes meanwhile is answered at once: there is no connection."""
    world = World(failure=UnconnectedError("no connection in time"))
    with pytest.raises(UnconnectedError):
        world.pool.connect()
    with pytest.raises(UnconnectedError, match="no connection in time"):
        world.pool.connect()
    assert len(world.tried) == 1
    world.now += 4

    with pytest.raises(UnconnectedError):
        world.pool.connect()
    assert len(world.tried) == 2


def test_one_of_many_that_failed_is_no_trouble():
    """Others came about after it had begun."""
    world = World()
    world.pool.want("a", 2)
    slow, quick = world.steps

    def meanwhile() -> None:
        world.now += 1
        quick()
        world.failure = UnconnectedError("connection reset")

    world.meanwhile = meanwhile
    slow()
    world.pool.reserve(1)[0].close()

    assert world.pool.trouble is None


def test_trouble_is_forgotten_when_nobody_wants_to_go_there():
    """Then nothing tries any more, and nobody knows how it stands."""
    world = World(failure=UnconnectedError("connection refused"))
    world.want(1)
    assert world.pool.trouble
    world.want(0)

    assert world.pool.trouble is None


def test_trouble_is_none_while_a_connection_is_left():
    """The worker that has one takes calls."""
    world = World()
    one = world.pool.connect()
    world.now += 1
    world.failure = UnconnectedError("connection refused")
    world.want(2)

    assert world.pool.trouble is None
    world.pool.unsent(one)
    assert world.pool.trouble


def test_one_that_is_closed_as_soon_as_it_stands_never_stood():
    """What lets everybody in and throws everybody out cannot be reached."""
    world = World()
    world.want(1)
    world.made[0].open = False
    assert world.pool.reserve(1) == []

    trouble = world.pool.trouble
    assert trouble is not None
    assert trouble.why == "closed as soon as it stood"


def test_a_bad_certificate_is_told_apart():
    """It does not mend itself."""
    world = World(failure=UnconnectedError("its certificate: expired", certificate=True))
    world.want(1)

    assert world.pool.trouble
    assert world.pool.trouble.certificate


def test_after_its_end_nothing_stays_open():
    """Neither what stood idle, nor what comes back, nor what was being made."""
    world = World()
    world.want(2)
    (out,) = world.pool.reserve(1)
    world.pool.want("a", 3)
    world.pool.close()
    world.settle()
    world.pool.carried(out, keep=True, took=1)

    assert (len(world.made), world.open) == (3, 0)


def test_times_are_measured():
    """Of making a connection, and of an answer."""
    world = World()
    world.pool.carried(world.pool.connect(), keep=True, took=2)

    assert (world.pool.connect_time, world.pool.busy_time) == (0.5, 2.5)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_being_stopped_while_connecting_loses_no_place(stop):
    """Whatever ends it, the connection that was not made is not counted."""
    world = World()
    world.failure = stop()
    with pytest.raises(stop):
        world.pool.connect()
    world.pool.want("a", 1)
    with pytest.raises(stop):
        world.settle()
    world.failure = None
    world.want(1)

    assert world.pool.standing() == 1
