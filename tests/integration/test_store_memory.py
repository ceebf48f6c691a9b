"""Stores that lost what they knew: nothing is rung by them until a person says how it goes on."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import redis
from dispatchkit import RULES, Line, inline, route
from storekit import BREAKER, EVER, LIMITS, PLACED, SECOND, Clockwork

from dialer.dialing.dispatch import Dispatcher
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go, No
from dialer.local.embedded_server import EmbeddedServer
from dialer.machine.clock import Clock
from dialer.maintenance.recovery import recover
from dialer.maintenance.upkeep import Upkeep
from dialer.store import Store
from dialer.store.high_water_mark import HighWaterMark
from dialer.store.redis.connection import connect
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.server import Server
from dialer.store.redis.witness import Noticed

NOBODY_KNOWS = "this is another store than before, or it was emptied"
OLDER = "forgotten acknowledged writes"
STOPPED = ("no: rollback", "no: held:all")
OLDER_COPY = "the store is an older copy"


def dump(store: Store) -> dict[str, bytes]:
    """Copy everything that the store holds."""
    with raw(store) as client:
        return {key: client.dump(key) for key in client.keys("*") if b"test-clock" not in key}


@contextmanager
def raw(store: Store) -> Iterator[redis.Redis]:
    """A connection that leaves bytes alone."""
    said = store.server.client.connection_pool.connection_kwargs
    client = redis.Redis(**{name: said[name] for name in ("host", "port", "password")})
    yield client
    client.close()


def put(store: Store, copy: dict[str, bytes]) -> None:
    """Put a copy in the place of everything."""
    with raw(store) as client:
        for key in client.keys("*"):
            if b"test-clock" not in key:
                client.delete(key)
        for key, value in copy.items():
            client.restore(key, 0, value)


def emptied(store: Store, older: dict[str, bytes]) -> None:
    """Nothing is left."""
    del older
    put(store, {})


def opened_anew(store: Store, older: dict[str, bytes]) -> None:
    """Nothing is left, and somebody has opened it since."""
    emptied(store, older)
    Epochs(store.server).begin()


def filled_by_another(store: Store, older: dict[str, bytes]) -> None:
    """Another store lies there now, which has come further."""
    opened_anew(store, older)
    store.server.client.set(store.server.keys.seq, 10_000)


def restored(store: Store, older: dict[str, bytes]) -> None:
    """A copy that was taken before the last call."""
    put(store, older)


LOSSES = [emptied, opened_anew, filled_by_another, restored]


@pytest.fixture
def world(scratch_clockwork: Clockwork) -> Clockwork:
    """A store that a process knows, with one call to make."""
    Epochs(scratch_clockwork.store.server).begin()
    scratch_clockwork.enqueue("rung")
    return scratch_clockwork


def rung(world: Clockwork) -> dict[str, bytes]:
    """Take a copy, and make the call after it."""
    older = dump(world.store)
    world.settle(world.begun(), PLACED)
    return older


def hand_in_again(world: Clockwork) -> None:
    """The same file comes once more; who wrote it knows of nothing."""
    world.store.jobs.enqueue([world.job("rung")], who="another process")


def held(world: Clockwork) -> list[str]:
    return [f"{hold.owner}: {hold.reason}" for hold in world.store.holds.all()]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("first", ["begin", "tick", "settle", "enqueue"])
def test_living_process_stops_another_store_before_the_next_call(
    world: Clockwork, lose: Callable[..., None], first: str
) -> None:
    """Whatever it does first: everything is held in that very step, and says why."""
    world.enqueue("open", priority=9)
    go = world.begun()
    older = rung(world)
    lose(world.store, older)
    if first == "begin":
        world.newcomer().store.jobs.enqueue([world.job("rung")], who="another process")
        assert world.begin() == No("rollback")
    elif first == "tick":
        Upkeep(world.store, period=SECOND, first=(world.store.maintenance.notice,)).tick()
    elif first == "settle":
        world.settle(go, PLACED)
    else:
        hand_in_again(world)
    hand_in_again(world)

    (said,) = held(world)
    assert said.startswith("witness: ")
    assert (OLDER if lose is restored else NOBODY_KNOWS) in said
    for process in (world, world.newcomer()):
        assert process.begin() in (No("held:all"), No("rollback"))


@pytest.mark.parametrize("lose", LOSSES)
def test_restarted_process_stops_another_store_by_what_its_machine_remembers(
    world: Clockwork, lose: Callable[..., None], tmp_path: Path
) -> None:
    """When nobody lives who has seen it, the mark on the disk has."""
    older = rung(world)
    mark = HighWaterMark(world.store, "here", tmp_path)
    mark.look()
    lose(world.store, older)
    again = world.newcomer()
    hand_in_again(again)
    HighWaterMark(again.store, "here", tmp_path).look()

    (said,) = held(again)
    assert (OLDER_COPY if lose is restored else NOBODY_KNOWS) in said
    assert again.begin() == No("held:all")


@pytest.mark.parametrize("lose", LOSSES)
def test_a_person_joins_what_was_and_what_is(
    world: Clockwork, lose: Callable[..., None], tmp_path: Path
) -> None:
    """After `dialer recover` everybody who remembers goes on without being started again."""
    older, marks = rung(world), HighWaterMark(world.store, "here", tmp_path)
    marks.look()
    lose(world.store, older)
    assert world.begin() == No("rollback")
    other = world.newcomer()
    recover(other.store, who="ann")
    recover(other.store, who="bob")
    marks.look()
    world.enqueue("new")
    assert world.begin() == No("held:all")
    world.store.holds.release("all", owner="recover", who="ann", reason="looked at")

    world.forward(SECOND)
    assert isinstance(world.begin(), Go)
    marks.look()
    Upkeep(world.store, period=SECOND, first=(world.store.maintenance.notice,)).tick()
    assert held(world) == []


def test_store_that_forgot_is_told_in_its_own_words(world: Clockwork, caplog) -> None:
    """Its clock did not step; and a tick that did nothing says why."""
    restored(world.store, rung(world))
    look = world.store.maintenance.notice

    said = Upkeep(world.store, period=SECOND, first=(look, look)).tick()

    assert said == "nothing by a clock or a memory in doubt"
    (line,) = [one.getMessage() for one in caplog.records if one.name == "dialer.store"]
    assert line == "the store has forgotten what it acknowledged; everything is held"


def test_clock_of_another_machine_did_not_step(world: Clockwork, caplog, monkeypatch) -> None:
    """Nor is a step of no length told of a clock that is only another one."""
    monkeypatch.setattr(
        world.store.server, "_run_once", lambda *_args, **_more: (["stranger", "0"], None)
    )

    world.store.server._write_down(Noticed(by=timedelta(0), before=0, set_right=False))

    assert "the store's clock is in doubt: it is not the clock of this machine" in caplog.text
    assert "0:00:00" not in caplog.text


def test_nothing_is_ended_by_a_store_that_forgot(world: Clockwork) -> None:
    """Neither leases nor deadlines nor retention are over by it, and no list is fed."""
    world.enqueue("begun", priority=9)
    world.begun()
    world.enqueue("mortal", deadline=60 * SECOND)
    older = rung(world)
    restored(world.store, older)
    before = dump(world.store)
    world.forward(timedelta(days=400))
    world.store.maintenance.notice()
    Upkeep(world.store, period=SECOND, first=(world.store.maintenance.notice,)).tick()

    after = dump(world.store)
    told = {b"{dialer}:era", b"{dialer}:holds", b"{dialer}:hold:all", b"{dialer}:holdings"}
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed <= told


@pytest.fixture
def real(redis_server: EmbeddedServer) -> Iterator[Callable[[], Store]]:
    """Makes processes on a real server with its real clock."""
    opened: list[Server] = []

    def make() -> Store:
        opened.append(Server(connect(redis_server.url, timeout=timedelta(seconds=30))))
        return Store.on(opened[-1], BREAKER)

    connect(redis_server.url).flushdb()
    yield make
    for server in opened:
        server.close()


@pytest.mark.parametrize("seed", range(20))
def test_emptied_in_the_middle_of_a_run(real: Callable[[], Store], seed: int) -> None:
    """At any moment, with the same file handed in again at once: nobody is rung twice."""
    rng = Random(seed)
    store, producer = real(), real()
    Epochs(store.server).begin()
    lock, rings = threading.Lock(), Counter[str]()
    wiped = threading.Event()
    at = rng.randrange(1, 25)

    def placed():
        # Somewhere between two calls, or in the middle of one.
        with lock:
            if sum(rings.values()) >= at and not wiped.is_set():
                wiped.set()
                store.server.client.flushall()
        return PLACED

    line = Line(placed)
    keep = line.place

    def place(endpoint, params, **rest):
        with lock:
            rings[params["to"]] += 1
        return keep(endpoint, params, **rest)

    line.place = place  # type: ignore[method-assign]  # it counts on the way
    fast = route(limits=LIMITS)
    fast.hours.windows = lambda _: EVER
    worker = Dispatcher(
        attempts=store.attempts,
        client=line,
        routes={"default": fast},
        rules=RULES,
        rng=rng,
        threads=inline(),
    )
    clockwork = Clockwork(producer, clock=Clock())
    jobs = [
        clockwork.job(
            f"job{nth}",
            mode="live",
            content=ClickToCall(from_="9000000001", to=f"91000{nth:05d}").content(),
        )
        for nth in range(30)
    ]
    producer.jobs.enqueue(jobs, who="file")
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            said = worker.answer("default")
            if wiped.is_set() and said in STOPPED:
                return

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert wiped.wait(30)
    producer.jobs.enqueue(jobs, who="the same file")
    for thread in threads:
        thread.join(30)
    ended.set()

    assert max(rings.values()) == 1
    assert ("all", "witness") in {(hold.scope, hold.owner) for hold in store.holds.all()}
