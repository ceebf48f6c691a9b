"""
The embedded server as a part of the stack, with the note that leads other terminals to it.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from dialer.embedded import EmbeddedServer, ServerFailed
from dialer.running import RUNTIME_DIRECTORY
from dialer.runtime import write_runtime

#: Of the machine's memory the server may fill this share: a rewrite of its file may need as much
#: again for a moment, and a full store refuses calls instead of being killed.
_SHARE: Final = 0.4


class ServerPart:
    """
    Starts the server again on its own directory, port and password.

    Args:
        data: Its directory.
        notes: Where `note` leaves `runtime.json`.
    """

    def __init__(self, data: Path, notes: Path = RUNTIME_DIRECTORY) -> None:
        room = int(psutil.virtual_memory().total * _SHARE)
        self._server = EmbeddedServer(data, maxmemory=room)
        self._notes = notes
        self._stopped = False

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.pid

    def start(self) -> None:
        """
        Start it; returns once it answers.

        Raises:
            ServerFailed: It does not start; nothing is left running.
        """
        self._stopped = False
        # What was killed from outside has to be waited for.
        self._server.kill()
        self._server.start()

    def note(self) -> None:
        """
        Leave its addresses, unless they are there already; nothing while it is down.

        Raises:
            OSError: They cannot be written.
        """
        with suppress(ServerFailed, psutil.NoSuchProcess):
            write_runtime(self._notes, self._server.url, self._server.broker_url, self._server.pid)

    def ended(self) -> int | None:
        """Its exit status; None while it runs."""
        return 0 if self._stopped else self._server.ended()

    def last_words(self) -> str:
        """Why it may have ended by itself."""
        return self._server.last_words()

    def ask(self) -> None:
        """Stop it in peace; it is gone on return, so that its addresses count for nothing."""
        self._server.stop()
        self._stopped = True

    def kill(self) -> None:
        """End it as a crash would."""
        self._server.kill()
