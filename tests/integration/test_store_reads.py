"""What the command line reads from the store, on the real scripts."""

from datetime import timedelta

import pytest
from storekit import LIMITS, PLACED, REFUSED, SECOND, START, Clockwork

from dialer.domain.account.limits import Limits
from dialer.domain.doorbell import PacerRules
from dialer.domain.fleet import WORKER_GONE
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.lane import Ahead
from dialer.errors import StoreUnavailable
from dialer.local.embedded_server import EmbeddedServer
from dialer.store.queue_position import ahead_of
from dialer.store.redis.notation import stamp
from dialer.store.redis.server_check import KEEPS, PACKS
from dialer.store.redis.server_health import reach, read_health

RULES = PacerRules(horizon=SECOND, lead=SECOND / 40, patience=2 * SECOND)
SLOW = Limits(0.5, 2, 20, 0, 300 * SECOND)


def announce(clockwork: Clockwork, name: str, **record: object) -> None:
    clockwork.store.doorbells.plan(
        "default", LIMITS, "", RULES, worker=name, record=record, capacity=16
    )


def test_worker_is_alive_until_it_was_silent_for_too_long(clockwork: Clockwork):
    """A silent worker is left out, also when no other worker clears it away."""
    announce(clockwork, "host:1", host="host", pid=1, capacity=16, settings="abc")
    bells, last = clockwork.store.doorbells, START + WORKER_GONE

    (worker,) = bells.live(last)
    assert (worker.name, worker.capacity, worker.heard) == ("host:1", 16, START)
    assert worker.skew is None
    assert bells.live(last + SECOND) == []


def test_worker_tells_how_far_its_clock_is_off(clockwork: Clockwork):
    """The skew is its wall clock less the store's, when it announced itself."""
    announce(clockwork, "host:1", pid=1, wall_us=stamp(START + 5 * SECOND))

    assert clockwork.store.doorbells.live(START)[0].skew == 5 * SECOND


def test_standing_says_when_the_meter_allows_the_next_call(clockwork: Clockwork):
    """At one call in two seconds with a burst of two, the third call waits for its slot."""
    clockwork.enqueue()
    clockwork.enqueue()
    accounts = clockwork.store.accounts
    slots = []
    for _ in range(2):
        slots.append(accounts.standing("default", SLOW).next_slot)
        clockwork.begin(limits=SLOW)

    assert max(slots) <= clockwork.now
    standing = accounts.standing("default", SLOW)
    assert standing.next_slot == clockwork.now + 2 * SECOND


def test_changed_rate_moves_the_next_slot(clockwork: Clockwork):
    """A debt of one call is one interval of the rate that holds now."""
    clockwork.enqueue()
    clockwork.begin(limits=Limits(0.5, 1, 20, 0, 300 * SECOND))
    fast = Limits(10, 1, 20, 0, 300 * SECOND)

    standing = clockwork.store.accounts.standing("default", fast)
    assert standing.next_slot == clockwork.now + SECOND / 10


def test_used_rate_is_that_of_the_last_minute(clockwork: Clockwork):
    """Starts count for a minute, and the store keeps no more than a few counts."""
    accounts = clockwork.store.accounts
    for _ in range(30):
        clockwork.enqueue()
        clockwork.settle(clockwork.begun(), PLACED)

    used = accounts.standing("default", LIMITS).used_per_second
    assert 30 / 70 <= used <= 30 / 60
    clockwork.forward(timedelta(minutes=2))
    assert accounts.standing("default", LIMITS).used_per_second == 0
    for _ in range(40):
        clockwork.enqueue()
        clockwork.settle(clockwork.begun(), PLACED)
        clockwork.forward(10 * SECOND)
    server = clockwork.store.server
    assert server.client.hlen(server.keys.started("default")) <= 14


