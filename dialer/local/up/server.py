"""The embedded server as a part of the stack, with the note that leads other terminals to it."""

from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from dialer.local.embedded_server import EmbeddedServer
from dialer.local.server_binary import ServerFailed
from dialer.machine.run_directory import RUNTIME_DIRECTORY, write_runtime
from dialer.maintenance.recovery import hold_after_damage

#: Of the machine's memory the server may fill this share: a rewrite of its file may need as much
#: again for a moment, and a full store refuses calls instead of being killed.
_SHARE: Final = 0.4


class ServerPart(EmbeddedServer):
    """A server that starts again on its directory, port and password; *notes* get its addresses."""

    def __init__(self, data: Path, notes: Path = RUNTIME_DIRECTORY) -> None:
        super().__init__(data, maxmemory=int(psutil.virtual_memory().total * _SHARE))
        self._notes = notes

    def start(self) -> None:
        """Start it as any; where its file was damaged, everything is held first."""
        if self.damaged:
            # At an address that no other process knows: workers that wait for ours would be faster.
            with EmbeddedServer(self.directory) as alone:
                hold_after_damage(alone.url)
            self.forget_damage()
        super().start()

    def note(self) -> None:
        """Note its addresses (OSError), unless they stand there; nothing while it is down."""
        with suppress(ServerFailed, psutil.NoSuchProcess):
            write_runtime(self._notes, self.url, self.broker_url, self.pid)

    def ask(self) -> None:
        """Stop it in peace; gone on return, so that its addresses count for nothing."""
        self.stop()
