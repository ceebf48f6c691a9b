"""An append-only file that ends in zeros, as after a power cut: what is said, and what is held."""

import re
import subprocess
from pathlib import Path

import pytest
from storekit import BREAKER

from dialer.bootstrap.dialer import Dialer
from dialer.domain.call.call import ClickToCall
from dialer.local.embedded_server import EmbeddedServer, ServerFailed
from dialer.local.server_binary import find_server
from dialer.local.up.server import ServerPart
from dialer.maintenance.recovery import recover, suspects
from dialer.settings import Settings
from dialer.store import Store, open_store
from dialer.store.redis.epochs import Epochs

ACCOUNT = {"accounts": {"default": {"user_id": "1", "token": "made-up"}}}
ZEROS = b"\0" * 4096


@pytest.fixture(params=["on this machine", "installed with us"])
def data(request, tmp_path, monkeypatch) -> Path:
    """A directory with a job and a hold in its file, and what a power cut has left behind them."""
    binary = find_server(None if request.param == "on this machine" else str(tmp_path))
    monkeypatch.setattr("dialer.local.embedded_server.find_server", lambda: binary)
    with EmbeddedServer(tmp_path / "redis") as server:
        store = opened(server)
        call = ClickToCall(from_="9000000001", to="9000000002")
        Dialer(store, Settings.parse(ACCOUNT), who="test").enqueue(call, key="one")
        store.holds.set("account:default", owner="last", who="test", reason="a test")
        store.server.close()
        server.kill()
    return tmp_path / "redis"


def opened(server: EmbeddedServer) -> Store:
    return open_store(server.url, durability="checked", breaker=BREAKER, full_at=0.8)


def file_of(data: Path) -> Path:
    (file,) = (data / "appendonlydir").glob("*.incr.aof")
    return file


def fix(said: str) -> None:
    """Do what is said, to the letter; the program asks once."""
    (command,) = re.findall(r"^  (.*--fix .*)$", said, re.MULTILINE)
    done = subprocess.run(
        ["sh", "-c", command], input="y\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("cut", [0, 40])
def test_what_is_said_mends_it_and_everything_is_held(data: Path, cut: int):
    """Zeros behind the last move, or in its place: nobody dials before somebody has looked."""
    file = file_of(data)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - cut] + ZEROS)
    part = ServerPart(data)
    with pytest.raises(ServerFailed, match="is damaged, as after a power cut") as caught:
        part.start()
    said = str(caught.value)
    assert str(file) in said
    assert f"Copy {data}" in said
    assert "moves that were acknowledged" in said
    assert "`dialer recover --who NAME`" in said
    # As often as it is tried, the same; and it is not mended by itself.
    with pytest.raises(ServerFailed, match="check-aof --fix"):
        part.start()

    fix(said)
    assert whole.startswith(file.read_bytes())
    part.start()
    try:
        store = opened(part)
        owners = {hold.owner for hold in store.holds.all() if hold.scope == "all"}
        assert owners == {"witness"}
        assert Epochs(store.server).read().lost is not None
        found = recover(store, who="test")
        assert [job.key for job in suspects(store, found)] == ["one"]
        assert {hold.owner for hold in store.holds.all() if hold.scope == "all"} == {"recover"}
        store.server.close()
    finally:
        part.kill()

    # It was said and done once: the next start holds nothing by itself.
    part.start()
    try:
        store = opened(part)
        assert store.holds.release("all", owner="recover", who="test") == (True, 0)
        store.server.close()
    finally:
        part.kill()
