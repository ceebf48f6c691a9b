"""
Everything that `dialer up` leaves in its folder while it runs, kept as it should be.
"""

from collections.abc import Iterable

from dialer.running import SANDBOX_SETTINGS, keep_note
from dialer.up.folder import Folder
from dialer.up.server import ServerPart


class Notes:
    """
    What other terminals, our parts that start again and our successor go by.

    Args:
        folder: Where the notes are.
        server: The embedded server; None where the settings name another one.
        practice: The settings for other terminals with --sandbox; "" without.
    """

    def __init__(self, folder: Folder, server: ServerPart | None, practice: str = "") -> None:
        self.folder = folder
        self._server = server
        self._practice = practice

    def keep(self, parts: Iterable[int], server: int | None) -> None:
        """
        Write what is missing, changed by others or not true any more; else only look.

        A clock that was set belongs to the latter: notes name a process by its start.

        Args:
            parts: The processes that run, the server apart.
            server: The embedded server's process.

        Raises:
            OSError: One cannot be written.
        """
        if self._practice:
            keep_note(self.folder.path / SANDBOX_SETTINGS, self._practice)
        self.folder.note(
            sandbox=bool(self._practice),
            parts=parts,
            server=server,
            embedded=self._server is not None,
        )
        if self._server is not None:
            self._server.note()
