"""A store that was restored from an older copy: noticed before the first call, and put right."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from campaignkit import Field
from dispatchkit import Line
from storekit import PLACED, SECOND, Clockwork

from dialer.bootstrap.store import store_of
from dialer.bootstrap.worker import worker_parts
from dialer.cli import main
from dialer.client import Client
from dialer.domain.holds.owners import MACHINES
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Refused
from dialer.local.embedded_server import EmbeddedServer
from dialer.maintenance.recovery import recover, suspects, unfinished
from dialer.settings import Settings
from dialer.store.high_water_mark import HighWaterMark, place_of
from dialer.store.redis.connection import connect
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.keys import Keys
from dialer.store.redis.witness import Witness

ACCOUNT = {
    "USER_ID": "1",
    "TOKEN": "token",
    "BASE_URL": "http://127.0.0.1:9/call",
    "CALLING_HOURS": "always",
}


def owners(clockwork: Clockwork) -> list[str]:
    """Who holds everything."""
    return [hold.owner for hold in clockwork.store.holds.all() if hold.scope == EVERYTHING]


def set_up(monkeypatch, server: EmbeddedServer) -> Settings:
    """Name the server and one account in the environment."""
    there = Line(Refused(lookup("1501")))
    for name in ("reserve", "give_back", "place"):
        monkeypatch.setattr(Client, name, staticmethod(getattr(there, name)))
    monkeypatch.setenv("DIALER_REDIS_URL", server.url)
    monkeypatch.setenv("DIALER_BROKER_URL", server.broker_url)
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(f"DIALER_ACCOUNTS__DEFAULT__{name}", value)
    return Settings.load()


def run_on(settings: Settings) -> None:
    """Do what a worker does: it looks at its start, dials and ticks."""
    parts = worker_parts(settings)
    parts.upkeep.tick()
    assert parts.dispatcher.answer("default").startswith("retried")
    parts.upkeep.tick()
    parts.store.server.close()


def test_restored_copy_is_noticed_before_the_first_call(tmp_path: Path, monkeypatch, capsys):
    """Stop, copy, run on, stop, put the copy back, start: nothing is dialled, and one sees why."""
    monkeypatch.chdir(tmp_path)
    data, copy = tmp_path / "data", tmp_path / "copy"
    with EmbeddedServer(data) as server:
        settings = set_up(monkeypatch, server)
        assert main(["call", "9000000001", "9100000001"]) == 0
        server.stop()
        shutil.copytree(data / "appendonlydir", copy)
        server.start()
        run_on(settings)
        server.stop()
        shutil.rmtree(data / "appendonlydir")
        shutil.copytree(copy, data / "appendonlydir")
        server.start()

        parts = worker_parts(settings)
        assert parts.dispatcher.answer("default") == "no: held:all"
        capsys.readouterr()
        assert main(["status"]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "everything by witness" in said
        assert "the store is an older copy" in said

        parts.upkeep.tick()
        assert main(["recover", "--who", "ann"]) == 0
        said = capsys.readouterr().out
        assert "1 job may have been dialled since" in said
        assert "dialer hold release --all --owner recover" in said
        assert main(["hold", "release", "--all", "--owner", "recover"]) == 0
        parts.store.server.close()
        run_on(settings)


@pytest.fixture
def mark(clockwork: Clockwork, tmp_path) -> HighWaterMark:
    """A machine's mark of a store in which something has happened."""
    clockwork.enqueue("first")
    Epochs(clockwork.store.server).begin()
    mark = HighWaterMark(clockwork.store, "here", tmp_path / "marks")
    mark.look()
    return mark


def forget(clockwork: Clockwork) -> None:
    """Let the store forget its last move."""
    clockwork.store.server.client.decr(clockwork.store.server.keys.seq)


def test_store_that_goes_on_is_left_alone(clockwork: Clockwork, mark: HighWaterMark):
    """Looking never stops a store that knows as much as before, or more."""
    mark.look()
    clockwork.enqueue()
    mark.look()

    assert owners(clockwork) == []


