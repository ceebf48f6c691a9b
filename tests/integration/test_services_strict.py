"""What a service refuses, whoever asks: a stop that stops nothing is worse than an error."""

from datetime import UTC, datetime

import pytest
from clikit import create

from dialer import ClickToCall, Dialer, InvalidCall, JobFilter, Order
from dialer.errors import DialerError, InvalidRequest

CALL = ClickToCall(from_="9000000001", to="9000000002")


@pytest.fixture
def dialer(cli) -> Dialer:
    """The Python face, of the store that the command line works on."""
    return Dialer.from_settings(who="asha")


@pytest.mark.parametrize(
    "scope",
    [
        *("acount:default", "Account:default", "ALL:default", "all:default", "account:default/x"),
        *("campaign:diwali/x", "pool:default", "pool:default/12", "pool:default/Agent:12"),
        *("pool:default/agent: 12", "account:", "", "account:default ", "pool:/agent:1"),
    ],
)
def test_a_scope_that_means_nothing_is_refused(dialer: Dialer, scope: str):
    """Nothing is held, and nobody is told that it is; the same when it is released."""
    with pytest.raises(DialerError):
        dialer.hold(scope, reason="a drill")
    assert dialer.operations.holds.all() == []
    if scope != "pool:/agent:1":
        with pytest.raises((InvalidRequest, InvalidCall)):
            dialer.release(scope)


def test_a_number_in_a_scope_is_held_by_its_digest(dialer: Dialer):
    """As on the command line: a number is in no key."""
    held = dialer.hold("pool:default/number:9000000001")
    assert "9000000001" not in held.scope
    assert dialer.operations.holds.all()[0].reason == "no reason was given"
    assert dialer.release("pool:default/number:9000000001").done


@pytest.mark.parametrize("options", [("--account", "default/x"), ("--campaign", "diwali/x")])
def test_the_command_line_refuses_it_too(cli, options):
    """What is held must be there."""
    create(cli)
    ran = cli("hold", "set", *options, "--reason", "a drill")
    assert (ran.status, ran.out) == (1, "")
    assert cli("hold", "list", "--json").records == []


def test_numbers_of_the_do_not_call_list_are_read(dialer: Dialer):
    """However they are written: one that is kept as it came would be rung."""
    dnc = dialer.operations.suppression
    assert dnc.add(["9100000950", "0 9100-000951, 9100000952"], reason="asked") == 3
    assert {one.number for one in dnc.entries()} == {f"+91910000095{nth}" for nth in range(3)}
    assert dnc.look_up("9100000951").entries
    assert dnc.remove(["9100000950"], reason="agreed") == 1
    for wrong in (["hello"], "+919100000667", [None], [""]):
        with pytest.raises((InvalidCall, InvalidRequest)):
            dnc.add(wrong, reason="asked")
    for account in ("nope", ""):
        with pytest.raises(DialerError):
            dnc.add(["9100000953"], reason="asked", account=account)
        with pytest.raises(DialerError):
            dnc.look_up("9100000951", account)
    assert len(list(dnc.entries())) == 2


@pytest.mark.parametrize("limits", [{}, {"mode": "developer"}, {"token": "made-up"}, {"nope": 1}])
def test_only_limits_are_stored_as_limits(cli, dialer: Dialer, limits):
    """A mode that is stored would be believed, and change nothing."""
    with pytest.raises(InvalidRequest, match="calls_per_second"):
        dialer.operations.set_limits("default", limits)
    assert cli.store.server.client.hgetall(cli.store.server.keys.account("default")) == {}


def test_none_is_absent(dialer: Dialer):
    """An order that a program fills in from its own record has gaps, and makes a sound job."""
    receipt = dialer.enqueue(CALL, key="gaps", account=None, priority=None)  # type: ignore[arg-type]  # as above
    job = dialer.get(receipt.job_id)
    assert (job.account, job.priority) == ("default", 5)
    again = dialer.enqueue(CALL, key="gaps")
    assert again.verdict == "duplicate"


