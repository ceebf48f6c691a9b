"""Everything that people set wrong: each gets one sentence with the next step, and no traceback."""

import io
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from stack import wait_until

from dialer.cli import main
from dialer.local.embedded_server import EmbeddedServer
from dialer.store.redis.connection import connect
from dialer.store.redis.keys import Keys

TOKEN, LOGIN = "token-nobody-may-see", "login-nobody-may-see"
USER = '[accounts.default]\nuser_id = "1"\n'
HERE = 'base_url = "http://127.0.0.1:9/call"\n'
GOOD = f'{USER}token = "{TOKEN}"\n{HERE}'
#: Nobody listens on the port of the discard service.
NOWHERE = "redis://127.0.0.1:9/0"
STORE = {"REDIS_URL": "{redis}", "BROKER_URL": "{broker}"}
NO_STORE: dict[str, str] = {}


@dataclass(frozen=True)
class Wrong:
    """
    One thing that is set wrong, and what is said of it.

    Attributes:
        name: The case.
        command: What is run: "status" is `dialer status`.
        says: Pattern of the sentence with its step.
        toml: The settings file; "" for none.
        env: DIALER_ variables without that prefix.
        files: Other files by name.
        server: Settings of Redis for the time of the command.
        status: How it ends.
    """

    name: str
    command: str
    says: str
    toml: str = GOOD
    env: dict[str, str] = field(default_factory=lambda: STORE)
    files: dict[str, str] = field(default_factory=dict)
    server: dict[str, str] = field(default_factory=dict)
    status: int = 1


def store_at(url: str, **more: str) -> dict[str, str]:
    return {"REDIS_URL": url, **more}


def account(setting: str, base: str = GOOD) -> str:
    return f"{base}{setting}\n"