def test_store_that_forgot_is_stopped_once(clockwork: Clockwork, mark: HighWaterMark):
    """One hold of owner witness, whose time is that of the first look."""
    forget(clockwork)
    mark.look()
    first = clockwork.store.holds.all()
    clockwork.forward(SECOND)
    forget(clockwork)
    mark.look()

    assert owners(clockwork) == ["witness"]
    assert clockwork.store.holds.all() == first


@pytest.mark.parametrize("opened", [False, True])
def test_emptied_store_is_stopped_before_the_first_call(
    clockwork: Clockwork, mark: HighWaterMark, opened
):
    """Whoever starts over on purpose says so, and is told how much this machine remembers."""
    client = clockwork.store.server.client
    client.flushdb()
    clockwork.forward(SECOND)
    # A process that was not there before: only the machine remembers.
    clockwork.store.server.witness = Witness()
    if opened:
        Epochs(clockwork.store.server).begin()
    mark.look()

    (hold,) = clockwork.store.holds.all()
    assert hold.owner == "witness"
    assert "or it was emptied: 1 moves of the one before were seen on this machine" in hold.reason
    recover(clockwork.store, who="ann")
    mark.look()
    assert owners(clockwork) == ["recover"]


def test_mark_that_cannot_be_kept_is_said_once(clockwork: Clockwork, tmp_path, caplog):
    """The worker goes on; what is lost without the mark is in its log."""
    clockwork.enqueue()
    (tmp_path / "file").write_text("")
    Epochs(clockwork.store.server).begin()
    mark = HighWaterMark(clockwork.store, "here", tmp_path / "file")
    mark.look()
    mark.look()

    assert caplog.text.count("cannot be written") == 1
    assert owners(clockwork) == []


def test_recovery_takes_over_from_the_witness(clockwork: Clockwork, mark: HighWaterMark):
    """Everything stays held under another owner, and no mark of the lost time stops it again."""
    forget(clockwork)
    mark.look()
    begun = recover(clockwork.store, who="ann")
    mark.look()

    assert owners(clockwork) == ["recover"]
    assert clockwork.store.holds.all()[0].who == "ann"
    assert begun.copy is not None


def test_recovery_knows_the_age_of_the_copy_after_upkeep(clockwork: Clockwork, mark: HighWaterMark):
    """What the copy remembered last is kept when it is noticed, whatever is moved afterwards."""
    last = clockwork.now
    forget(clockwork)
    clockwork.forward(timedelta(hours=1))
    mark.look()
    clockwork.store.maintenance.claim_tick(SECOND)
    clockwork.enqueue()

    assert recover(clockwork.store, who="ann").copy == last
    clockwork.forward(SECOND)
    assert recover(clockwork.store, who="ann").copy == last


def test_suspects_are_those_that_could_have_been_dialled(clockwork: Clockwork):
    """Ready ones and those whose time has come, not those that have come to their end."""
    clockwork.enqueue("done", priority=9)
    clockwork.settle(clockwork.begun(), PLACED)
    clockwork.enqueue("ready")
    clockwork.enqueue("came due", not_before=clockwork.now + SECOND)
    begun = recover(clockwork.store, who="ann")

    assert [job.id for job in suspects(clockwork.store, begun)] == ["ready", "came due"]


def test_campaigns_that_could_have_gone_on_are_named(clockwork: Clockwork):
    """Contacts that are no jobs in the copy may be jobs since; cancelled campaigns cannot."""
    campaigns = Field.on(clockwork)
    campaigns.create("draft", [1, 2, 3], start=False)
    campaigns.create("over", [4], start=False)
    campaigns.steer("cancel", "over")
    begun = recover(clockwork.store, who="ann")

    found = unfinished(clockwork.store, begun)
    assert [(one.name, one.waiting) for one in found] == [("draft", 3)]


def test_more_suspects_than_a_person_reads_are_counted(cli):
    """The table is short, the number is right, and the way to all of them is named."""
    lines = [f'{{"from": "9000000001", "to": "91000{n:05d}"}}\n' for n in range(25)]
    assert cli("enqueue", "-", stdin="".join(lines)).status == 0

    out = cli("recover", "--who", "ann").out
    assert "25 jobs may have been dialled since; 20 are shown, all of them: --json" in out
    assert out.count(" ready ") == 20