@pytest.mark.parametrize("call", [None, {}, "9000000001", 7])
def test_what_is_no_call_is_named(dialer: Dialer, call):
    """Nothing is enqueued."""
    with pytest.raises(InvalidCall, match="call: "):
        dialer.enqueue(call, key="one")
    good = Order(CALL, key="good")
    receipts = list(dialer.enqueue_many([call, good]))
    assert [str(one.verdict) for one in receipts] == ["rejected", "created"]


def test_what_came_before_a_source_broke_is_handed_over(dialer: Dialer):
    """Each call that was given has its receipt before the error of its source is raised."""

    def broken():
        yield Order(CALL, key="one")
        yield Order(CALL, key="two")
        raise OSError("the file is gone")

    receipts = []
    with pytest.raises(OSError, match="gone"):
        receipts.extend(dialer.enqueue_many(broken()))
    assert [str(one.verdict) for one in receipts] == ["created", "created"]
    assert dialer.counts()["ready"] == 2


def test_a_key_is_found_as_it_was_handed_over(dialer: Dialer):
    """A number is a key as its digits."""
    receipt = dialer.enqueue(CALL, key=7)  # type: ignore[arg-type]  # as a program may
    assert dialer.find(7).id == dialer.find("7").id == receipt.job_id  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e-300, None, "1/s"])
def test_a_speed_that_is_none_is_refused(dialer: Dialer, rate):
    """Dead letters stay dead."""
    with pytest.raises(InvalidCall, match="per_second"):
        dialer.redrive([], per_second=rate)


def test_words_that_nobody_knows_are_named(cli, dialer: Dialer):
    """The error names the field and what it may be."""
    create(cli)
    with pytest.raises(InvalidRequest, match="finding: must be one of placed, dead, again"):
        dialer.resolve("x", "rung", reason="a guess")
    with pytest.raises(InvalidRequest, match="state: must be one of"):
        list(dialer.jobs(JobFilter(state="bogus")))  # type: ignore[arg-type]  # as a program may
    with pytest.raises(InvalidRequest, match="verb: must be one of start"):
        dialer.campaigns.steer("begin", "diwali")  # type: ignore[arg-type]  # as above
    with pytest.raises(InvalidRequest, match="id: "):
        dialer.cancel([None])  # type: ignore[list-item]  # as above


def test_rows_that_are_none_are_reported(cli, dialer: Dialer):
    """A single row is no list; in one, what is no row is named and the others are taken."""
    create(cli)
    with pytest.raises(InvalidRequest, match="source"):
        dialer.campaigns.add("diwali", {"phone": "9000001001"})
    with pytest.raises(InvalidRequest, match="source"):
        dialer.campaigns.add("diwali", "contacts.csv")  # type: ignore[arg-type]  # a path is a Path
    refused: list[object] = []
    rows = [{"phone": "9000001001", "since": datetime(2026, 1, 1, tzinfo=UTC)}, None, object()]
    done = dialer.campaigns.add("diwali", rows, report=refused.append)  # type: ignore[arg-type]  # as above
    assert (done.accepted, len(refused)) == (1, 2)


def test_hours_of_a_number_as_it_is_written(dialer: Dialer):
    """A national number is one of the usual country."""
    from dialer.services.operations.hours import of_number  # noqa: PLC0415 - this test alone

    now = datetime.now(UTC)
    assert of_number("9100000001", now).zone == "Asia/Kolkata"
    with pytest.raises(InvalidCall):
        of_number("hello", now)


def test_a_store_that_may_forget_takes_nothing_from_python(cli):
    """There is no word by which a program could get round that."""
    client = cli.store.server.client
    client.config_set("appendfsync", "no")
    try:
        with pytest.raises(DialerError):
            Dialer.from_settings()
    finally:
        client.config_set("appendfsync", "always")