FORGETS = (
    "Redis may forget calls it has acknowledged: {} is {}, must be .* Change it with CONFIG SET"
)
TABLE = [
    # -- Where the store and the broker are.
    Wrong(
        "no address", "status", r"redis_url: is not set.*; start one with `dialer up`", env=NO_STORE
    ),
    Wrong(
        "no address, doctor", "doctor", r"no embedded server.* start one with `dialer", env=NO_STORE
    ),
    Wrong(
        "not Redis's scheme",
        "status",
        "DIALER_REDIS_URL: must be an address like redis://",
        env=store_at("http://127.0.0.1/0"),
    ),
    Wrong(
        "port beyond all ports",
        "status",
        "DIALER_REDIS_URL: must be an address like redis://",
        env=store_at("redis://127.0.0.1:99999/0"),
    ),
    Wrong(
        "database by name",
        "status",
        "must end with the number of the database, like /0",
        env=store_at("redis://127.0.0.1:6379/calls"),
    ),
    Wrong(
        "database that is not there",
        "status",
        "redis_url redis://127.0.0.1:.*/99: .*",
        env=store_at("{redis}99"),
    ),
    Wrong(
        "nobody listens",
        "status",
        "does not answer .* at redis://127.0.0.1:9/0; start it, or corr",
        env=store_at(NOWHERE),
    ),
    Wrong(
        "a web server",
        "status",
        "redis_url redis://127.0.0.1:.*: Redis cannot be used|is no Redis",
        env=store_at("redis://127.0.0.1:{web}/0"),
    ),
    Wrong(
        "wrong password",
        "status",
        "refuses the login: correct the user and password",
        env=store_at(f"redis://:{LOGIN}@127.0.0.1:{{port}}/0"),
    ),
    Wrong(
        "no password",
        "status",
        "refuses the login: correct the user and password",
        env=store_at("redis://127.0.0.1:{port}/0"),
    ),
    Wrong(
        "one database for both",
        "status",
        "BROKER_URL: names the database of redis_url; leave it",
        env={"REDIS_URL": "{redis}", "BROKER_URL": "{redis}"},
    ),
    Wrong(
        "broker is away",
        "doctor",
        "broker: .* does not answer .*start the server, or correct brok",
        env={"REDIS_URL": "{redis}", "BROKER_URL": NOWHERE},
    ),
    Wrong(
        "broker refuses the login",
        "doctor",
        "broker: .*refuses the login.*correct broker_url",
        env={"REDIS_URL": "{redis}", "BROKER_URL": f"redis://:{LOGIN}@127.0.0.1:{{port}}/1"},
    ),
    # -- What Redis is like.
    Wrong(
        "everysec",
        "status",
        "^warning: " + FORGETS.format("appendfsync", "everysec"),
        server={"appendfsync": "everysec"},
        status=0,
    ),
    Wrong(
        "everysec, campaign",
        "campaign start diwali",
        FORGETS.format("appendfsync", "everysec"),
        server={"appendfsync": "everysec"},
    ),
    Wrong(
        "everysec, redrive",
        "dead redrive --all",
        FORGETS.format("appendfsync", "everysec"),
        server={"appendfsync": "everysec"},
    ),
    Wrong(
        "everysec, list",
        "campaign import diwali list.csv",
        FORGETS.format("appendfsync", "everysec"),
        files={"list.csv": "phone\n"},
        server={"appendfsync": "everysec"},
    ),
    Wrong(
        "everysec, doctor",
        "doctor",
        "appendfsync is everysec.*CONFIG SET appendfsync always",
        server={"appendfsync": "everysec"},
    ),
    Wrong(
        "no append-only file",
        "enqueue list.jsonl",
        FORGETS.format("appendonly", "no"),
        files={"list.jsonl": ""},
        server={"appendonly": "no"},
    ),
    Wrong(
        "evicting",
        "call 9000000001 9000000002",
        FORGETS.format("maxmemory-policy", "allkeys-lru"),
        server={"maxmemory-policy": "allkeys-lru"},
    ),
    Wrong(
        "no sync on rewrite",
        "jobs",
        "^warning: " + FORGETS.format("no-appendfsync-on-rewrite", "yes"),
        server={"no-appendfsync-on-rewrite": "yes"},
        status=0,
    ),
    Wrong(
        "old server",
        "status",
        r"Redis 6\.\S+ is too old: version 7 or later is needed",
        env=store_at("redis://:{password}@127.0.0.1:{old}/0"),
    ),
    Wrong(
        "old server, doctor",
        "doctor",
        r"version: Redis 6\.\S+ is too old.*install Redis 7",
        env=store_at("redis://:{password}@127.0.0.1:{old}/0", BROKER_URL="{broker}"),
    ),
    Wrong(
        "hidden configuration",
        "status",
        'hides its configuration .*set durability = "trusted"',
        env=store_at(f"redis://shy:{LOGIN}@127.0.0.1:{{port}}/0"),
        status=0,
    ),
    Wrong(
        "user without rights",
        "status",
        "no permissions to run",
        env=store_at(f"redis://poor:{LOGIN}@127.0.0.1:{{port}}/0"),
    ),
    Wrong(
        "another layout",
        "status",
        "has layout 9, this version reads .*: run the version that wrote",
        env=store_at("{redis}5"),
    ),
    Wrong(
        "layout before",
        "status",
        "has layout 1, .*: stop everything that uses it, then dialer migrate carries it over",
        env=store_at("{redis}6"),
    ),
    # -- The settings file.
    Wrong(
        "file that is not there",
        "status",
        "no.toml: cannot be read: No such file.*; correct DIALER_C",
        env={**STORE, "CONFIG": "no.toml"},
    ),
    Wrong(
        "not TOML", "status", "dialer.toml: is not valid TOML: .*line 1", toml="[accounts.default\n"
    ),
    Wrong(
        "not UTF-8",
        "status",
        "dialer.toml: is not written in UTF-8; save it as UTF-8",
        toml="# caf\udce9\n",
    ),
    Wrong(
        "two settings files",
        "doctor",
        "DIALER_CONFIG names another file.*remove one of the two",
        env={**STORE, "CONFIG": "a.toml"},
        files={"a.toml": GOOD},
        status=0,
    ),
    Wrong(
        "misspelt section",
        "status",
        "acounts.* is no setting; did you mean accounts.default.user_id",
        toml='[acounts.default]\nuser_id = "1"\n',
    ),
    Wrong(
        "unknown setting",
        "status",
        "zzz in dialer.toml: is no setting; dialer.example.toml lists",
        toml="zzz = 1\n",
    ),
    Wrong(
        "account without a name",
        "status",
        "outside a section with a name; write accounts.default.us",
        toml='[accounts]\nuser_id = "1"\n',
    ),
    Wrong(
        "name in capitals",
        "status",
        "Sales.*is no account name; use a-z",
        toml='[accounts.Sales]\nuser_id="1"\n',
    ),
    # -- Variables.
    Wrong(
        "misspelt variable",
        "status",
        "DIALER_WIRE__DEADLIN: is no setting; did you mean DIALER_WIRE",
        env={**STORE, "WIRE__DEADLIN": "5s"},
    ),
    Wrong(
        "empty variable",
        "status",
        "DIALER_WIRE__DEADLINE: is empty; give it a value or remove",
        env={**STORE, "WIRE__DEADLINE": " "},
    ),
    Wrong(
        "variable in small letters",
        "status",
        "must be written in capitals: DIALER_REDIS_URL",
        env={**STORE, "redis_url": NOWHERE},
    ),
    # -- Values.
    Wrong(
        "duration without a unit",
        "status",
        'beat.tick .*number without a unit; write it like "250ms"',
        toml='[beat]\ntick = "10"\n',
    ),
    Wrong(
        "lease too short",
        "status",
        "jobs.lease .*must be longer than .* = 40s; raise it or lower",
        toml='[jobs]\nlease = "10s"\n',
    ),
    Wrong(
        "open dashboard",
        "status",
        "flower.address .*must be 127.0.0.1 while there is no login; set",
        toml='[flower]\naddress = "0.0.0.0"\n',
    ),
    Wrong(
        "rate of nothing",
        "status",
        "calls_per_second .*must be at least 0.00001",
        toml=account("calls_per_second = 0"),
    ),
    Wrong(
        "unknown zone",
        "status",
        "Asia/Kolkatta.* is not in the IANA database: write a name such as",
        toml=account('time_zone = "Asia/Kolkatta"'),
    ),
    Wrong(
        "hours nobody understands",
        "status",
        "9-5.* is neither a day .* nor a range",
        toml=account('calling_hours = "9-5"'),
    ),
    Wrong(
        "American hours, Indian clock",
        "status",
        "time_zone: must be written down .*write time_zone = ",
        toml=account('calling_hours = "us-federal"'),
    ),
    Wrong(
        "British hours, Indian clock",
        "status",
        'means Europe/London time; write time_zone = "Europe/L',
        toml=account('calling_hours = "uk"'),
    ),
    Wrong(
        "unknown holidays",
        "status",
        '"XX" is neither a known region nor a date: write',
        toml=account('holidays = "XX"'),
    ),
    Wrong(
        "unknown mode",
        "status",
        "mode .*must be 'developer' or 'live'",
        toml=account('mode = "test"'),
    ),
    # -- Accounts.
    Wrong(
        "http live endpoint",
        "status",
        "base_url .*must begin with https:// in live mode",
        toml=f'{USER}mode = "live"\nbase_url = "http://calls.example/para"\n',
    ),
    Wrong(
        "endpoint without a scheme",
        "status",
        "base_url .*must be the whole address .*like https://",
        toml=f'{USER}base_url = "calls.example"\n',
    ),
    Wrong(
        "no user id",
        "status",
        r"user_id: is missing; write it in \[accounts.default\] or set DIALER",
        toml=f'[accounts.default]\ntoken = "{TOKEN}"\n',
    ),
    Wrong(
        "user id as a number",
        "status",
        "user_id .*would lose leading zeros; put it in quotes",
        toml="[accounts.default]\nuser_id = 7\n",
    ),
    Wrong(
        "token twice",
        "status",
        "token_file .*is given beside token; keep one of the two",
        toml=account('token_file = "t"'),
    ),
    Wrong(
        "no token",
        "doctor",
        "token: is not set.*set DIALER_ACCOUNTS__DEFAULT__TOKEN",
        toml=USER + HERE,
        status=0,
    ),
    Wrong(
        "token file that is not there",
        "doctor",
        "t cannot be read: No such file.*correct the path",
        toml=f'{USER}{HERE}token_file = "t"\n',
    ),
    Wrong(
        "token file with two lines",
        "doctor",
        "must hold the token alone, on one line",
        toml=f'{USER}{HERE}token_file = "t"\n',
        files={"t": f"{TOKEN}\n{TOKEN}\n"},
    ),
    Wrong(
        "no account",
        "call 9000000001 9000000002",
        r"none is configured: write \[accounts.default\]",
        toml="",
    ),
    Wrong(
        "no account, doctor",
        "doctor",
        r"no account is configured.*write \[accounts.default\]",
        toml="",
    ),
    Wrong(
        "no account to run with",
        "up",
        r"no account is configured.*`dialer up --sandbox`",
        toml="",
        env=NO_STORE,
    ),
    Wrong(
        "practice beside the real thing",
        "up --sandbox",
        "dialer.toml: is there.*empty folder",
        env=NO_STORE,
    ),
    # -- What is asked for.
    Wrong(
        "unknown account",
        "call 9000000001 9000000002 --account x",
        '"x" is unknown; the accounts are: d',
    ),
    Wrong(
        "hold on nobody",
        "hold set --account x --reason r",
        "no such account; the accounts are default",
    ),
    Wrong("unknown job", f"job {'a' * 26}", "no job has the id a+; those there are: dialer jobs"),
    Wrong("key for an id", "job order-17", "is no id of a job; if it is a key: --key order-17"),
    Wrong(
        "unknown dead letter", "dead show 17", "is no id of a job; dialer jobs --state dead lists"
    ),
    Wrong(
        "unknown job to explain",
        f"explain {'a' * 26}",
        "no job has the id a+; those there are: dialer",
    ),
    Wrong(
        "a file that is not there",
        "enqueue no.jsonl",
        "no.jsonl cannot be read: No such file",
        status=2,
    ),
    Wrong(
        "sandbox for everybody",
        "sandbox --host 0.0.0.0",
        "is not a loopback address; the sandbox binds",
    ),
    Wrong(
        "unknown place",
        "hours --zone Mars/Base",
        "is not in the IANA database: write a name such as",
    ),
]


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory) -> Iterator[EmbeddedServer]:
    """A server to be set wrong, with users that may do little; other layouts in two databases."""
    with EmbeddedServer(Path(tmp_path_factory.mktemp("odd"))) as server:
        client = connect(server.url)
        client.acl_setuser(
            "shy",
            enabled=True,
            passwords=[f"+{LOGIN}"],
            keys=["*"],
            categories=["+@all"],
            commands=["-config"],
        )
        client.acl_setuser(
            "poor",
            enabled=True,
            passwords=[f"+{LOGIN}"],
            keys=["*"],
            commands=["+ping", "+hello", "+client", "+select"],
        )
        client.close()
        for database, layout in ((5, "9"), (6, "1")):
            other = connect(f"{server.url}{database}")
            other.set(Keys().layout, layout)
            other.close()
        yield server


