"""A store of an earlier version is carried over and goes on: no job is lost or made twice."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from campaignkit import Field
from storekit import PLACED, START, Clockwork, whole_state

from dialer import Dialer, Verdict
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.errors import StoreRefused
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.migration import Migration
from dialer.store.redis.damage import Damage
from dialer.store.redis.notation import stamp
from dialer.store.redis.record import read_record
from dialer.store.redis.schema import BEFORE, LAYOUT
from dialer.store.redis.server_check import other_layout

#: Key -> [type, value], as the last version that wrote layout 1 left it.
WRITTEN = Path(__file__).parents[1] / "data" / "store-layout-1.json"
SETTINGS = {
    "accounts": {"default": {"user_id": "00000001", "calling_hours": "always", "mode": "live"}}
}
CONTACTS, CALLS = 30, 12
REFUSES = "+919000001009"
LATER = {8: START + timedelta(hours=2)}
#: Of a value in a record, bytes.
LONGEST = 64
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def call(nth: int) -> ClickToCall:
    return ClickToCall(from_="9000000001", to=f"9000001{nth:03d}", time_limit=600)


def producer(store: Store) -> Dialer:
    return Dialer(store, Settings.parse(SETTINGS), who="test")


def load(clockwork: Clockwork) -> None:
    """Fill a store with what was written."""
    server = clockwork.store.server
    server.client.flushdb()
    server.client.set(server.keys.layout, BEFORE)
    for name, (kind, value) in json.loads(WRITTEN.read_text()).items():
        key = server.keys.prefix + name
        if kind == "string":
            server.client.set(key, value)
        elif kind == "hash":
            server.client.hset(key, mapping=value)
        elif kind == "set":
            server.client.sadd(key, *value)
        elif kind == "zset":
            server.client.zadd(key, dict(value))
        else:
            server.client.rpush(key, *value)
        if name == "test-clock":
            clockwork.forward(timedelta(microseconds=int(value) - stamp(clockwork.now)))


@pytest.fixture
def before(clockwork: Clockwork) -> Clockwork:
    """The store of before, carried over."""
    load(clockwork)
    assert sum(Migration(clockwork.store.server).carry()) > CALLS
    return clockwork


@pytest.fixture
def old(clockwork: Clockwork) -> Clockwork:
    """The store of before, as it was written."""
    load(clockwork)
    return clockwork


def old_records() -> dict[str, dict[str, str]]:
    """Records of jobs as layout 1 has them, by id."""
    written = json.loads(WRITTEN.read_text())
    return {name[4:]: value for name, (_, value) in written.items() if name.startswith("job:")}


def carried(clockwork: Clockwork) -> dict[str, object]:
    """Everything in the store but what each script writes by the way."""
    state = whole_state(clockwork.store)
    return {key: value for key, value in state.items() if not key.endswith((":era", ":seq"))}


def test_every_field_of_every_record_is_carried(before: Clockwork):
    """Read by their full names the records say what they said."""
    client, keys = before.store.server.client, before.store.server.keys
    for job_id, record in old_records().items():
        read = read_record(client.hgetall(keys.job(job_id)))
        lines = record["log"].splitlines()
        assert read["log"].splitlines() == lines
        for field in record.keys() - {"log", "digest"}:
            assert read[field] == record[field], field
        assert record["digest"].startswith(read["digest"])
        assert max(map(len, client.hgetall(keys.job(job_id)).values())) <= LONGEST
        assert job_id in {job.id for job in before.store.jobs.of_number(record["protected"])}
    assert list(Damage(before.store.server).look()) == []


class KilledError(BaseException):
    """The process is gone."""


class Mortal:
    """A client whose process is killed before, or just after, its nth command."""

    def __init__(self, client, lives: int, *, after: bool) -> None:
        self._client, self._lives, self._after = client, lives, after

    def __getattr__(self, name: str):
        return getattr(self._client, name)

    def _counted(self, run, *args, **named):
        self._lives -= 1
        if self._lives < 0 and not self._after:
            raise KilledError
        reply = run(*args, **named)
        if self._lives < 0:
            raise KilledError
        return reply

    def get(self, *args):
        return self._counted(self._client.get, *args)

    def scan(self, *args, **named):
        return self._counted(self._client.scan, *args, **named)

    def run(self, run, *args, **named):
        return self._counted(run, *args, **named)


def killed(clockwork: Clockwork, lives: int, *, after: bool) -> bool:
    """Carry a store over in a process that is killed at its nth step; whether it was."""
    server = clockwork.store.server
    migration = Migration(server)
    mortal = Mortal(server.client, lives, after=after)
    migration._client = mortal
    run = server.run
    server.run = lambda *args, **named: mortal.run(run, *args, **named)
    try:
        for _ in migration.carry():
            pass
    except KilledError:
        return True
    finally:
        del server.run
    return False


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_and_run_again_nothing_is_lost(old: Clockwork, after):
    """Killed at its first, second, ... step, and begun anew, it comes to the same store."""
    list(Migration(old.store.server).carry())
    whole, lives = carried(old), 0
    load(old)
    while killed(old, lives, after=after):
        layout = old.store.server.client.get(old.store.server.keys.layout)
        if layout != LAYOUT:
            list(Migration(old.store.server).carry())
        assert carried(old) == whole, lives
        load(old)
        lives += 1
    assert lives > 4


def test_killed_again_and_again_it_comes_to_its_end(old: Clockwork):
    """Each run that gets one step further is enough."""
    list(Migration(old.store.server).carry())
    whole = carried(old)
    load(old)
    lives = 3
    while killed(old, lives, after=True):
        if old.store.server.client.get(old.store.server.keys.layout) == LAYOUT:
            break
        lives += 1
    assert carried(old) == whole


def test_workers_that_are_heard_are_stopped_first(old: Clockwork):
    """What runs by the old layout would not know the new one: nothing is changed."""
    server, before = old.store.server, whole_state(old.store)
    server.client.zadd(server.keys.capacity, {"w=5": stamp(server.time() + DAY)})
    with pytest.raises(StoreRefused, match="1 worker of the version before is heard: stop all"):
        list(Migration(server).carry())
    server.client.delete(server.keys.capacity)
    assert whole_state(old.store) == before


def test_what_is_carried_is_not_carried_again(before: Clockwork):
    """A second run finds another layout, and changes nothing."""
    was = whole_state(before.store)
    with pytest.raises(StoreRefused, match="not carried from there"):
        list(Migration(before.store.server).carry())
    assert whole_state(before.store) == was


def test_half_of_it_is_opened_by_nothing_else(old: Clockwork):
    """Other commands say what is to be done, before it and in its middle."""
    server = old.store.server
    assert "dialer migrate" in other_layout(server)
    assert killed(old, 3, after=True)
    assert "has layout 1-2" in other_layout(server)
    assert "dialer migrate" in other_layout(server)
    list(Migration(server).carry())
    assert other_layout(server) == ""


def write_as_before(clockwork: Clockwork, order: Order, **more: str) -> str:
    """Write an order's record as layout 1 had it."""
    server = clockwork.store.server
    record = dict(next(iter(old_records().values())))
    job_id, digest = order.identity("live")
    record |= {"digest": digest, "content": order.call.content(), "key": order.key or "", **more}
    record["lane"] = "default/-/-/"
    server.client.hset(server.keys.job(job_id), mapping=record)
    server.client.zadd(server.keys.index(State(record["state"])), {job_id: 1})
    return job_id


