"""The definition of a campaign, and what it refuses."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.domain.campaign.campaign import DEFAULT_LENGTH, Campaign
from dialer.domain.job.redial import Redial
from dialer.errors import InvalidCampaign
from dialer.planning import caller_ids as series

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
GOOD = {"name": "diwali", "call": {"from": "7", "fromType": "Group"}, "columns": {"to": "Mobile"}}


def read(**fields):
    """Read a definition that differs from a good one in some fields."""
    return Campaign.read(GOOD | fields, now=NOW, time_zone="Asia/Kolkata", allowed_extra=("toCLI",))


def test_what_is_absent_is_filled_in():
    """The account's zone and customer, and an end in a month."""
    made = read()
    assert (made.time_zone, made.customer, made.account) == ("Asia/Kolkata", "to", "default")
    assert made.ends == NOW + DEFAULT_LENGTH
    assert read(starts=NOW + timedelta(days=60)).ends == NOW + timedelta(days=60) + DEFAULT_LENGTH


def test_a_definition_survives_being_written():
    """What the store keeps is what was defined."""
    made = read(delays={"agent": "5m"}, preset="uk", caller_ids=("1400000001",), weight=3)
    assert Campaign.from_json(made.to_json()) == made


WRONG = {
    "name": ({"name": "Diwali!"}, "name: must be 1 to 40 of a-z, 0-9 and _"),
    "unknown field": ({"wieght": 2}, "wieght: is no field of a campaign"),
    "weight": ({"weight": 0}, "weight: must be at least 1"),
    "rate": ({"calls_per_second": 0}, "calls_per_second: must be at least 0.00001"),
    "preset": ({"preset": "mars"}, "preset: is no preset; the presets are: india-commercial"),
    "hours": ({"calling_hours": "Mon 25:00-26:00"}, "calling_hours: "),
    "zone": ({"time_zone": "Asia/Mumbai"}, 'time_zone: time zone "Asia/Mumbai" is not'),
    "naive time": ({"ends": "2026-04-01T00:00:00"}, "ends: needs an offset from UTC"),
    "past end": ({"ends": NOW}, "ends: has passed"),
    "end before start": (
        {"starts": NOW + timedelta(days=2), "ends": NOW + timedelta(days=1)},
        "ends: must be later than starts",
    ),
    "delay": ({"delays": {"agent": "5"}}, "delays.agent: is a number without a unit"),
    "delay kind": ({"delays": {"busy": "5m"}}, "delays.busy"),
    "purpose": ({"purpose": "fun"}, "purpose: must be 'promotional'"),
    "zone column": ({"zone_from": "column"}, "zone_column: is named exactly when"),
    "secret": ({"call": {"from": "7", "token": "x"}}, "token: belongs to the account"),
    "unknown parameter": ({"call": {"from": "7", "form": "x"}}, "form: is no parameter"),
    "side": ({"call": {}}, "from: is missing: write its value, or name the column that holds it"),
    "twice": ({"call": {"from": "7", "to": "1"}}, "to: is fixed, and a column fills it too"),
    "value": ({"call": {"from": "7", "fromType": "Gruop"}}, "fromType: must be Number or Agent"),
    "pool beside fixed": (
        {"call": {"from": "7", "fromType": "Group", "fromCLI": "140"}, "caller_ids": ("141",)},
        "fromCLI: is given beside the pool of caller ids",
    ),
    "caller id": ({"caller_ids": ("abc",)}, "fromCLI: "),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_wrong_field_is_named_with_its_rule(case):
    """Nothing is defined, and the sentence says what to change."""
    fields, sentence = WRONG[case]
    with pytest.raises(InvalidCampaign) as caught:
        read(**fields)
    assert sentence in str(caught.value)


def test_all_that_is_wrong_is_named_at_once():
    """Nobody has to try again and again."""
    with pytest.raises(InvalidCampaign) as caught:
        read(weight=0, preset="mars")
    assert [field for field, _ in caught.value.problems] == ["preset", "weight"]


@pytest.mark.parametrize(
    ("call", "columns"),
    [
        ({"from": "7", "fromType": "Group", "toStrategy": "TO_ALL"}, {"to": "Mobile"}),
        ({"from": "+919000000000"}, {"to": "Mobile"}),
        (
            {"from": "7", "fromType": "Agent", "timeLimtAlert": "30", "alertAudio": "1_2.wav"},
            {"to": "Mobile", "timeLimit": "Limit"},
        ),
        ({"toType": "Agent"}, {"from": "Mobile", "to": "Agent"}),
        ({"from": "7", "fromType": "Group"}, {"to": "Mobile", "toCLI": "Shown"}),
    ],
)
def test_templates_whose_rows_can_be_right_are_accepted(call, columns):
    """What a column fills is not judged before there is a row."""
    assert read(call=call, columns=columns).template.names == tuple(sorted(columns))


def test_caller_ids_are_used_in_turn():
    """The row decides, so that the same row has the same caller id again."""
    template = read(caller_ids=("1400000001", "1400000002")).template
    used = [template.call({"to": "9000000001"}, row=row).from_cli for row in range(1, 5)]
    assert used == ["1400000002", "1400000001"] * 2


def test_an_empty_cell_is_an_absent_parameter():
    """Lists have holes."""
    template = read(columns={"to": "Mobile", "toRingTime": "Ring"}).template
    assert template.call({"to": "9000000001", "toRingTime": ""}).to_ring_time == 20
    assert template.call({"to": "9000000001", "toRingTime": "30"}).to_ring_time == 30


def test_hours_intersect_in_each_zone():
    """Preset and ranges must both be open, in every zone a contact may be in."""
    made = read(preset="us-federal", calling_hours="daily 10:00-22:00", time_zone="Asia/Kolkata")
    both = made.calendar("America/Chicago+America/New_York")
    # 08:00 to 21:00, and 10:00 to 22:00: from 10:00 in Chicago until 21:00 in New York.
    (window,) = both.windows(NOW, NOW + timedelta(days=1))[:1]
    assert window[0] == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert window[1] == datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "given", "limit"),
    [("Agent", None, 1), ("Number", None, 1), ("Group", None, 0), ("Group", 2, 2), ("Agent", 0, 0)],
)
def test_live_calls_per_agent(kind, given, limit):
    """One by default, and a group knows itself."""
    assert read(live_per_agent=given).agent_limit(kind) == limit


