"""
A Redis or Valkey server of our own, for one machine: demos, tests, a start.

It keeps what it acknowledges (`appendfsync always`), listens on loopback only, and has a
password for each object: other users of the machine must not read the numbers in it.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil

from dialer.local.process import ChildProcess
from dialer.local.server_binary import NAMES, ServerFailed, find_server, repair_command

_HOST = "127.0.0.1"
_LOG = "server.log"
_LOCK = "server.lock"
#: The note that the server's file was damaged, for its next start.
_DAMAGED = "damaged"
#: Source: `loadSingleAppendOnlyFile` in aof.c of Redis and of Valkey.
_REFUSED = re.compile(r"Bad file format reading the append only file (\S+?):")
#: Between two looks at whether the server answers yet.
_LOOK = timedelta(milliseconds=10)
#: How much of the server's log belongs in an error.
_LOG_LINES = 5
#: The variables that a server needs: to be found, for its log's clock, and as a program at all.
_ITS_OWN = ("PATH", "HOME", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
#: With less free on its disk, bytes, no server can go on.
_ROOM = 64 * 1024


class EmbeddedServer(ChildProcess):
    """
    One server with its data in one directory; leaving its `with` block stops it.

    It outlives us only if we are killed: the directory then stays locked until it is gone.

    Args:
        directory: For the data, the log and the lock; made if missing, for its owner only.
        port: 0 finds a free one, which this object then keeps.
        maxmemory: Bytes; None for no limit.
        patience: Limit of a start, and of a stop in peace.
    """

    kind = "the embedded server"
    failure = ServerFailed

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
        self._program = binary or Path()

    @property
    def url(self) -> str:
        """The store's address, password included: database 0."""
        return f"redis://:{self._password}@{_HOST}:{self.port}/0"

    @property
    def broker_url(self) -> str:
        """The broker's address, password included: database 1."""
        return f"redis://:{self._password}@{_HOST}:{self.port}/1"

    def start(self) -> None:
        """
        Start on the same directory and port as before, and return once it answers.

        Raises:
            ServerFailed: Says why, and quotes its log; nothing is left running.
        """
        if self._process is not None and self.ended() is None:
            raise ServerFailed(f"the embedded server is running already, as process {self.pid}")
        self._program = binary = self._binary or find_server()
        self.port = _free_port(self.port)
        with contextlib.ExitStack() as files:
            lock, log = self._open_files(files)
            self._process = self._spawn(binary, lock, log)
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def last_words(self) -> str:
        """Likely cause of an unexpected exit: damage, a full disk, or the end of its log."""
        log, lines = self.directory / _LOG, [""]
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.directory).free < _ROOM:
                return f"the disk of {self.directory} is full: make room on it"
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        end = "\n  ".join([f"the end of {log}:", *lines])
        return self._damage(end) or end

    @property
    def damaged(self) -> bool:
        """
        Whether its file could not be read once, and nothing was held since.

        A power cut may leave zeros at the file's end. The repair cuts off the rest, in which calls
        may have been: the next start holds everything first.
        """
        return (self.directory / _DAMAGED).exists()

    def forget_damage(self) -> None:
        """Remove the note of that, once everything is held."""
        (self.directory / _DAMAGED).unlink(missing_ok=True)

    def _damage(self, log: str) -> str:
        """Instructions where a log says that the file cannot be read, noted; else ""."""
        found = _REFUSED.search(log)
        if found is None:
            return ""
        (self.directory / _DAMAGED).touch(mode=0o600)
        # The file and not its manifest: Valkey 9.1 takes its own base file for a damaged one.
        file = self.directory / "appendonlydir" / found[1]
        return (
            f"{file} is damaged, as after a power cut. Copy {self.directory} to a safe place,"
            " then\n"
            f"  {repair_command(self._program, file)}\n"
            "cuts off all from the first damaged byte on. If those were only zeros at its end,"
            " nothing is lost; else moves that were acknowledged are, and calls that were made"
            " would be made again. So the next `dialer up` holds everything; `dialer recover --who"
            " NAME` is what comes then: it says what to look at before calls go on (ops/runbook.md)"
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open_files(self, files: contextlib.ExitStack) -> tuple[int, int]:
        """Lock and log; the server inherits both, so the lock lasts as long as it does."""
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
                    # It reads none of our variables, and one may be a token.
                    env={name: os.environ[name] for name in _ITS_OWN if name in os.environ},
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
    """Server process of ours that keeps its data in a directory; None where there is none."""
    lock = os.path.realpath(directory / _LOCK)
    for process in psutil.process_iter():
        # Whoever reads the file, backs it up or watches it, has it open too.
        with contextlib.suppress(psutil.Error):
            if _is_server(process) and any(file.path == lock for file in process.open_files()):
                return process
    return None


def _is_server(process: psutil.Process) -> bool:
    return process.name() in NAMES and process.uids().effective == os.geteuid()


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
    """Whether a server with our password answers PING; one that still loads does not."""
    try:
        with socket.create_connection((_HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = connection.makefile("rb").read()
    except OSError:
        return False
    return answer.startswith(b"+OK\r\n+PONG\r\n")
