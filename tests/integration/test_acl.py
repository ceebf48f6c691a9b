"""The users that ops/redis.md tells people to make have enough rights, and no more."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from serverkit import KEEPING, RawServer, wait_until
from stack import Stack, stack
from storekit import BREAKER

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.errors import DialerError, StoreRefused
from dialer.store import open_store
from dialer.store.redis import scripts
from dialer.store.redis.server_health import reach

ROOT = Path(__file__).parents[2]
PASSWORD = "made-up-password"
STORE, BROKER = (
    block.replace("PASSWORD", PASSWORD).splitlines()
    for block in re.findall(
        r"^```\n(user default off\n.+)\n```$", (ROOT / "ops/redis.md").read_text(), re.MULTILINE
    )
)
#: Somebody must be able to ask what was refused.
WARDEN = "user warden on nopass ~* &* +@all"


@dataclass
class Guarded:
    """A server with the document's users and a warden."""

    server: RawServer

    @property
    def url(self) -> str:
        return f"redis://dialer:{PASSWORD}@127.0.0.1:{self.server.port}/0"

    @property
    def warden(self) -> "redis.Redis":
        return redis.Redis(port=self.server.port, username="warden", decode_responses=True)

    def answers(self) -> bool:
        with self.warden as client:
            return bool(client.ping())

    def forget_refusals(self) -> None:
        with self.warden as client:
            client.acl_log_reset()

    def refused(self) -> list[str]:
        """What its users wanted and were not allowed; redis-py does without its own name."""
        with self.warden as client:
            entries = client.acl_log()
        names = [f"{entry['reason']} {entry['object']}" for entry in entries]
        return [name for name in names if name != "command client|setinfo"]


def guarded(directory: Path, users: list[str], *more: str) -> Guarded:
    running = Guarded(RawServer(directory, [*KEEPING, *users, WARDEN, *more]))
    running.server.start()
    wait_until(running.answers, within=20, why="the server answers")
    return running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    running = guarded(tmp_path_factory.mktemp("store"), STORE)
    yield running
    running.server.kill()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    running = guarded(tmp_path_factory.mktemp("broker"), BROKER)
    yield running
    running.server.kill()


def orders(count: int) -> Iterator[Order]:
    return (Order(ClickToCall(from_="9000000001", to=f"95000{n:05d}")) for n in range(count))


def celery(running: Stack, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", *command],
        env=running.env,
        cwd=running.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_calls_are_dialled_with_the_rights_in_the_document(
    store: Guarded, broker: Guarded, tmp_path: Path
):
    """A worker and beat as people start them, the doctor, the desk: nothing is refused."""
    settings = {"REDIS_URL": store.url, "BROKER_URL": broker.url}
    for one in (store, broker):
        one.forget_refusals()
    with stack(tmp_path, settings) as running:
        running.workers(1, flags=())
        running.start("beat")
        list(running.producer().enqueue_many(orders(5)))
        desk = running.store()
        wait_until(
            lambda: desk.jobs.counts()[State.PLACED] == 5, within=30, why="the calls are placed"
        )
        desk.maintenance.reap()
        doctor, status = running.cli("doctor"), running.cli("status")
        inspected = celery(running, "inspect", "ping", "--timeout", "5", "-d", "worker1@test")
        desk.server.close()

    assert doctor.returncode == 0, doctor.stdout
    assert " 0 fail" in doctor.stdout
    assert status.returncode == 0, status.stderr
    assert "pong" in inspected.stdout
    assert store.refused() == []
    assert broker.refused() == []


def test_each_command_of_the_scripts_is_allowed(store: Guarded):
    """A script that calls another command needs another line in the document."""
    text = "".join(scripts.read(name) for name in [*scripts.names(), *scripts.PARTS])
    used = sorted({name.lower() for name in re.findall(r"redis\.call\(\s*'([A-Z]+)'", text)})
    assert len(used) > 20
    with store.warden as client:
        arity = {
            name: abs(known["arity"]) for name, known in client.command().items() if name in used
        }
        said = {
            name: client.acl_dryrun("dialer", name, *["{dialer}:x"] * (count - 1))
            for name, count in arity.items()
        }

    assert sorted(said) == used
    assert {name: word for name, word in said.items() if word not in ("OK", b"OK")} == {}


@pytest.mark.parametrize(
    "command",
    [
        ("GET", "another"),
        ("SET", "another", "1"),
        ("KEYS", "*"),
        ("RANDOMKEY",),
        ("FLUSHDB",),
        ("CONFIG", "SET", "appendfsync", "no"),
        ("ACL", "LIST"),
        ("EVAL", "return 1", "0"),
        ("SORT", "{dialer}:x"),
        ("PUBLISH", "x", "1"),
        ("SHUTDOWN",),
    ],
)
def test_the_stores_user_can_do_nothing_else(store: Guarded, command: tuple[str, ...]):
    """Neither other keys nor the server's own affairs are its business."""
    with (
        redis.Redis(port=store.server.port, username="dialer", password=PASSWORD) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command)


def test_a_user_without_the_right_to_look_at_the_configuration_is_told(tmp_path: Path):
    """The sentence says what to do; with it done, the store opens."""
    running = guarded(tmp_path, [line.replace(" +config|get", "") for line in STORE])
    try:
        with pytest.raises(StoreRefused, match=r'CONFIG GET was refused.*durability = "trusted"'):
            open_store(running.url, durability="checked", breaker=BREAKER, full_at=0.8)
        open_store(running.url, durability="trusted", breaker=BREAKER, full_at=0.8).server.close()
    finally:
        running.server.kill()


def test_a_wrong_password_is_a_sentence_without_it(store: Guarded):
    """It says where to correct it, and quotes nothing."""
    with pytest.raises(DialerError, match="Redis refuses the login") as caught:
        reach(store.url.replace(PASSWORD, "wrong-password"))

    assert "wrong-password" not in str(caught.value)


def test_a_right_that_is_missing_is_a_sentence(tmp_path: Path):
    """It names the command and where the rights are written down."""
    running = guarded(tmp_path, [line.replace(" +info", "") for line in STORE])
    try:
        with pytest.raises(StoreRefused, match=r"'info' command.*ops/redis\.md"):
            open_store(running.url, durability="checked", breaker=BREAKER, full_at=0.8)
    finally:
        running.server.kill()