class Draw:
    """A source of randomness that always gives the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        """Return it."""
        return self.value


def test_redial_rules_replace_the_usual_wait():
    """At least the campaign's delay, at most a tenth more; others keep the usual one."""
    rules = Redial.from_json(read(delays={"agent": "10m"}).redial.to_json())
    usual = timedelta(seconds=60)
    wait = [rules.delay("agent", usual, now=NOW, rng=Draw(draw)) for draw in (0.0, 1.0)]
    assert wait == [timedelta(minutes=10), timedelta(minutes=11)]
    assert rules.delay("provider", usual, now=NOW, rng=Draw(0)) == usual


@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        ("Asia/Kolkata", NOW, datetime(2026, 3, 2, 18, 30, tzinfo=UTC)),
        # The night in which New York's clocks go forward: its day has 23 hours.
        (
            "America/New_York",
            datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
            datetime(2026, 3, 9, 4, 0, tzinfo=UTC),
        ),
    ],
)
def test_not_the_same_day_means_midnight_there(zone, now, midnight):
    """A day ends where the campaign is, not where the server is."""
    rules = read(not_same_day=("agent",), time_zone=zone).redial
    assert now + rules.delay("agent", timedelta(minutes=1), now=now, rng=Draw(0)) == midnight


SERIES = [
    ((), None, ""),
    (("1400000001",), "promotional", ""),
    (("911400000001", "01400000001"), "promotional", ""),
    (("1600000001",), "service", ""),
    (("1400000001",), "transactional", "140 series is not for transactional"),
    (("1600000001",), "promotional", "160 series is not for promotional"),
    (("9000000001",), "promotional", "ordinary ten-digit"),
    (("919000000001",), "recovery", "ordinary ten-digit"),
    (("1400000001",), None, "no purpose is declared"),
    (("AGENT_CLI",), "service", ""),
]


@pytest.mark.parametrize(("caller_ids", "purpose", "warning"), SERIES)
def test_caller_ids_must_suit_the_purpose(caller_ids, purpose, warning):
    """A warning, not a refusal: operators know their numbers better than we do."""
    found = series.warnings(caller_ids, purpose)
    assert (len(found) == 1) == bool(warning)
    assert warning in " ".join(found)
