"""A placed call rings the phones the page says, in that order, and faults strike whom they name."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from dialer.sandbox.exchange import Decision, Exchange
from dialer.sandbox.faults import Fault, FaultScript, When
from dialer.sandbox.replies import Close, Send, troubled
from dialer.sandbox.world import DEFAULT_WORLD, Habits, Latency

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CALL = {
    "user_id": "00000001",
    "token": "sandbox-token-many-values",
    "from": "9000000001",
    "to": "9000000002",
}
A, B, C = "9000000001", "9000000002", "9000000003"
NEVER = {"from": (), "to": ()}


def rings(params, answering):
    """
    Give (leg, party, start, end, answered) in seconds for a call that *answering* picks up.

    *answering* maps a leg to the (party, attempt) pairs that pick up, each
    after five seconds.
    """

    def picks_up(leg, party, attempt, _ring_time, _rng, /):
        return timedelta(seconds=5) if (party, attempt) in answering[leg] else None

    verdict = Exchange(DEFAULT_WORLD, picks_up).decide(CALL | params, NOW)
    assert verdict.placed
    return [
        (r.leg, r.party, (r.start - NOW).seconds, (r.end - NOW).seconds, r.answered)
        for r in verdict.rings
    ]


@pytest.mark.parametrize(
    ("params", "answering", "expected"),
    [
        pytest.param(
            {},
            {"from": [(A, 0)], "to": [(B, 0)]},
            [("from", A, 0, 5, True), ("to", B, 5, 10, True)],
            id="the second leg rings when the first is answered",
        ),
        pytest.param(
            {},
            NEVER,
            [("from", A, 0, 20, False)],
            id="an unanswered first leg never rings the second",
        ),
        pytest.param(
            {"fromRingTime": "10", "fromRetryCount": "2"},
            {"from": [(A, 2)], "to": []},
            [
                ("from", A, 0, 10, False),
                ("from", A, 10, 20, False),
                ("from", A, 20, 25, True),
                ("to", B, 25, 45, False),
            ],
            id="retries ring again until answered",
        ),
        pytest.param(
            {"from": f"{A},{C}", "fromRingTime": "10"},
            {"from": [(C, 0)], "to": [(B, 0)]},
            [("from", A, 0, 10, False), ("from", C, 10, 15, True), ("to", B, 15, 20, True)],
            id="several values ring one by one",
        ),
        pytest.param(
            {"from": f"{A},{C}", "fromStrategy": "TO_ALL"},
            {"from": [(C, 0)], "to": [(B, 0)]},
            [("from", A, 0, 5, False), ("from", C, 0, 5, True), ("to", B, 5, 10, True)],
            id="to all rings together and stops at the first answer",
        ),
        pytest.param(
            {"fromType": "Group", "from": "21"},
            {"from": [("12", 0)], "to": [(B, 0)]},
            [("from", "11", 0, 20, False), ("from", "12", 20, 25, True), ("to", B, 25, 30, True)],
            id="a group rings its members",
        ),
        pytest.param(
            {"toType": "Group", "to": "22", "queueTimeout": "30"},
            {"from": [(A, 0)], "to": []},
            [("from", A, 0, 5, True)],
            id="a group with nobody free rings nobody",
        ),
        pytest.param(
            {"fromType": "Agent", "from": "13,11"},
            {"from": [("11", 0)], "to": []},
            [("from", "11", 0, 5, True), ("to", B, 5, 25, False)],
            id="an absent agent among several is passed over",
        ),
    ],
)
def test_phones_ring_in_the_documented_order(params, answering, expected):
    """Who rings from when until when follows from the request and from who picks up."""
    assert rings(params, answering) == expected


def test_a_group_waits_for_its_first_free_agent():
    """A group whose agents are all busy rings the first one free, within the queue's patience."""
    exchange = Exchange(DEFAULT_WORLD)
    one = exchange.decide(CALL | {"fromType": "Agent", "from": "11,12"}, NOW)
    two = exchange.decide(CALL | {"fromType": "Agent", "from": "12", "to": C}, NOW)
    assert (one.placed, two.placed) == (True, True)
    queued = exchange.decide(
        CALL | {"fromType": "Group", "from": "21", "to": C, "queueTimeout": "900"}, NOW
    )
    assert queued.rings[0].start > NOW
    assert queued.rings[0].party in ("11", "12")


@pytest.mark.parametrize(
    ("params", "verdict"),
    [
        ({}, "1578"),
        ({"timeLimit": "60"}, "200"),
        ({"timeLimit": "60", "timeLimitHangup": "false"}, "1578"),
    ],
)
def test_a_time_limit_hangs_up(params, verdict):
    """Three minutes into an hour's talk the agent is free only if the limit hung up."""
    habits = Habits(talk=(timedelta(hours=1), timedelta(hours=1)))
    exchange = Exchange(DEFAULT_WORLD.model_copy(update={"habits": habits}))
    call = CALL | {"fromType": "Agent", "from": "11"} | params
    assert exchange.decide(call, NOW).placed
    assert exchange.decide(call, NOW + timedelta(minutes=3)).code == verdict


