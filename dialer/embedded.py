"""
A Redis or Valkey server of our own, for one machine: demos, tests, a start.

It keeps what it acknowledges (`appendfsync always`), listens on loopback
only, and asks for a password that is made anew for each server object: other
users of the machine must not read the numbers in it.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil

from dialer.runtime import read_runtime, remove_runtime, write_runtime
from dialer.server_binary import ServerFailed, find_server

__all__ = ["EmbeddedServer", "ServerFailed", "read_runtime", "remove_runtime", "write_runtime"]

_HOST = "127.0.0.1"
_LOG = "server.log"
_LOCK = "server.lock"
#: Between two looks at whether the server answers yet.
_LOOK = timedelta(milliseconds=10)
#: How much of the server's log belongs in an error.
_LOG_LINES = 5
#: With less free on its disk, bytes, no server can go on.
_ROOM = 64 * 1024


class EmbeddedServer:
    """
    One server with its data in one directory; use it in a `with` statement.

    It runs in a session of its own, so that Ctrl-C reaches the workers and not
    the store below them; leaving the `with` block stops it. It outlives us
    only if we are killed: the directory then stays locked until it is gone.

    Args:
        directory: For the data, the log and the lock; made if it is missing,
            for its owner only.
        port: 0 to find a free one, which then stays the same for this object.
        maxmemory: Bytes the server may use; None for no limit.
        binary: The server program; None to find one.
        patience: How long starting, and stopping politely, may take.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        *,
        maxmemory: int | None = None,
        binary: Path | None = None,
        patience: timedelta = timedelta(seconds=30),
    ) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._maxmemory = maxmemory
        self._binary = binary
        self._patience = patience
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The store's address, password included: database 0."""
        return f"redis://:{self._password}@{_HOST}:{self.port}/0"

    @property
    def broker_url(self) -> str:
        """The broker's address, password included: database 1."""
        return f"redis://:{self._password}@{_HOST}:{self.port}/1"

    @property
    def pid(self) -> int:
        """
        The server's process.

        Raises:
            ServerFailed: It was not started.
        """
        if self._process is None:
            raise ServerFailed("the embedded server is not running; call start() first")
        return self._process.pid

    def ended(self) -> int | None:
        """
        The exit status of a server that ended by itself or was killed by others; else None.
        """
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """
        Start on the same directory and port as before, and return once it answers.

        Raises:
            ServerFailed: It runs already, the directory is another server's or
                cannot be written, the port is taken, or it did not answer in
                time; quotes its log. Nothing is left running.
        """
        if self._process is not None:
            raise ServerFailed(f"the embedded server is running already, as process {self.pid}")
        binary = self._binary or find_server()
        self.port = _free_port(self.port)
        with contextlib.ExitStack() as files:
            lock, log = self._open_files(files)
            self._process = self._spawn(binary, lock, log)
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """
        End it politely, by force when it takes too long; it is gone on return.

        A server that is not running is left so.
        """
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(self._patience.total_seconds())
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """
        End it and its children like a crash would; what it acknowledged stays on the disk.
        """
        if self._process is not None:
            # The group, because a child may be rewriting the data file; but only while
            # the process is ours to wait for: its number may be another's after that.
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None

    def last_words(self) -> str:
        """
        Why it may have ended: the end of its log; where the disk is full, it could write none.
        """
        log, lines = self.directory / _LOG, [""]
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.directory).free < _ROOM:
                return f"the disk of {self.directory} is full: make room on it"
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        return "\n  ".join([f"the end of {log}:", *lines])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open_files(self, files: contextlib.ExitStack) -> tuple[int, int]:
        """
        The lock and the log; the server inherits both, so the lock lasts as long as it does.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock, log = (_open(self.directory / name, files) for name in (_LOCK, _LOG))
        except OSError as error:
            raise ServerFailed(
                f"{self.directory}: the embedded server cannot keep its data here:"
                f" {error.strerror}; choose a directory that can be written"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServerFailed(
                f"{self.directory}: another embedded server keeps its data here; stop it first"
            ) from None
        return lock, log

    def _spawn(self, binary: Path, lock: int, log: int) -> subprocess.Popen[bytes]:
        theirs, ours = os.pipe()
        with os.fdopen(theirs, "rb") as stdin:
            # All of it before the server is there, and less than a pipe holds: if we are killed
            # meanwhile it must not run without its password.
            with os.fdopen(ours, "wb") as configuration:
                configuration.write(_configuration(self._password, self._maxmemory).encode())
            try:
                return subprocess.Popen(  # noqa: S603 - a server program found by us or named by the caller
                    # The rest of the configuration comes on stdin: arguments are public.
                    [binary, "--port", str(self.port), "--dir", self.directory, "-"],
                    stdin=stdin,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,
                    umask=0o077,
                )
            except OSError as error:
                raise ServerFailed(f"{binary}: cannot be run: {error.strerror}") from None

    def _wait(self) -> None:
        assert self._process is not None
        until = time.monotonic() + self._patience.total_seconds()
        while not _answers(self.port, self._password):
            if self._process.poll() is not None:
                raise ServerFailed(f"the embedded server ended at once; {self.last_words()}")
            if time.monotonic() > until:
                raise ServerFailed(f"the embedded server does not answer; {self.last_words()}")
            time.sleep(_LOOK.total_seconds())


def left_in(directory: Path) -> psutil.Process | None:
    """
    Find the server that keeps its data in a directory, whoever started it; None for none.
    """
    lock = os.path.realpath(directory / _LOCK)
    for process in psutil.process_iter():
        # Of other people's processes we learn nothing, and the server is ours.
        with contextlib.suppress(psutil.Error):
            if any(file.path == lock for file in process.open_files()):
                return process
    return None


def _configuration(password: str, maxmemory: int | None) -> str:
    return "\n".join(
        [
            f"bind {_HOST}",
            f"requirepass {password}",
            "daemonize no",
            "databases 16",
            "appendonly yes",
            "appendfsync always",
            # The append-only file is the truth; a snapshot beside it would only be older.
            'save ""',
            f"maxmemory {maxmemory or 0}",
            "maxmemory-policy noeviction",
            # A job's hash stays compact with its call inside.
            "hash-max-listpack-value 2048",
            "hash-max-listpack-entries 256",
            "",
        ]
    )


def _open(path: Path, files: contextlib.ExitStack) -> int:
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    files.callback(os.close, file)
    return file


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        # As the server itself does: connections of our last life may linger.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ServerFailed(
                f"port {port} of {_HOST} cannot be used: {error.strerror}; end what uses it, or"
                " choose another, or 0"
            ) from None
        return int(probe.getsockname()[1])


def _answers(port: int, password: str) -> bool:
    """Whether PING is answered by a server with our password; one that still loads says no."""
    try:
        with socket.create_connection((_HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = connection.makefile("rb").read()
    except OSError:
        return False
    return answer.startswith(b"+OK\r\n+PONG\r\n")