@contextmanager
def listening(answer) -> Iterator[int]:
    """Serve each connection on loopback with *answer* in a thread; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                side, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(side,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def web_server(side: socket.socket) -> None:
    with side:
        side.recv(4096)
        side.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@pytest.fixture(scope="module")
def places(odd_server: EmbeddedServer) -> Iterator[dict[str, str]]:
    """What the table's addresses are made of, a web server and a server that seems old too."""

    def older(side: socket.socket) -> None:
        with side, socket.create_connection(("127.0.0.1", odd_server.port)) as behind:
            while chunk := side.recv(65536):
                behind.sendall(chunk)
                behind.settimeout(5)
                said = behind.recv(1 << 20)
                side.sendall(re.sub(rb"redis_version:\d", b"redis_version:6", said))

    with listening(web_server) as web, listening(older) as old:
        yield {
            "redis": odd_server.url,
            "broker": odd_server.broker_url,
            "port": str(odd_server.port),
            "password": odd_server.url.split(":")[2].split("@")[0],
            "web": str(web),
            "old": str(old),
        }


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder, and nothing set."""
    for name in [name for name in os.environ if name.upper().startswith("DIALER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepare(wrong: Wrong, places: dict[str, str], folder: Path) -> dict[str, str]:
    """Write the files of a case and return its variables."""
    for name, text in {
        **wrong.files,
        **({"dialer.toml": wrong.toml} if wrong.toml else {}),
    }.items():
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))
    return {
        f"DIALER_{n}" if n.isupper() else f"dialer_{n}": v.format(**places)
        for n, v in wrong.env.items()
    }


@contextmanager
def set_so(server: EmbeddedServer, config: dict[str, str]) -> Iterator[None]:
    """Give a server other settings for a while."""
    if not config:
        yield
        return
    client = connect(server.url)
    before = {name: client.config_get(name)[name] for name in config}
    for name, value in config.items():
        client.config_set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            client.config_set(name, value)
        # A server that writes its first append-only file does not shut down.
        wait_until(
            lambda: not client.info("persistence")["aof_rewrite_in_progress"],
            within=20,
            why="the append-only file is written",
        )
        client.close()


def complaints(command: str, out: str, err: str) -> list[str]:
    """The errors of one command, each with the step that stands below it."""
    if command == "doctor":
        found = re.findall(r"^(?:FAIL|warn)  (.+(?:\n      → .+)?)", out, re.MULTILINE)
        usual = ("memory:", "workers:")  # a server for tests has neither limit nor workers
        return [one for one in found if not one.startswith(usual)]
    if "Usage: " in err:
        return re.findall(r"^Error: (.+)", err, re.MULTILINE)
    return [one for one in re.split(r"\n(?!Without one, )", err.strip()) if one]


@pytest.mark.parametrize("wrong", TABLE, ids=lambda wrong: wrong.name)
def test_what_is_set_wrong_is_one_sentence(wrong, odd_server, places, folder, monkeypatch, capsys):
    """It names what is wrong and what to do; it shows neither a traceback nor a secret."""
    for name, value in prepare(wrong, places, folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with set_so(odd_server, wrong.server):
        status = main(wrong.command.split())
    out, err = capsys.readouterr()

    (said,) = complaints(wrong.command, out, err)
    assert re.search(wrong.says, said.replace("\n", " ")), said
    assert status == wrong.status
    assert "Traceback" not in out + err
    for secret in (TOKEN, LOGIN, places["password"]):
        assert secret not in out + err


def test_the_table_is_as_long_as_promised():
    """At least thirty different things can be set wrong, each under a name of its own."""
    assert len({wrong.name for wrong in TABLE}) == len(TABLE) >= 30


WORKER = [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
STATUS = [sys.executable, "-m", "dialer", "status"]
PROCESSES = [
    (WORKER, Wrong("no token", "", r"token: is not set.*; set DIALER_ACC", toml=USER + HERE)),
    (WORKER, Wrong("another layout", "", "has layout 9, this version", env=store_at("{redis}5"))),
    (WORKER, Wrong("layout before", "", "then dialer migrate carries", env=store_at("{redis}6"))),
    (
        STATUS,
        Wrong(
            "wrong password",
            "",
            "refuses the login: correct the user and password",
            env=store_at(f"redis://:{LOGIN}@127.0.0.1:{{port}}/0"),
        ),
    ),
]


@pytest.mark.parametrize(("line", "wrong"), PROCESSES, ids=lambda one: getattr(one, "name", ""))
def test_process_that_cannot_start_says_why_and_ends(line, wrong, places, folder):
    """The same as a process of its own, workers too."""
    ran = subprocess.run(
        line,
        env={**os.environ, **prepare(wrong, places, folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = [one for one in ran.stderr.splitlines() if re.search(wrong.says, one)]
    assert (len(said), ran.returncode) == (1, 1), ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout
    assert not any(
        secret in ran.stderr + ran.stdout for secret in (TOKEN, LOGIN, places["password"])
    )
