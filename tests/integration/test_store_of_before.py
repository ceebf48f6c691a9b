"""A store that an earlier version wrote goes on: no job is lost, none is made twice."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from campaignkit import Field
from storekit import PLACED, REFUSED, START, Clockwork

from dialer import Dialer, Verdict
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Kind
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.redis.notation import stamp

#: Key -> [type, value], as `write` left it at the last version before the house was rebuilt.
WRITTEN = Path(__file__).parents[1] / "data" / "store-layout-1.json"
SETTINGS = {
    "accounts": {"default": {"user_id": "00000001", "calling_hours": "always", "mode": "live"}}
}
CONTACTS, CALLS = 30, 12
REFUSES = "+919000001009"
LATER = {8: START + timedelta(hours=2)}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def call(nth: int) -> ClickToCall:
    return ClickToCall(from_="9000000001", to=f"9000001{nth:03d}", time_limit=600)


def producer(store: Store) -> Dialer:
    return Dialer(store, Settings.parse(SETTINGS), who="test")


def write(clockwork: Clockwork) -> None:
    """Bring a store into every state that there is, and write it down."""
    store = clockwork.store
    made = [
        producer(store).enqueue(call(nth), key=f"order-{nth}", not_before=LATER.get(nth)).job_id
        for nth in range(CALLS)
    ]
    field = Field.on(clockwork)
    for answer in (PLACED, REFUSED[Kind.REQUEST], REFUSED[Kind.UNKNOWN], REFUSED[Kind.PROVIDER]):
        go = clockwork.begun()
        clockwork.settle(go, answer)
    assert isinstance(clockwork.begun(token="on-the-wire"), Go)
    store.operator.cancel([made[-1]], who="test", reason="a test")
    field.create("diwali", range(CONTACTS), call={"from": "21", "fromType": "Group"})
    field.create("holi", range(CONTACTS, 2 * CONTACTS), start=False)
    for _ in range(3):
        field.tick()
        clockwork.forward(MINUTE)
        if isinstance(go := field.dial(), Go):
            clockwork.settle(go, PLACED)
    store.holds.set("account:other", owner="operator", who="test", reason="a test")
    store.suppression.add(
        ["+919000001009"], account=None, who="test", reason="asked not to be called"
    )
    store.accounts.store("default", {"calls_per_second": 100})
    client, kept = store.server.client, {}
    for key in sorted(client.keys(f"{store.server.keys.prefix}*")):
        name = key.removeprefix(store.server.keys.prefix)
        kind = client.type(key)
        value = {
            "string": client.get,
            "hash": client.hgetall,
            "set": lambda key: sorted(client.smembers(key)),
            "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            "list": lambda key: client.lrange(key, 0, -1),
        }[kind](key)
        if not name.startswith("said:"):
            kept[name] = [kind, value]
    WRITTEN.write_text(json.dumps(kept, indent=0, sort_keys=True, ensure_ascii=False) + "\n")


def load(clockwork: Clockwork) -> None:
    """Fill a store with what was written."""
    server = clockwork.store.server
    server.client.flushdb()
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
    """The store of before."""
    if os.environ.get("WRITE_STORE"):
        write(clockwork)
    load(clockwork)
    return clockwork


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
