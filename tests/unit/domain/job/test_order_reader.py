"""What is remembered of orders that are alike changes nothing of what is read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.job.job_factory import JobFactory
from dialer.domain.job.order import Order
from dialer.domain.job.order_reader import OrderReader
from dialer.errors import InvalidCall

ALLOWED = {"default": ("toCLI",), "other": ()}
NUMBERS = st.sampled_from(
    [
        "9000000001",
        "+919000000002",
        "90000 00003",
        9000000004,
        "9000000001,9000000005",
        ["9000000006"],
        *("12", "98765XXXXX", "", None, True, "+91 9000000001", "+6591234567", "1800123456"),
    ]
)
OPTIONS = {
    "fromType": st.sampled_from(["Number", "number", "Agent", None]),
    "toType": st.sampled_from(["Number", "Group"]),
    "from_type": st.just("Agent"),
    "fromRingTime": st.sampled_from([20, "20", 30, True, 99]),
    "timeLimit": st.sampled_from([60, 1, True, "60", 1.5]),
    "toCLI": st.sampled_from(["<1/2>", "x"]),
    "extra_params": st.just({"toCLI": "y"}),
    "mode": st.sampled_from(["developer", "live"]),
    "key": st.sampled_from(["a", "b", "", 7, None, "x" * 201]),
    "account": st.sampled_from(["default", "other", "A"]),
    "priority": st.sampled_from([0, 5, "9", 10, True]),
    "not_before": st.sampled_from(["2030-01-31T10:00:00Z", "2030-01-31", None]),
    "not_after": st.sampled_from(["2030-01-31T10:00:00Z", "2031-01-31T10:00:00+05:30"]),
    "customer": st.sampled_from(["to", "from", "both", "all"]),
    "prioritty": st.just(1),
}
ROWS = st.lists(
    st.fixed_dictionaries({"from": NUMBERS, "to": NUMBERS}, optional=OPTIONS),
    min_size=2,
    max_size=8,
)


def outcome(read, row):
    try:
        return read(row)
    except InvalidCall as error:
        return error.problems


@given(ROWS, st.sampled_from(["to", "from", "both"]))
def test_reading_many_is_reading_each(rows, usual):
    """Whatever came before, a line gives the order, the problems and the job it gives alone."""
    facts = {"mode": "live", "customer": usual, "extra_params": ("toCLI",)}
    reader = OrderReader(ALLOWED)
    factory = JobFactory("default", **facts, deadline=timedelta(hours=1))
    for row in [*rows, *rows]:
        alone = outcome(lambda row: Order.parse(row, allowed_extra=ALLOWED), row)
        together = outcome(reader.read, row)
        assert together == alone
        if isinstance(together, Order):
            assert together.call.content() == alone.call.content()
            assert together.call.wire() == alone.call.wire()
            fresh = JobFactory("default", **facts, deadline=timedelta(hours=1))
            assert outcome(factory.job, together) == outcome(fresh.job, alone)


@pytest.mark.parametrize(
    "change",
    [{"timeLimit": True}, {"fromType": "Agent"}, {"to": "9000000001"}, {"from_type": "Agent"}],
)
def test_what_is_no_like_of_a_known_order_is_read_by_the_rules(change):
    """A type, a kind of leg and equal sides are told apart from the order it stands for."""
    reader, row = OrderReader(), {"from": "9000000001", "to": "9000000002", "timeLimit": 1}
    reader.read(row)

    assert outcome(reader.read, row | change) == outcome(Order.parse, row | change)


def test_the_rules_are_asked_once_for_orders_that_are_alike(monkeypatch):
    """A thousand lines that differ in numbers and key are checked by one."""
    parsed, parse = [], Order.parse
    monkeypatch.setattr(Order, "parse", lambda *a, **k: parsed.append(a) or parse(*a, **k))
    reader = OrderReader()
    for nth in range(1000):
        reader.read({"from": "9000000001", "to": f"90{nth + 2:08d}", "key": f"n{nth}"})

    assert len(parsed) == 1