def test_jobs_ahead_are_those_of_better_rank_in_awake_lanes(clockwork: Clockwork):
    """Priority comes before order, over all lanes of the account and no other's."""
    store = clockwork.store
    first = clockwork.enqueue()
    clockwork.enqueue(account="other", lane="other/-/-/")
    clockwork.enqueue(lane="default/-/-/agent:7")
    last = clockwork.enqueue()
    urgent = clockwork.enqueue(priority=9)

    def ahead(job_id: str) -> Ahead:
        return ahead_of(store.server, store.jobs.get(job_id))

    assert ahead(urgent) == Ahead()
    assert ahead(first) == Ahead(first=1)
    assert ahead(last) == Ahead(first=3)
    clockwork.begun()
    assert ahead(urgent) == ahead(first) == Ahead()


def test_jobs_of_the_same_agents_are_told_apart(clockwork: Clockwork):
    """Those who are rung first are one crew, however they log in; a lane that sleeps may wake."""
    clockwork.enqueue(lane="default/-/-/agent:7/web=na/call=na")
    clockwork.enqueue(lane="default/-/-/agent:8/web=na/call=na")
    clockwork.enqueue(lane="default/-/-/agent:7/web=yes/call=na")
    last = clockwork.enqueue(lane="default/-/-/agent:7,9/web=na/call=na")
    store = clockwork.store
    assert ahead_of(store.server, store.jobs.get(last)) == Ahead(first=3, crew=2)
    clockwork.settle(clockwork.begun(), REFUSED[Kind.AGENT])
    clockwork.enqueue(lane="default/-/-/agent:7/web=na/call=na", priority=9)
    clockwork.begun()
    assert ahead_of(store.server, store.jobs.get(last)) == Ahead(first=1, crew=1, asleep=1)


def test_pool_that_took_no_call_is_left_alone_until(clockwork: Clockwork):
    """After a refusal for want of agents the pool has a time; other pools have none."""
    clockwork.enqueue(lane="default/-/-/agent:7")
    clockwork.settle(clockwork.begun(), REFUSED[Kind.AGENT])
    accounts = clockwork.store.accounts

    until = accounts.pool_sleeps_until("default", "agent:7")
    assert until is not None
    assert until > clockwork.now
    assert accounts.pool_sleeps_until("default", "agent:8") is None


def test_entries_into_a_state_are_counted_by_time(clockwork: Clockwork):
    """Jobs that came into a state at a moment or later are counted, earlier ones are not."""
    jobs, operator = clockwork.store.jobs, clockwork.store.operator
    for _ in range(2):
        moment = clockwork.now
        operator.cancel([clockwork.enqueue()], who="m", reason="m")
        clockwork.forward(SECOND)

    assert jobs.entered_since(State.CANCELLED, START) == 2
    assert jobs.entered_since(State.CANCELLED, moment) == 1
    assert jobs.entered_since(State.CANCELLED, moment + SECOND) == 0


def test_newest_jobs_come_first_when_asked(clockwork: Clockwork):
    """`newest_first` turns the index round."""
    ids = []
    for _ in range(3):
        ids.append(clockwork.enqueue())
        clockwork.forward(SECOND)
    newest = clockwork.store.jobs.select(State.READY, newest_first=True)

    assert [job.id for job in newest] == ids[::-1]


def test_health_is_what_the_server_says(redis_server: EmbeddedServer):
    """The embedded server is one that keeps what it acknowledged."""
    health = read_health(redis_server.url)

    assert health.config is not None
    assert {name: health.config[name] for name in KEEPS} == KEEPS
    assert health.config.keys() == {*KEEPS, *PACKS}
    assert health.last_write == "ok"


@pytest.mark.parametrize("ask", [read_health, reach])
def test_server_that_is_away_is_unavailable(ask):
    """Nobody listens on the discard port: one clear error."""
    with pytest.raises(StoreUnavailable):
        ask("redis://127.0.0.1:9/0")


def test_who_is_on_no_list_is_taken_off_it_in_vain(clockwork: Clockwork):
    """Also from a list that has been counted before: nothing changes, and nothing breaks."""
    suppression = clockwork.store.suppression
    by = {"account": None, "who": "m", "reason": "asked"}
    assert suppression.add(["+912"], **by) == 1
    assert (suppression.remove(["+913"], **by), suppression.remove(["+912"], **by)) == (0, 1)
    assert suppression.remove(["+912"], **by) == 0
