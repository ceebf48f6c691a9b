"""The settlement table and the waits."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.backoff import Backoff
from dialer.domain.job.codes import Kind, lookup, undocumented
from dialer.domain.job.job import State, may
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome, Placed, Refused
from dialer.domain.job.settle import Breaker, decide, row_of

S = timedelta(seconds=1)
TOO_FAST = undocumented("http_429", Kind.CAPACITY)
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
BACKOFFS = {
    "provider": Backoff(2 * S, 2, 60 * S),
    "agent": Backoff(60 * S, 1.5, 900 * S),
    "capacity": Backoff(10 * S, 2, 300 * S),
}


def settle(outcome: Outcome, **given):
    options = {"tries": 0, "max_tries": 6, "misses": 0, "pool_misses": 0, "pool": ""} | given
    options.setdefault("now", NOW)
    return decide(outcome, **options, backoffs=BACKOFFS, rng=Random(3))


# outcome | job -> | try used | reservation kept | breaker, as in the design, line by line
TABLE = [
    (Placed("c"), State.PLACED, True, True, Breaker.SUCCESS),
    (NotSent("refused"), State.READY, False, False, Breaker.SILENT),
    (Refused(lookup("1501")), State.SCHEDULED, True, False, Breaker.FAULT),
    (Refused(lookup("1578")), State.SCHEDULED, False, False, Breaker.SUCCESS),
    (Refused(TOO_FAST), State.SCHEDULED, False, False, Breaker.SILENT),
    (Refused(lookup("1020")), State.READY, False, False, Breaker.SILENT),
    (Refused(lookup("1509")), State.DEAD, True, False, Breaker.SUCCESS),
    (Refused(lookup("1574")), State.DEAD, True, False, Breaker.SUCCESS),
    (Refused(undocumented("1999")), State.UNCONFIRMED, True, True, Breaker.FAULT),
    (Refused(lookup("1032")), State.UNCONFIRMED, True, True, Breaker.FAULT),
    (Doubtful("no answer"), State.UNCONFIRMED, True, True, Breaker.FAULT),
]


@pytest.mark.parametrize(("outcome", "target", "try_used", "rang", "breaker"), TABLE)
def test_table(outcome, target, try_used, rang, breaker):
    """Each outcome has exactly the row that the design gives it."""
    row = row_of(outcome)

    assert (row.target, row.try_used, row.rang, row.breaker) == (target, try_used, rang, breaker)


def test_every_kind_has_a_row():
    """No kind of refusal is left to chance."""
    assert {
        kind for outcome, *_ in TABLE if isinstance(outcome, Refused) for kind in [outcome.kind]
    } == set(Kind)


@pytest.mark.parametrize("outcome", [row[0] for row in TABLE])
def test_every_target_is_an_arrow(outcome):
    """What is decided can be done: from dialing, and late from unconfirmed."""
    for source in (State.DIALING, State.UNCONFIRMED):
        assert may("settle", source, settle(outcome).target)
        assert may("settle", source, settle(outcome, tries=5).target)


@given(st.text(), st.booleans(), st.integers(0, 100), st.integers(1, 100), st.integers(0, 10**6))
def test_what_was_not_sent_uses_no_try(why, late, tries, max_tries, misses):
    """Whatever kept it, and whatever was before: the job is ready again at once."""
    settled = settle(NotSent(why, late=late), tries=tries, max_tries=max_tries, misses=misses)

    assert (settled.target, settled.row.try_used, settled.row.rang) == (State.READY, False, False)
    assert (settled.delay, settled.row.breaker, settled.hold) == (timedelta(0), Breaker.SILENT, ())


def test_last_try_is_buried():
    """When the tries are used up a retry becomes a dead letter that says so."""
    outcome = Refused(lookup("1501"))
    assert settle(outcome, tries=4).target is State.SCHEDULED
    last = settle(outcome, tries=5)

    assert (last.target, last.delay) == (State.DEAD, timedelta(0))
    assert "all 6 tries are used" in last.reason


@pytest.mark.parametrize("kind", [Kind.AGENT, Kind.CAPACITY])
def test_deferrals_never_run_out(kind):
    """A deferral uses no try, so it never buries."""
    assert settle(Refused(undocumented("x", kind)), tries=5, misses=1000).target is State.SCHEDULED


def test_pool_sleeps_but_a_number_does_not_make_others_wait():
    """Only a pool of agents sleeps as a whole, and by the pool's own misses."""
    refusal = Refused(lookup("1578"))

    assert settle(refusal).pool_delay is None
    pooled = settle(refusal, pool="agent:12", pool_misses=20, misses=0)
    assert pooled.pool_delay == pooled.delay >= 450 * S
    assert settle(Refused(undocumented("x", Kind.CAPACITY)), pool="agent:12").pool_delay is None


