"""
What it may cost that a connection carries another request, and what it may not.

A doubt it may; a second request, or an answer given to a request that it does not belong to, it
may not, whatever the other end does to connections on which nobody asked it anything.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from math import inf
from random import Random
from socket import SHUT_RDWR

import pytest
from budgets import FULL
from chaos import new_seed
from faultserver import FaultServer
from strayserver import BODY, STRAYS, StrayServer, answer

from dialer.client import Client, Endpoint, pool, wire
from dialer.domain.job.outcome import Doubtful, NotSent, Placed, Refused

SECOND = timedelta(seconds=1)
CALL = {"from": "9000000001", "to": "9000000002"}
#: As far away as it is: whoever stops a thread for so long makes a stray look like an answer.
AWAY = 0.08
THREADS = 48


def client(**options) -> Client:
    given = {"connect_timeout": 5 * SECOND, "deadline": 5 * SECOND, "reuse": 2 * SECOND}
    return Client(**given | options)


def place(one: Client, endpoint: Endpoint, to: str = "9000000002"):
    while not (reserved := one.reserve(endpoint, 1)):
        time.sleep(0.01)  # it stands apart for a moment
    params = CALL | {"to": to}
    return one.place(endpoint, params, mode="live", start_at=-inf, start_by=inf, over=reserved[0])


@pytest.fixture
def far(monkeypatch):
    """The kernel says of each connection that it leads as far as it does."""
    round_trip = wire.Measured(unacknowledged=False, round_trip=AWAY * 0.8)
    monkeypatch.setattr(wire, "measured", lambda _: round_trip)
    # Nor is this test about how long a place is left alone that throws everybody out.
    monkeypatch.setattr(pool, "_APART", (0.01, 0.02))


def test_no_second_request_and_no_answer_to_another(far):
    """Against a server that ends idle connections and answers unasked, at random moments."""
    seed = new_seed()
    print(f"CHAOS_SEED={seed}")
    requests = 100_000 if FULL else 1_500
    one, outcomes = client(), dict[str, object]()
    with StrayServer(Random(seed), away=AWAY) as server:
        endpoint = Endpoint(server.url, "1", "secret")
        numbers = [f"9{nth:09d}" for nth in range(requests)]
        with ThreadPoolExecutor(THREADS) as threads:
            for to, outcome in zip(
                numbers, threads.map(lambda to: place(one, endpoint, to), numbers), strict=True
            ):
                outcomes[to] = outcome
        one.close()

    doubts = Counter(o.why for o in outcomes.values() if isinstance(o, Doubtful))
    kinds = Counter(type(outcome).__name__ for outcome in outcomes.values())
    print(f"{dict(kinds)} reused={server.reused} done={dict(server.done)} doubts={dict(doubts)}")
    assert max(server.seen.values()) == 1, "a second request"
    for to, outcome in outcomes.items():
        if isinstance(outcome, Placed):
            assert (outcome.call_id, server.seen[to]) == (to, 1)
        elif isinstance(outcome, NotSent):
            assert server.seen[to] == 0
        else:
            assert isinstance(outcome, Doubtful), f"an answer that nobody gave: {outcome}"
    assert server.reused > requests / 10
    assert set(STRAYS) <= set(server.done)


def test_a_server_that_only_closes_costs_next_to_no_doubt():
    """After 75 s at most, as the common ones do: one request in ten thousand is in doubt."""
    requests = 50_000 if FULL else 2_000
    one, idle = client(), Random(2)
    with StrayServer(Random(1), away=0.001, mischief=1, only_closes=True) as server:
        endpoint = Endpoint(server.url, "1", "secret")

        def call(to: str):
            time.sleep(idle.expovariate(100))
            return place(one, endpoint, to)

        numbers = [f"9{nth:09d}" for nth in range(requests)]
        with ThreadPoolExecutor(16) as threads:
            outcomes = list(threads.map(call, numbers))
        one.close()

    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    print(f"{dict(kinds)} reused={server.reused} closed={server.done['close']}")
    assert max(server.seen.values()) == 1
    # Of two thousand as many: a busy machine sees a close later, and few requests prove no share.
    assert kinds["Doubtful"] <= 5
    assert server.reused > requests / 4


REUSED = answer(BODY.replace(b"stray", b"first"))
#: What it says after a whole first answer: whether the connection carries another request.
AFTER = {
    "nothing": (b"", True),
    "a chunked answer": (b"", True),
    "a second body": (answer(BODY), False),
    "a blank line": (b"\r\n", False),
    "one byte": (b"x", False),
    **{f"a stray {name}": (stray, False) for name, stray in STRAYS.items()},
}


@pytest.mark.parametrize(("behind", "again"), AFTER.values(), ids=AFTER.keys())
def test_one_byte_behind_an_answer_ends_its_connection(behind, again):
    """In the same segment, so that it lies in our own buffer when the answer is whole."""
    nth = count(1)

    def behave(talk):
        while True:
            talk.server.seen.clear()
            talk.read_request()
            if not talk.server.seen:
                return
            talk.send(answer(BODY.replace(b"stray", b"id%d" % next(nth))) + behind)

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        outcomes = [place(one, endpoint) for _ in range(2)]
        one.close()

    assert outcomes == [Placed("id1"), Placed("id2")]
    assert server.connections == (1 if again else 2)


#: Answers after which a connection is not used again, whatever comes of the call.
LAST = {
    "1xx before it": b"HTTP/1.1 103 Early Hints\r\n\r\n" + REUSED,
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    "HTTP/1.0": REUSED.replace(b"1.1", b"1.0"),
    "says close": answer(BODY, more="Connection: close\r\n"),
    "keeps it for a second": answer(BODY, more="Keep-Alive: timeout=1\r\n"),
    "a line that is no header": answer(BODY, more="no colon\r\n"),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "201": answer(BODY, "201 Created"),
    "403": answer(b"", "403 Forbidden"),
    "429": answer(b"", "429 Too Many Requests"),
    "503": answer(b"", "503 Service Unavailable"),
    "not the documented JSON": answer(b"<html>"),
    "an unknown code": answer(b'{"status": "error", "code": "9999"}'),
}


@pytest.mark.parametrize("last", LAST.values(), ids=LAST.keys())
def test_after_these_answers_another_connection_is_made(last):
    """Only what the API's page describes lets its connection live on."""

    def behave(talk):
        talk.server.seen.clear()
        talk.read_request()
        talk.send(last)

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        for _ in range(2):
            place(one, endpoint)
            assert one.pool(endpoint).standing() == 0
        one.close()

    assert server.connections == 2


