"""
Servers as an installation of several machines has them: replicas, Sentinels, TLS, users.

Every process is started here and ended by its own id; all listen on loopback only.
"""

import contextlib
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from dialer.local.server_binary import find_server

SERVICE = "calls"
#: What `dialer` asks of a store, and no waiting before a replica is served.
KEEPING = (
    "appendonly yes",
    "appendfsync always",
    "no-appendfsync-on-rewrite no",
    "maxmemory-policy noeviction",
    'save ""',
    "repl-diskless-sync-delay 0",
)


def wait_until(true: Callable[[], bool], *, within: float, why: str, every: float = 0.02) -> None:
    """Look again and again until something is true; a server that is away is not."""
    end = time.monotonic() + within
    while True:
        with contextlib.suppress(redis.RedisError):
            if true():
                return
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:.0f} s: {why}")
        time.sleep(every)


def free_port() -> int:
    """A port of loopback that nobody has; somebody could take it before it is used."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class RawServer:
    """
    One server process with a configuration of the test's own.

    Attributes:
        directory: For its data, configuration and log.
        lines: Its configuration, without port and place.
        mode: Arguments after the configuration: ("--sentinel",) for a Sentinel.
        port: Where it listens.
        tls: Whether TLS is all it speaks there.
    """

    directory: Path
    lines: Sequence[str]
    mode: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    tls: bool = False
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; whoever needs it to answer waits for that."""
        self.directory.mkdir(parents=True, exist_ok=True)
        file = self.directory / "server.conf"
        ports = ["port 0", f"tls-port {self.port}"] if self.tls else [f"port {self.port}"]
        known = ["bind 127.0.0.1", "daemonize no", f"dir {self.directory}", *ports]
        if not file.exists():  # a Sentinel keeps what it knows there
            file.write_text("\n".join([*known, *self.lines, ""]))
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [find_server(), file, *self.mode],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        """What it has written."""
        return (self.directory / "server.log").read_text(errors="replace")

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def suspend(self) -> None:
        """Let it do nothing, with its connections open."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on as if no time had passed."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@dataclass
class Group:
    """A master, its replica and their Sentinels; see `sentinel_group`."""

    servers: list[RawServer]
    sentinels: list[RawServer]
    password: str
    sentinel_password: str

    def client(self, server: RawServer) -> "redis.Redis":
        """Speak to one of the servers, past the Sentinels."""
        return redis.Redis(
            port=server.port, password=self.password, decode_responses=True, socket_timeout=5
        )

    def url(self, database: int = 0) -> str:
        """The address as it stands in the settings."""
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return (
            f"sentinel://:{self.password}@{places}/{database}"
            f"?service={SERVICE}&sentinel_password={self.sentinel_password}"
        )

    @property
    def master(self) -> RawServer:
        """The server that says it is the master."""
        (master,) = [s for s in self.servers if s.process and self._role(s) == "master"]
        return master

    @property
    def replica(self) -> RawServer:
        """The server that says it is a replica."""
        (replica,) = [s for s in self.servers if s.process and self._role(s) == "slave"]
        return replica

    def cut_replication(self) -> None:
        """From now on the master acknowledges what its replica will never hear of."""
        master, replica = self.master, self.replica
        with self.client(replica) as client:
            client.config_set("masterauth", "wrong")
        with self.client(master) as client:
            client.client_kill_filter(_type="replica")
            wait_until(
                lambda: client.info("replication")["connected_slaves"] == 0,
                within=10,
                why="the replica is cut off",
            )

    def replicated(self) -> None:
        """Return when the replica has everything that the master has acknowledged."""
        with self.client(self.master) as master, self.client(self.replica) as replica:
            wait_until(
                lambda: (
                    replica.info("replication")["slave_repl_offset"]
                    >= master.info("replication")["master_repl_offset"]
                ),
                within=10,
                why="the replica has caught up",
            )

    def ready(self) -> bool:
        """Whether each Sentinel knows the replica and all other Sentinels."""
        for sentinel in self.sentinels:
            with redis.Redis(port=sentinel.port, password=self.sentinel_password) as client:
                seen = client.sentinel_master(SERVICE)
            whole = seen["num-slaves"] == len(self.servers) - 1
            if not whole or seen["num-other-sentinels"] != len(self.sentinels) - 1:
                return False
        return True

    def _role(self, server: RawServer) -> str:
        with self.client(server) as client:
            return str(client.info("replication")["role"])


@contextmanager
def sentinel_group(
    directory: Path, *, sentinels: int = 1, down_after: int = 500, more: Sequence[str] = ()
) -> Iterator[Group]:
    """
    Run a master, a replica of it, and Sentinels that agree by majority.

    Args:
        directory: For data and logs.
        sentinels: How many.
        down_after: Milliseconds of silence after which a master counts as down.
        more: Further lines for both servers.
    """
    password, sentinel_password = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    login = [f"requirepass {password}", f"masterauth {password}"]
    first = RawServer(directory / "one", [*KEEPING, *login, *more])
    follow = f"replicaof 127.0.0.1 {first.port}"
    second = RawServer(directory / "two", [*KEEPING, *login, *more, follow])
    watch = [
        f"requirepass {sentinel_password}",
        f"sentinel sentinel-pass {sentinel_password}",
        f"sentinel monitor {SERVICE} 127.0.0.1 {first.port} {sentinels // 2 + 1}",
        f"sentinel auth-pass {SERVICE} {password}",
        f"sentinel down-after-milliseconds {SERVICE} {down_after}",
        f"sentinel failover-timeout {SERVICE} 5000",
    ]
    watchers = [
        RawServer(directory / f"sentinel{n}", watch, mode=("--sentinel",)) for n in range(sentinels)
    ]
    group = Group([first, second], watchers, password, sentinel_password)
    try:
        first.start()
        second.start()
        wait_until(
            lambda: group.client(first).info("replication")["connected_slaves"] == 1,
            within=20,
            why="the replica follows",
        )
        for watcher in watchers:
            watcher.start()
        wait_until(group.ready, within=20, why="the Sentinels know each other")
        group.replicated()
        yield group
    finally:
        for server in [*watchers, first, second]:
            server.kill()
