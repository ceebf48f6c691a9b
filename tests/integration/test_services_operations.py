"""Operating without the command line: what a program may ask, and what it is told."""

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dialer.cli.session import session
from dialer.domain.holds.scope import EVERYTHING, account_scope, campaign_scope, read_pool
from dialer.errors import (
    CampaignNotFound,
    HoldRefused,
    InvalidCall,
    InvalidRequest,
    SettingsError,
    StoreRefused,
)
from dialer.lists import NumberList
from dialer.services.operations import OperationsService
from dialer.services.operations.hours import in_zone, of_account, of_number
from dialer.services.operations.installation import check, migrate
from dialer.services.operations.suppression import Import, read_numbers
from dialer.settings import Settings

MONDAY_NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
ONE, TWO = "+919000000001", "+919000000002"


@pytest.fixture
def asha(cli) -> Iterator[OperationsService]:
    """The operations of somebody named asha, and of nobody at a terminal."""
    with session(who="asha") as opened:
        yield opened.operations


@pytest.fixture
def ravi(cli) -> Iterator[OperationsService]:
    """The same of somebody else."""
    with session(who="ravi") as opened:
        yield opened.operations


def test_each_has_a_hold_of_their_own(asha, ravi):
    """Who asks decides whose hold it is; what another one holds stays, and is told."""
    scope = account_scope("default")
    assert asha.holds.set(scope, reason="script").owner == "operator"
    second = ravi.holds.set(scope, reason="lunch")
    assert (second.owner, [hold.who for hold in second.rest]) == ("ravi", ["asha"])
    assert asha.holds.set(scope, reason="still").owner == "operator"

    released = ravi.holds.release(scope)
    assert (released.done, [hold.reason for hold in released.taken]) == (True, ["lunch"])
    assert [(hold.owner, hold.reason) for hold in released.rest] == [("operator", "still")]
    assert [(event.verb, event.who) for event in asha.holds.history()] == [
        ("set", "asha"),
        ("set", "ravi"),
        ("set", "asha"),
        ("release", "ravi"),
    ]


def test_what_nobody_holds_is_not_released(asha):
    """That is an answer, and no error."""
    released = asha.holds.release(EVERYTHING)
    assert (released.owner, released.done, released.taken, released.rest) == (
        "operator",
        False,
        [],
        [],
    )


@pytest.mark.parametrize("owner", ["breaker", "Witness", "A B", ""])
def test_no_person_takes_the_name_of_a_machine(asha, owner):
    """A hold under it would end by rules that are not theirs."""
    with pytest.raises(InvalidRequest) as refused:
        asha.holds.set(EVERYTHING, reason="x", owner=owner)
    assert refused.value.field == "owner"
    assert asha.holds.all() == []


@pytest.mark.parametrize("scope", [account_scope("other"), "pool:other/agent:12"])
def test_hold_on_what_is_not_there_is_refused(asha, scope):
    """Whoever misspells an account must not believe that it is stopped."""
    with pytest.raises(SettingsError):
        asha.holds.set(scope, reason="x")
    assert asha.holds.all() == []


def test_hold_on_a_campaign_asks_whether_there_is_one(asha):
    """The same of a campaign."""
    with pytest.raises(CampaignNotFound):
        asha.holds.set(campaign_scope("nobody"), reason="x")


def test_store_that_may_forget_keeps_its_hold(asha, cli):
    """The next tick would set it again; once it is mended the hold can go."""
    client = cli.store.server.client
    cli.store.holds.set(EVERYTHING, owner="durability", who="tick", reason="x")
    client.config_set("appendfsync", "everysec")
    try:
        with pytest.raises(HoldRefused, match="the next tick"):
            asha.holds.release(EVERYTHING, owner="durability")
    finally:
        client.config_set("appendfsync", "always")
    assert asha.holds.release(EVERYTHING, owner="durability").done


@pytest.mark.parametrize(
    ("written", "scope"),
    [
        ("default/agent:13,12,12", "pool:default/agent:12,13"),
        ("default/group:21", "pool:default/group:21"),
        ("default/agent:12/web=na/call=na", "pool:default/agent:12/web=na/call=na"),
        ("default/number:0123456789abcdef", "pool:default/number:0123456789abcdef"),
    ],
)
def test_pool_is_read_as_a_lane_or_a_person_writes_it(written, scope):
    """Twice the same agent, in whatever order, is one scope."""
    assert read_pool(written) == scope


@pytest.mark.parametrize("number", ["9000000001", "+91 90000 00001"])
def test_number_of_a_pool_is_never_said(number):
    """Only its digest is, however the number is written."""
    scope = read_pool(f"default/number:{number}")
    assert scope == read_pool("default/number:09000000001")
    assert "9000000001" not in scope


@pytest.mark.parametrize(
    ("written", "error"), [("default/number:12", InvalidCall), ("default/12", InvalidRequest)]
)
def test_pool_of_nobody_is_refused(written, error):
    """By the name of the field, with what to write."""
    with pytest.raises(error, match="pool: "):
        read_pool(written)


def test_numbers_are_put_on_a_list_in_somebodys_name(asha, ravi):
    """Who and why stay on record, also of whoever takes one off again."""
    assert asha.suppression.add([ONE, TWO], reason="asked") == 2
    assert ravi.suppression.add([ONE], reason="again") == 0
    (entry,) = asha.suppression.look_up(ONE).entries
    assert (entry.who, entry.reason, entry.account) == ("asha", "asked", None)

    assert ravi.suppression.remove([ONE, ONE], reason="misprint") == 1
    found = asha.suppression.look_up(ONE)
    assert (found.entries, found.released and found.released.who) == ([], "ravi")
    assert [one.number for one in asha.suppression.entries()] == [TWO]