def test_provider_is_obeyed_when_it_asks_for_more():
    """Retry-After lengthens a wait and never shortens it."""
    ask = Refused(TOO_FAST, retry_after=400 * S)
    tiny = Refused(TOO_FAST, retry_after=timedelta(0))

    assert settle(ask).delay == 400 * S
    assert settle(tiny).delay >= 5 * S


@pytest.mark.parametrize("outcome", [row[0] for row in TABLE])
def test_rate_is_cut_by_capacity_alone(outcome):
    """Only "too fast" slows an account down."""
    capacity = isinstance(outcome, Refused) and outcome.kind is Kind.CAPACITY

    assert settle(outcome).cut_rate == capacity


def test_waits_grow_within_floor_and_cap():
    """Half of each wait is certain, none passes the cap, and a huge count does not overflow."""
    backoff = Backoff(2 * S, 2, 60 * S)
    for nth, longest in enumerate([2, 4, 8, 16, 32, 60, 60]):
        waits = [backoff.delay(nth, Random(seed)) for seed in range(200)]
        assert longest * S / 2 <= min(waits) <= max(waits) <= longest * S
        assert len(set(waits)) > 100
    assert backoff.delay(10**9, Random(1)) <= 60 * S


CALL = ClickToCall(from_="12,13", from_type="Agent", to="9000000002", from_cli="01140000000")


@pytest.mark.parametrize(
    ("code", "held"),
    [("1013", ["sales", "north"]), ("1020", ["sales"]), ("1509", []), ("1501", [])],
)
def test_a_refused_account_is_held_with_all_of_its_user_id_where_that_is_blamed(code, held):
    """The one that asked comes first; a code that blames no account holds none."""
    assert list(settle(Refused(lookup(code)), accounts=["sales", "north"]).hold) == held


@pytest.mark.parametrize(
    ("code", "to", "suppressed"),
    [
        ("1574", "9000000002", "+919000000002"),
        ("1574", "9000000002,9000000003", ""),
        ("1573", "9000000002", ""),
    ],
)
def test_a_register_forbids_the_one_number_it_can_mean(code, to, suppressed):
    """Of several numbers the code does not say which."""
    call = ClickToCall(from_="9000000001", to=to)

    assert settle(Refused(lookup(code)), call=call).suppress == suppressed


def test_a_value_that_all_calls_share_is_named_as_in_every_version():
    """A count that began before an upgrade goes on after it; without a shared value none does."""
    assert settle(Refused(lookup("1582")), call=CALL).fault == "1582 fromCLI a39a8e91cf23756f"
    assert settle(Refused(lookup("1576")), call=CALL).fault == "1576 from 543ebe4655e595dd"
    assert settle(Refused(lookup("1578")), call=CALL).fault == ""
    assert settle(Placed("c"), call=CALL).fault == ""


def test_own_leg_on_a_register_alerts_somebody():
    """Only what the table says is worth a person's look at once."""
    assert settle(Refused(lookup("1573"))).alert
    assert not any(settle(outcome).alert for outcome, *_ in TABLE)