def test_the_same_seed_gives_the_same_day():
    """Two sandboxes from one world decide, ring and name calls alike."""
    one, two = (
        [each.decide(CALL, NOW) for _ in range(3)] for each in map(Exchange, [DEFAULT_WORLD] * 2)
    )
    assert one == two


def test_latency_is_drawn_around_its_median():
    """Half of the drawn latencies lie under the median and one in a hundred over the p99."""
    latency = Latency(median=timedelta(milliseconds=250), p99=timedelta(seconds=4))
    rng = random.Random(7)
    drawn = sorted(latency.draw(rng) for _ in range(2000))
    assert timedelta(milliseconds=220) < drawn[1000] < timedelta(milliseconds=280)
    assert timedelta(seconds=3) < drawn[1980] < timedelta(seconds=5)
    assert Latency().draw(rng) == timedelta(0)


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 1}, [2]),
        ({"params": {"reqId": "r5"}}, [5]),
        ({"params": {"absent": "x"}}, []),
        ({"numbers": ["+919000000004", "9000000006"]}, [4, 6]),
        ({"token": "sandbox-token-many-values"}, [1, 2, 3, 4, 5, 6]),
        ({"token": "another"}, []),
        ({"numbers": ["9000000002", "9000000003"], "nth": 2}, [3]),
        ({"probability": 0}, []),
        ({"reused": True}, []),
    ],
)
def test_a_rule_strikes_the_requests_it_names(when, struck):
    """Out of six requests to six numbers exactly those that fit the rule are struck."""
    script = FaultScript()
    script.add(Fault(do="hang", when=When(**when)))
    requests = [CALL | {"to": f"900000000{n}", "reqId": f"r{n}"} for n in range(1, 7)]
    faults = [script.at_request(request, reused=False) for request in requests]
    assert [n for n, fault in enumerate(faults, start=1) if fault] == struck


def test_chance_is_repeatable():
    """The same seed strikes the same requests, and about as many as its probability says."""
    runs = []
    for _ in range(2):
        script = FaultScript()
        script.add(Fault(do="hang", when=When(probability=0.3, seed=5)))
        runs.append([bool(script.at_request(CALL, reused=False)) for _ in range(400)])
    assert runs[0] == runs[1]
    assert 90 < sum(runs[0]) < 150


def test_the_oldest_rule_that_strikes_is_played():
    """Two rules for one request: the older is played, and both count it."""
    script = FaultScript()
    script.add(Fault(do="hang", when=When(nth=2)))
    script.add(Fault(do="html"))
    played = [script.at_request(CALL, reused=False) for _ in range(2)]
    assert [fault.do for fault in played if fault] == ["html", "hang"]
    assert [(r["seen"], r["played"]) for r in script.listing()] == [(2, 1), (2, 1)]


def test_a_listing_hides_token_and_numbers():
    """Rules in force are shown without the token and the numbers they look for."""
    script = FaultScript()
    when = When(token="made-up-token", numbers=[A], params={"to": B, "reqId": "r1"})
    script.add(Fault(do="hang", when=when))
    shown = repr(script.listing())
    assert "r1" in shown
    assert not any(secret in shown for secret in ("made-up-token", A, B))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"do": "explode"}, "do"),
        ({"do": "status"}, "status"),
        ({"do": "status", "status": 503, "code": "1501"}, "code"),
        ({"do": "code"}, "code"),
        ({"do": "drop_before_place", "place": True}, "place"),
        ({"do": "place_then_drop", "place": False}, "place"),
        ({"do": "accept_close", "when": {"params": {"to": "1"}}}, "when"),
        ({"do": "refuse", "when": {"nth": 2}}, "when"),
        ({"do": "hang", "hold": 5}, "hold"),
        ({"do": "hang", "hold": "5 minutes"}, "hold"),
        ({"do": "hang", "when": {"nth": 0}}, "nth"),
    ],
)
def test_a_wrong_rule_names_the_field(rule, field):
    """A rule that contradicts itself is refused, naming the field."""
    with pytest.raises(ValidationError, match=field):
        Fault.model_validate(rule)


def test_placing_and_not_placing_look_alike():
    """The key pair of faults gives a client the same steps, whatever happened behind them."""
    placed = Decision("200", "live", "sim0", placed=True)
    not_placed = Decision("200", "live", "sim0")
    before = troubled(Fault(do="drop_before_place"), not_placed, "callId")
    after = troubled(Fault(do="place_then_drop"), placed, "callId")
    assert before == after == [Close()]


@pytest.mark.parametrize("do", ["array", "number_code", "bom", "gzip", "error_with_callid"])
def test_a_request_over_its_rate_is_turned_away_even_in_trouble(do):
    """An answer without a body has no body to distort."""
    steps = troubled(Fault(do=do), Decision("http_429"), "callId")
    (send,) = steps
    assert isinstance(send, Send)
    assert send.data.startswith(b"HTTP/1.1 429")
