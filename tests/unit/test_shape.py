"""One call stands for those that differ in a plain number alone."""

from datetime import UTC, datetime

import pytest

from dialer.campaign import Campaign
from dialer.errors import InvalidCall
from dialer.shape import Shapes

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NUMBERS = ("9000000001", "+91 90000 00002", "9000000003,9000000004", "9000000005")
CAMPAIGNS = [
    {"call": {"from": "7", "fromType": "Group"}, "columns": {"to": "m"}},
    {"call": {"from": "9000000005"}, "columns": {"to": "m", "toRetryCount": "r"}},
    {"call": {"from": "7,8", "fromType": "Agent", "timeLimit": 60}, "columns": {"to": "m"}},
    {"call": {"to": "7", "toType": "Agent"}, "columns": {"from": "m"}, "customer": "from"},
    {"call": {"from": "9000000009"}, "columns": {"to": "m"}, "customer": "both"},
]


@pytest.mark.parametrize("fields", CAMPAIGNS)
def test_a_shape_is_that_of_the_call_itself(fields):
    """Whatever was seen before, numbers, rings, lead and pool are those of this row."""
    made = Campaign.read({"name": "x", **fields}, now=NOW, time_zone="Asia/Kolkata")
    shapes, side = Shapes(made), "to" if "to" in made.columns else "from"
    for row, number in enumerate(NUMBERS * 2, start=1):
        for again in ("", "3"):
            values = dict.fromkeys(made.template.names, again) | {side: number}
            try:
                call = made.template.call(values, row=row)
            except InvalidCall:
                with pytest.raises(InvalidCall):
                    shapes.of(values, row)
                continue
            shape = shapes.of(values, row)
            assert shape.numbers == call.protected(made.customer)
            assert shape.rings == call.rings(made.customer)
            assert (shape.lead, shape.pool) == (call.ring_lead(made.customer), call.pool)
            assert shape.limited == (call.talk_limit is not None)


def test_nonsense_is_refused_behind_a_good_row():
    """What stands for others must not let them through."""
    made = Campaign.read({"name": "x", **CAMPAIGNS[1]}, now=NOW, time_zone="Asia/Kolkata")
    shapes = Shapes(made)
    shapes.of({"to": "9000000001", "toRetryCount": ""}, 1)
    for wrong in ("", "123", "abc", "9000000005"):
        with pytest.raises(InvalidCall):
            shapes.of({"to": wrong, "toRetryCount": ""}, 2)