@pytest.mark.parametrize("key", [None, "order-x", "x" * 200])
def test_what_was_handed_in_before_is_not_rung_again(old: Clockwork, key: str | None):
    """With a key or without: the same id and the same digest are made of the same call."""
    calls = [
        ClickToCall(from_="9000000001", to="9000009999"),
        ClickToCall(from_="21", from_type="Group", to="9000009998", from_ring_time=35),
    ]
    for nth, one in enumerate(calls):
        order = Order(one, key=key and f"{nth}{key}"[:200]).with_customer("to")
        job_id = write_as_before(old, order)
        stone = f"{job_id[:-1]}7"
        old.store.server.client.hset(
            old.store.server.keys.job(stone), mapping={"digest": "d", "was": "placed", "gone_us": 1}
        )
    list(Migration(old.store.server).carry())
    for nth, one in enumerate(calls):
        receipt = producer(old.store).enqueue(
            one, key=key and f"{nth}{key}"[:200], by_content=key is None, customer="to"
        )
        assert receipt.verdict is Verdict.DUPLICATE
        assert old.store.jobs.get(receipt.job_id).content == one.content()
        written = old.store.server.client.hgetall(old.store.server.keys.job(receipt.job_id))
        assert ("d" in written) == (key is not None)
    assert old.store.server.client.hget(old.store.server.keys.job(stone), "d") == "d"


