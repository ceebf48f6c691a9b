"""How people read whom a lane rings first."""

import pytest

from dialer.domain.call.agents import whom
from dialer.domain.call.call import ClickToCall

TO = {"to": "9000000001"}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"from": "9000000002"}, "plain numbers"),
        ({"fromType": "Agent", "from": "11"}, "agent 11"),
        ({"fromType": "Agent", "from": "13,11,12"}, "agents 11, 12 and 13"),
        ({"fromType": "Group", "from": "21"}, "group 21"),
        (
            {"fromType": "Group", "from": "21", "fromWebLogin": "yes"},
            "group 21, logged in on the web",
        ),
        (
            {"fromType": "Agent", "from": "11", "fromWebLogin": "no", "fromCallLogin": "yes"},
            "agent 11, logged out on the web, logged in by phone",
        ),
    ],
)
def test_a_pool_is_named_as_people_do(call, said):
    """Agents and groups by their ids, and who is logged in only where the call asks."""
    assert whom(ClickToCall.model_validate(TO | call).pool) == said


def test_digests_are_shown_to_nobody():
    """What stands in the lane of plain numbers means nothing to people."""
    assert whom("number:0123456789abcdef,fedcba9876543210") == "plain numbers"