def test_recovery_of_a_running_store(cli):
    """It lists what waits, one JSON line a job, and stops new calls; later jobs are not its own."""
    waiting = cli.job()
    later = cli.job("9100000002", "--at", "2h")
    ran = cli("recover", "--who", "ann", "--json")
    new = cli.job("9100000003")

    assert ran.status == 0
    assert [job["id"] for job in ran.records] == [waiting]
    again = [job["id"] for job in cli("recover", "--who", "bob", "--json").records]
    assert (later in again, new in again, again) == (False, False, [waiting])
    (hold,) = cli("hold", "list", "--json").records
    assert (hold["owner"], hold["who"]) == ("recover", "ann")
    assert "do what `dialer recover` lists, then: dialer hold release" in cli("hold", "list").out
    assert cli.store.jobs.counts()[State.READY] == 2


def test_doctor_knows_at_once_that_the_store_was_emptied(cli):
    """Before any worker has started: by what this machine remembers of the store there."""
    cli.job()
    server = cli.store.server
    HighWaterMark(cli.store, place_of(Settings.load().redis_url)).look()
    assert [one for one in cli("doctor", "--json").records if one["check"] == "memory_lost"] == []
    server.client.flushdb()

    ran = cli("doctor", "--json")
    (found,) = [one for one in ran.records if one["check"] == "memory_lost"]
    assert (ran.status, found["level"]) == (1, "fail")
    assert "1 moves of the one before were seen on this machine" in found["text"]


def test_status_and_doctor_say_that_the_clock_stepped(cli):
    """For a day, with how far and when; afterwards nobody needs to know."""
    client, now = cli.store.server.client, datetime.now(UTC)
    for ago, said in ((timedelta(minutes=5), True), (timedelta(days=2), False)):
        at = int((now - ago).timestamp() * 1_000_000)
        client.hset(Keys().era, mapping={"step_us": at, "step_by": -3_600_000_000})
        words = "the store's clock went back by 1:00:00, 5 min ago"
        assert (words in cli("status").out) is said
        assert (cli("status", "--json").record["clock_stepped"] is not None) is said
        clocks = [one for one in cli("doctor", "--json").records if one["check"] == "clock"]
        assert any(words in one["text"] for one in clocks) is said


def test_recovery_wants_a_name(cli):
    """Who stops everything is on record."""
    assert cli("recover").status == 2
    for nobody in ("", "  "):
        ran = cli("recover", "--who", nobody)
        assert ran.status == 2
        assert "--who" in ran.err
        assert "is empty; write your name" in ran.err
    assert cli.store.holds.all() == []


@pytest.mark.parametrize("owner", sorted(MACHINES))
def test_owners_of_the_systems_holds_are_known(cli, owner):
    """Their names are no names for others, and the runbook has a heading for each."""
    assert cli("hold", "set", "--all", "--owner", owner, "--reason", "r").status == 2
    assert f"\n## {owner}\n" in (Path(__file__).parents[2] / "ops/runbook.md").read_text()


@pytest.mark.parametrize(
    ("layout", "status", "says"),
    [
        (None, 0, "there is nothing to migrate"),
        ("0", 1, "run the version that wrote it"),
        ("1", 0, "0 jobs carried over: the data has layout 2 now, start everything again"),
        ("1-2", 0, "0 jobs carried over: the data has layout 2 now, start everything again"),
        ("9", 1, "a newer version wrote it"),
    ],
)
def test_migrate_says_what_the_layout_asks_for(cli, layout, status, says):
    """It carries over the layout before, and names another one, with what to do."""
    if layout:
        cli.store.server.client.set(Keys().layout, layout)
    try:
        ran = cli("migrate")
    finally:
        cli.store.server.client.delete(Keys().layout)

    assert (ran.status, says in ran.out + ran.err) == (status, True), ran


def test_the_copys_age_is_the_last_thing_it_knows(redis_server, cli):
    """In a store where nothing ever happened there is none."""
    assert recover(cli.store, who="ann").copy is None
    cli.store.server.client.flushdb()
    cli.job()
    known = recover(cli.store, who="ann").copy
    assert known is not None
    assert abs(known - datetime.now(UTC)) < timedelta(minutes=1)
    assert connect(redis_server.url).hget(Keys().era, "id")
    assert store_of(Settings.load()).holds.all()[0].owner == "recover"
