"""A text file that appears whole or not at all."""

import os
import tempfile
from pathlib import Path
from typing import IO, Self


class WholeFile:
    """
    Draft beside the file that it becomes with `keep`; readable by its owner only.

    Used in a with-block, which takes away a draft that was not kept. *text* is
    written in UTF-8, line ends as they are given. OSError where the folder of *path*
    cannot be written; nothing is left in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 at once
        self._draft = Path(name)
        self.text: IO[str] = os.fdopen(
            handle, "w", encoding="utf-8", errors="backslashreplace", newline=""
        )

    def keep(self, *, synced: bool = False) -> None:
        """
        Put it in the place of *path*; OSError where it cannot be written, and an older file stays.

        With *synced* it is on the disk first, for reports that a person relies on; that may take
        long where others write. A note that a power cut takes is written again.
        """
        with self.text:
            self.text.flush()
            if synced:
                os.fsync(self.text.fileno())
        self._draft.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.text.close()
        finally:
            self._draft.unlink(missing_ok=True)
