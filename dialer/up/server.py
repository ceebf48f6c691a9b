"""
The embedded server as a part of the stack, with the note that leads other terminals to it.
"""

from pathlib import Path

from dialer.embedded import EmbeddedServer
from dialer.running import RUNTIME_DIRECTORY
from dialer.runtime import remove_runtime, write_runtime


class ServerPart:
    """
    Starts the server again on its own directory, port and password.

    Args:
        data: Its directory.
        notes: Where `runtime.json` is left.
    """

    def __init__(self, data: Path, notes: Path = RUNTIME_DIRECTORY) -> None:
        self._server = EmbeddedServer(data)
        self._notes = notes
        self._stopped = False

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.pid

    def start(self) -> None:
        """
        Start it and leave its addresses; returns once it answers.

        Raises:
            ServerFailed: It does not start; no addresses are left.
        """
        self._stopped = False
        # What was killed from outside has to be waited for.
        self._server.kill()
        self._server.start()
        write_runtime(self._notes, self._server.url, self._server.broker_url, self._server.pid)

    def ended(self) -> int | None:
        """Its exit status; None while it runs."""
        return 0 if self._stopped else self._server.ended()

    def ask(self) -> None:
        """Stop it in peace; it is gone on return, and so is the note."""
        remove_runtime(self._notes)
        self._server.stop()
        self._stopped = True

    def kill(self) -> None:
        """End it as a crash would; the note goes too."""
        remove_runtime(self._notes)
        self._server.kill()