def test_long_history_is_carried(old: Clockwork):
    """Of its moves the last 31 are there; the next one takes the place of the oldest."""
    log = "".join(f"{nth + 10**15}\tready\tscheduled\trule\t{'why ' * 40}\n" for nth in range(32))
    order = Order(call(1), key="long").with_customer("to")
    job_id = write_as_before(old, order, log=log, state="scheduled", due_us="5")
    list(Migration(old.store.server).carry())
    assert len(old.store.jobs.get(job_id).events) == len(log.splitlines()) - 1
    old.store.operator.cancel([job_id], who="test", reason="a test")
    events = old.store.jobs.get(job_id).events
    assert [str(one.why) for one in events[-2:]] == ["why " * 40, "a test"]
    assert len(events) == len(log.splitlines()) - 1
    assert stamp(events[0].at) == 10**15 + 2


def test_every_job_is_in_the_state_it_was_in(before: Clockwork):
    """Records, indexes, keys and lists are read as they were written."""
    counts = {str(state): n for state, n in before.store.jobs.counts().items() if n}
    assert counts["dialing"] == 1
    assert {"scheduled", "ready", "placed", "dead", "unconfirmed", "cancelled"} <= set(counts)
    assert len(list(before.store.jobs.select())) == sum(counts.values())
    assert before.store.suppression.find(REFUSES)
    assert [hold.scope for hold in before.store.holds.all()] == ["account:other"]
    assert {one.name for one in before.store.campaigns.every()} == {"diwali", "holi"}


def test_the_same_order_is_the_same_job(before: Clockwork):
    """What was handed over before is known by its key, and by its content."""
    jobs = before.store.jobs.counts()
    for nth in range(CALLS):
        receipt = producer(before.store).enqueue(call(nth), key=f"order-{nth}")
        assert receipt.verdict is Verdict.DUPLICATE
    assert before.store.jobs.counts() == jobs


def test_everything_goes_on_to_its_end(before: Clockwork):
    """Answers, retries, redrives and both campaigns come to their end; each number is rung once."""
    store, field = before.store, Field.on(before)
    (wired,) = store.jobs.select(State.DIALING)
    assert before.settle(granted(wired.id), PLACED)
    (doubt,) = store.jobs.select(State.UNCONFIRMED)
    store.operator.resolve(
        doubt.id, "placed", who="test", reason="a test", quarantine=MINUTE, deadline=DAY
    )
    dead = [job.id for job in store.jobs.select(State.DEAD)]
    assert store.operator.redrive(dead, who="test", per_second=10, deadline=DAY).done == dead
    field.steer("start", "holi")
    rung = finish(field)
    counts = {str(state): n for state, n in store.jobs.counts().items() if n}
    assert counts == {"placed": CALLS - 2 + 2 * CONTACTS, "cancelled": 1, "skipped": 1}
    assert len(rung) == len(set(rung))


def finish(field: Field) -> list[str]:
    """Place everything that may be placed; whom it rang."""
    rung = []
    for _ in range(CALLS + 2 * CONTACTS):
        field.tick()
        for go in field.dial_all():
            field.clock.settle(go, PLACED)
            rung.append(go.job_id)
        field.clock.forward(10 * MINUTE)
    return rung


def granted(job_id: str) -> Go:
    """Make the grant that a worker of before holds."""
    nothing = timedelta(0)
    return Go(job_id, "on-the-wire", 1, nothing, 0, 0, 0, "live", "", "{}")