def test_list_of_an_account_counts_for_it_alone(asha):
    """Asked without the account, a number of its list may be rung."""
    asha.suppression.add([ONE], reason="asked", account="shut")
    assert asha.suppression.look_up(ONE, "shut").entries
    assert not asha.suppression.look_up(ONE, "default").entries
    assert not asha.suppression.look_up(ONE).entries


def test_imported_stream_is_counted(asha):
    """Rows without a number are told one by one, and twice the same list adds nobody."""
    text, told = b"phone\n9000000001\nnobody\n9000000002\n9000000001\n", []
    rows = NumberList(io.BytesIO(text))
    assert asha.suppression.add_list(rows, reason="x", refused=told.append) == Import(2, 1, 1)
    assert [row.line for row in told] == [3]
    again = NumberList(io.BytesIO(text))
    assert asha.suppression.add_list(again, reason="x") == Import(0, 3, 1)


def test_nothing_is_put_on_the_list_of_no_account(asha):
    """Its numbers would be rung all the same."""
    for put in (
        lambda: asha.suppression.add([ONE], reason="x", account="other"),
        lambda: asha.suppression.add_list(
            NumberList(io.BytesIO(b"9000000001\n")), reason="x", account="other"
        ),
    ):
        with pytest.raises(SettingsError):
            put()
    assert list(asha.suppression.entries("other")) == []


def test_what_holds_two_numbers_is_both(cli):
    """Doubt adds; what holds none is refused."""
    assert read_numbers("9000000001 9000000002") == [ONE, TWO]
    with pytest.raises(InvalidCall):
        read_numbers("nobody")


def test_limits_win_until_they_are_cleared(asha):
    """Those that were not given stay those of the settings."""

    def limits() -> tuple[float, int]:
        one = next(view for view in asha.accounts() if view.name == "default")
        return one.standing.limits.calls_per_second, one.standing.limits.max_posting

    before = limits()
    asha.set_limits("default", {"calls_per_second": 7.5})
    assert limits() == (7.5, before[1])
    with pytest.raises(SettingsError):
        asha.set_limits("default", {"max_posting": -1})
    with pytest.raises(SettingsError):
        asha.set_limits("other", {"burst": 2})
    asha.clear_limits("default")
    assert limits() == before


def test_status_is_known_while_the_broker_is_away(cli, monkeypatch):
    """It says that doorbells are unknown, and all the rest."""
    monkeypatch.setenv("DIALER_BROKER_URL", "redis://127.0.0.1:9/1")
    cli.job()
    with session(who="asha") as opened:
        seen = opened.operations.status()
    assert (seen.doorbells, sum(seen.states.values())) == (None, 1)


def test_recovery_tells_what_may_have_been_dialled(asha, cli):
    """Everything is held in the name of whoever asks, and the jobs that wait are named."""
    job_id = cli.job()
    found = asha.recover()
    assert [(hold.owner, hold.who) for hold in asha.holds.all()] == [("recover", "asha")]
    assert ([job.id for job in found.suspects], list(found.campaigns), found.doubts) == (
        [job_id],
        [],
        0,
    )


def test_hours_of_a_number_a_zone_and_an_account(cli):
    """Each says where, whose and which; hours that are given take the place of an account's."""
    shut = Settings.load().account("shut")
    london = in_zone("Europe/London", MONDAY_NOON, "Mon 10:00-13:00")
    assert (london.open, london.zone, london.account) == (True, "Europe/London", None)
    assert london.next_change == MONDAY_NOON + timedelta(hours=1)
    assert of_number(ONE, MONDAY_NOON).hours == "india-commercial"
    assert not of_account(shut, MONDAY_NOON, "Tue 10:00-13:00").open
    assert of_account(shut, MONDAY_NOON, "Mon 10:00-13:00").account == "shut"
    assert of_account(shut, MONDAY_NOON).hours == shut.calling_hours
    with pytest.raises(InvalidRequest) as unknown:
        of_number("+80012345678", MONDAY_NOON)
    assert unknown.value.field == "zone"


def test_installation_is_checked_without_a_store(cli, monkeypatch):
    """What cannot be asked is a finding; so are settings that cannot be read."""
    monkeypatch.setenv("DIALER_REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setenv("DIALER_BROKER_URL", "redis://127.0.0.1:9/1")
    found = {one.name: str(one.level) for one in check({}, lambda: MONDAY_NOON)}
    assert (found["settings"], found["store"], found["broker"]) == ("ok", "fail", "fail")
    monkeypatch.setenv("DIALER_JOBS__LEASE", "30")
    assert [one.name for one in check({}, lambda: MONDAY_NOON)] == ["settings"]


def test_layout_of_another_version_asks_for_that_version(cli, redis_server):
    """Nothing is changed, whoever wrote it."""
    client, layout = cli.store.server.client, cli.store.server.keys.layout
    (said,) = migrate(redis_server.url)
    assert "nothing to migrate" in said
    client.set(layout, "99")
    with pytest.raises(StoreRefused, match="a newer version wrote it"):
        list(migrate(redis_server.url))
    assert client.get(layout) == "99"
    client.delete(layout)


def test_services_load_nothing_of_the_command_line():
    """A program that asks them has no terminal."""
    code = "import dialer.services.operations, sys; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"typer", "rich", "dialer.cli", "dialer.bootstrap"} & set(ran.stdout.split())