@pytest.mark.parametrize("refusal", [b'{"status": "error", "code": "1578"}', BODY])
def test_a_documented_answer_lets_its_connection_carry_the_next(refusal):
    """A refusal by code as well as a call that was placed."""

    def behave(talk):
        for _ in range(3):
            talk.server.seen.clear()
            talk.read_request()
            talk.send(answer(refusal))

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        outcomes = {type(place(one, endpoint)) for _ in range(3)}
        one.close()

    assert outcomes <= {Placed, Refused}
    assert server.connections == 1


def test_a_request_that_fails_on_a_used_connection_is_a_doubt_and_is_not_repeated():
    """It may have been read: nobody sends it again."""

    def behave(talk):
        talk.read_request()
        talk.send(REUSED)
        talk.server.seen.clear()
        talk.read_request()

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        assert place(one, endpoint) == Placed("first")
        outcome = place(one, endpoint)
        one.close()

    assert outcome == Doubtful("connection closed before the answer")
    assert server.connections == 1


def test_a_connection_that_is_gone_is_replaced_by_one_that_stands():
    """Directly before the first byte it is seen, another is there: nobody hears of it."""

    def behave(talk):
        talk.server.seen.clear()
        talk.read_request()
        talk.send(REUSED)

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        there = one.pool(endpoint)
        gone, kept = there.connect(), there.connect()
        there.give_back([kept])
        gone.opened -= 5
        gone.sock.raw.shutdown(SHUT_RDWR)
        call = {"mode": "live", "start_at": -inf, "start_by": inf, "over": gone}
        first = one.place(endpoint, CALL, **call)
        lost = there.connect()
        lost.opened -= 5
        lost.sock.raw.shutdown(SHUT_RDWR)
        second = one.place(endpoint, CALL, **call | {"over": lost})
        one.close()

    assert first == Placed("first")
    assert second == NotSent("the connection was closed before the request")


@pytest.mark.parametrize(
    ("kernel", "doubt"),
    [
        (wire.Measured(unacknowledged=False, round_trip=60.0), True),
        (wire.Measured(unacknowledged=True, round_trip=0.0), True),
        (wire.Measured(unacknowledged=False, round_trip=0.0), False),
        (None, False),
    ],
)
def test_an_answer_that_comes_sooner_than_it_can_is_a_doubt(monkeypatch, kernel, doubt):
    """Sooner than the shortest round trip, or before the other end has got the request."""
    monkeypatch.setattr(wire, "measured", lambda _: kernel)

    def behave(talk):
        talk.read_request()
        talk.send(REUSED)
        talk.hang()

    with FaultServer(behave) as server:
        endpoint, one = Endpoint(server.url, "1", "secret"), client()
        outcome = place(one, endpoint)
        standing = one.pool(endpoint).standing()
        one.close()

    assert isinstance(outcome, Doubtful) == doubt
    assert standing == (0 if doubt else 1)
