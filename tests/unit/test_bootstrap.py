"""What the settings of an account come to."""

from datetime import UTC, datetime, timedelta

from dialer.bootstrap.accounts import calendar_of, route_of
from dialer.domain.call.customer import UNPROTECTED
from dialer.settings import Settings
from schedules.presets import Cap

NOON = timedelta(hours=6, minutes=30)  # 12:00 in India


def account(**given: str):
    return Settings.parse({"accounts": {"default": {"user_id": "1", **given}}}).account()


def test_account_is_shut_on_its_holidays():
    """Public and own holidays close an account for the day, in its own zone."""
    calendar = calendar_of(account(holidays="IN, 2026-11-09"))
    plain = calendar_of(account())
    republic_day = datetime(2026, 1, 26, tzinfo=UTC) + NOON
    own_day = datetime(2026, 11, 9, tzinfo=UTC) + NOON

    for day in (republic_day, own_day):
        assert plain.is_open(day)
        assert not calendar.is_open(day)
    assert calendar.is_open(own_day + timedelta(days=1))


def test_cap_of_a_preset_is_added_to_the_customers():
    """An account that dials by a preset with a cap keeps that cap too."""
    rules = Settings.parse({"customer": {"gap": "5m", "max_rings": 9, "per": "7d"}}).customer.rules
    florida = account(calling_hours="us-florida", time_zone="America/New_York")
    route = route_of(florida, rules, with_token=False)
    india = route_of(account(), rules, with_token=False)

    assert india.customer == rules
    assert route.customer.gap == timedelta(minutes=5)
    assert route.customer.caps == (Cap(9, timedelta(days=7)), Cap(3, timedelta(days=1)))


def test_customer_rules_are_written_as_the_scripts_read_them():
    """The gap, then each cap as most/per, all in microseconds."""
    customer = {"gap": "50s", "max_rings": 3, "per": "24h"}
    rules = Settings.parse({"customer": customer}).customer.rules

    assert (rules.gap, rules.caps_as_words()) == (timedelta(seconds=50), "3/86400000000")
    assert Settings.parse({"customer": {"gap": "0s"}}).customer.rules == UNPROTECTED
