"""What `dialer migrate` does to a store of the layout before, killed anywhere and run again."""

from datetime import timedelta

import pytest
from oldkit import load, old_records
from storekit import Clockwork, whole_state

from dialer import Dialer, Verdict
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.errors import StoreRefused
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.migration import Migration
from dialer.store.redis.damage import Damage
from dialer.store.redis.notation import stamp
from dialer.store.redis.record import read_record
from dialer.store.redis.schema import LAYOUT
from dialer.store.redis.server_check import other_layout

SETTINGS = {
    "accounts": {"default": {"user_id": "00000001", "calling_hours": "always", "mode": "live"}}
}
#: Of a value in a record, bytes.
LONGEST = 64
DAY = timedelta(days=1)


def producer(store: Store) -> Dialer:
    return Dialer(store, Settings.parse(SETTINGS), who="test")


@pytest.fixture
def old(clockwork: Clockwork) -> Clockwork:
    """The store of before, as it was written."""
    load(clockwork)
    return clockwork


@pytest.fixture
def before(old: Clockwork) -> Clockwork:
    """The store of before, carried over."""
    assert sum(Migration(old.store.server).carry()) == len(old_records())
    return old


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


def test_a_step_that_is_sent_twice_is_done_once(old: Clockwork):
    """Its reply was lost, and the connection sends it again."""
    list(Migration(old.store.server).carry())
    whole, server = carried(old), old.store.server
    load(old)
    once = server.run
    server.run = lambda *args: (once(*args), once(*args))[0]
    list(Migration(server).carry())
    del server.run
    assert carried(old) == whole


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
    """The last 31 moves are there, and the next one takes the place of the oldest."""
    log = "".join(f"{nth + 10**15}\tready\tscheduled\trule\t{'why ' * 40}\n" for nth in range(32))
    order = Order(ClickToCall(from_="9000000001", to="9000001001"), key="long").with_customer("to")
    job_id = write_as_before(old, order, log=log, state="scheduled", due_us="5")
    list(Migration(old.store.server).carry())
    assert len(old.store.jobs.get(job_id).events) == len(log.splitlines()) - 1
    old.store.operator.cancel([job_id], who="test", reason="a test")
    events = old.store.jobs.get(job_id).events
    assert [str(one.why) for one in events[-2:]] == ["why " * 40, "a test"]
    assert len(events) == len(log.splitlines()) - 1
    assert stamp(events[0].at) == 10**15 + 2
