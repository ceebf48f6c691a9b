"""What a worker does about the way to the API: connections, words, holds."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from dispatchkit import inline, route

from dialer.client import Trouble
from dialer.dialing.reach import Reach
from dialer.domain.account.limits import Limits
from dialer.domain.doorbell import Plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SHUT = Trouble(NOON, "connection refused", certificate=False)
BAD = Trouble(NOON, "its certificate: certificate has expired", certificate=True)
IDLE = Plan((), None, None, timedelta(0))
BUSY = Plan((("1.1", 1, timedelta(0)),), None, None, timedelta(0), room=1)


class FixedPool:
    """A pool that notes what is wanted of it."""

    def __init__(self, trouble=None, connect_time=0.0, busy_time=0.0, others=0):
        self.trouble, self.connect_time, self.busy_time = trouble, connect_time, busy_time
        self.others, self.wanted, self.stands = others, [], 0

    def want(self, whose, count):
        self.wanted.append((whose, count))

    def wanted_but(self, whose):
        return self.others

    def standing(self):
        return self.stands


class Holds(list):
    def set(self, scope, **how):
        self.append((scope, how))


def reach(pool, holds=None, *, limits=None, threads=32, now=lambda: 0.0) -> Reach:
    limits = limits or Limits(10, 1, 100, 0, SECOND)
    client = type("Client", (), {"pool": lambda _, endpoint: pool})()
    routes = {"default": route(limits=limits), "blind": route("blind", endpoint=None)}
    horizon = timedelta(milliseconds=250)
    return Reach(client, holds, routes, threads=inline(threads), horizon=horizon, monotonic=now)


@pytest.mark.parametrize(
    ("limits", "busy", "others", "threads", "wanted"),
    [
        (Limits(10, 1, 100, 0, SECOND), 0.0, 0, 32, 3),
        (Limits(10, 1, 100, 0, SECOND), 1.75, 0, 32, 20),
        (Limits(50, 1, 100, 0, SECOND), 1.75, 0, 32, 32),
        (Limits(50, 1, 7, 0, SECOND), 1.75, 0, 32, 7),
        (Limits(50, 1, 100, 0, SECOND), 1.75, 20, 32, 12),
        (Limits(50, 1, 100, 0, SECOND), 1.75, 32, 32, 1),
        (Limits(0.01, 1, 100, 0, SECOND), 0.1, 0, 32, 1),
    ],
)
def test_as_many_as_the_rate_needs_and_no_more_than_can_be_used(
    limits, busy, others, threads, wanted
):
    """Rate by time, at most `max_posting` and the threads that are left; at least one."""
    pool = FixedPool(busy_time=busy, others=others)
    reach(pool, limits=limits, threads=threads).prepare("default", BUSY)

    assert pool.wanted == [("default", wanted)]


@pytest.mark.parametrize(
    ("look", "connect_time", "some"),
    [
        (None, 1.5, False),
        (5.0, 1.5, False),
        (1.4, 1.5, True),
        (0.1, 0.0, True),
        (0.11, 0.0, False),
    ],
)
def test_a_slot_that_is_nearer_than_a_connection_is_made_ready_for(look, connect_time, some):
    """Without work, or long before the next slot, none is opened."""
    pool = FixedPool(connect_time=connect_time)
    again = None if look is None else timedelta(seconds=look)
    reach(pool).prepare("default", Plan((), again, None, timedelta(0), room=1))

    assert bool(pool.wanted[0][1]) is some


def test_where_the_way_is_shut_there_is_no_capacity_and_the_record_says_why():
    """An account without a token has none either, and is not looked at."""
    shut = reach(FixedPool(SHUT))
    assert (shut.capacity("default"), shut.capacity("blind")) == (0, 0)
    assert shut.unreachable() == {
        "default": {"since_us": 1772452800000000, "why": "connection refused"}
    }
    shut.prepare("blind", BUSY)


def test_it_starts_as_many_calls_as_it_has_connections_and_threads_for():
    """And one where none stands yet: it is made when the doorbell comes."""
    pool = FixedPool()
    open_way = reach(pool, threads=8)
    told = []
    for pool.stands in (0, 1, 5, 20):
        told.append(open_way.capacity("default"))
    assert (told, open_way.unreachable(), open_way.threads) == ([1, 1, 5, 8], {}, 8)


@pytest.mark.parametrize(
    ("plan", "trouble", "some"),
    [
        (Plan((), SECOND / 20, None, timedelta(0), room=0), None, False),
        (Plan((), SECOND / 20, None, timedelta(0), room=0), SHUT, True),
        (Plan((), None, None, timedelta(0), room=0), SHUT, False),
    ],
)
def test_none_is_opened_where_no_call_could_start(plan, trouble, some):
    """Limits are reached, or nothing is ready; a shut way is tried while there is work."""
    pool = FixedPool(trouble)
    reach(pool).prepare("default", plan)

    assert bool(pool.wanted[0][1]) is some


def test_workers_share_the_rate():
    """Each opens its part of the connections."""
    pool = FixedPool(busy_time=1.75)
    plan = Plan(BUSY.bells, None, None, timedelta(0), room=1, workers=4)
    reach(pool).prepare("default", plan)

    assert pool.wanted == [("default", 5)]


def test_one_line_a_minute_tells_of_it_and_one_that_it_is_over(caplog):
    """However often it is tried."""
    caplog.set_level(logging.INFO, "dialer.reach")
    now, pool = [0.0], FixedPool(SHUT)
    shut = reach(pool, now=lambda: now[0])
    for _ in range(600):
        shut.prepare("default", IDLE)
        now[0] += 1
    assert len(caplog.messages) == 10
    assert caplog.messages[0] == (
        "account default cannot be reached since 2026-03-02T12:00:00+00:00: connection refused;"
        " this worker takes none of its calls, and tries on"
    )
    pool.trouble = None
    for _ in range(3):
        shut.prepare("default", IDLE)

    assert caplog.messages[10:] == ["account default can be reached again"]


def test_a_bad_certificate_holds_the_account_once():
    """It needs no job; when a person has released the hold and it is still bad, once more."""
    holds, pool = Holds(), FixedPool(BAD)
    shut = reach(pool, holds)
    for _ in range(5):
        shut.prepare("default", BUSY)
    ((scope, how),) = holds
    assert (scope, how["owner"]) == ("account:default", "api")
    assert "certificate has expired" in how["reason"]
    pool.trouble = Trouble(NOON + SECOND, BAD.why, certificate=True)
    shut.prepare("default", BUSY)

    assert len(holds) == 2
