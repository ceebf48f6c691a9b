"""The lines of a binary stream, in bounded memory: the one reader of every file."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from dialer.domain.call.number import numbers_in
from dialer.lists.entry import ListError
from dialer.lists.kinds import check_kind, check_utf8, convert, suspect

#: Bytes of a line, and of a record of several lines, that are taken together.
LONGEST: Final = 65_536

#: Followed by a delimiter it is the name of a column.
_COMMENT: Final = re.compile(r"[ \t]*#(?![ \t]*[,;\t|])")


class Lines:
    """
    The lines of *stream* with their numbers, from 1; with their ends, however they end.

    A line longer than `LONGEST` comes longer than that, but not whole, so
    that memory stays bounded. Byte order marks are left out, also where one
    file was put behind another.

    Args:
        stream: Binary; not closed. Up to `LONGEST` bytes are read at once.
        forgiving: Take a text in another encoding than UTF-8 for the ASCII in
            it, and rulers and notes (a "#" in front, and no number) for blank lines.

    Attributes:
        taken: Bytes read from the stream so far.
        head: The first lines, at least `LONGEST` bytes of them where there are as many.

    Raises:
        ListError: The stream is no UTF-8 text as a whole, or cannot be read.
    """

    def __init__(self, stream: BinaryIO, *, forgiving: bool = False) -> None:
        # What a pipe has now is enough; `read` would wait for all that was asked for.
        self._read = getattr(stream, "read1", stream.read)
        self._forgiving = forgiving
        self._ended = False
        self.taken = 0
        head = b""
        while len(head) < LONGEST and (chunk := self._next()):
            head += chunk
        self._head = self.head = head.removeprefix(codecs.BOM_UTF8)
        check_kind(self._head)
        lines = self._head.splitlines(keepends=True)
        if forgiving:
            self.head = b"".join(map(_legible, lines))
            return
        if len(self.head) >= LONGEST and len(lines) > 1:
            lines.pop()  # cut anywhere, perhaps inside a character
        check_utf8(lines)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        number = 1
        rest, chunk = b"", self._head
        while chunk:
            text = rest + chunk
            if codecs.BOM_UTF8 in text:
                text = text.replace(codecs.BOM_UTF8, b"")
            pieces = text.splitlines(keepends=True)
            # A line that ends here may go on, and a "\r" may be half of "\r\n".
            rest = b"" if text.endswith(b"\n") or not pieces else _cut(pieces.pop())
            yield from enumerate(map(_legible, pieces) if self._forgiving else pieces, number)
            number += len(pieces)
            chunk = self._next()
        if rest:
            yield number, _legible(rest) if self._forgiving else rest

    def first(self) -> bytes:
        """First line that is not blank, with its end; b"" when there is none."""
        return next((line for line in self.head.splitlines(keepends=True) if line.strip()), b"")

    def _next(self) -> bytes:
        # A terminal would be asked again after its end.
        try:
            chunk: bytes = b"" if self._ended else self._read(LONGEST) or b""
        except OSError as error:
            raise ListError(f"the file cannot be read: {error.strerror or error}") from None
        self._ended = not chunk
        self.taken += len(chunk)
        return chunk


def read_line(line: bytes) -> str:
    """Text of a line or record; ValueError, the rule alone: too long, not UTF-8, or with a NUL."""
    if len(line) > LONGEST:
        raise ValueError(f"is longer than {LONGEST // 1024} KiB")
    if b"\0" in line:
        raise ValueError("holds a NUL character, so it is no text")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ValueError(f"is not UTF-8; {convert(suspect(line))}") from None


def as_written(line: bytes) -> str:
    """Text of an unreadable line, for a person; "" where it is too long."""
    return "" if len(line) > LONGEST else line.decode(errors="replace").strip()


def _legible(line: bytes) -> bytes:
    if len(line) > LONGEST:
        return line
    text = line.decode(errors="replace")
    # A ruler below a header says nothing; a quote alone may end a cell. Tickets begin with a "#".
    ruler = not ('"' in text or any(map(str.isalnum, text)))
    if ruler or (_COMMENT.match(text) and not numbers_in(text)):
        return b"\n"
    return line if line.isascii() else text.encode()


def _cut(line: bytes) -> bytes:
    # The last byte may be a "\r", which ends the line.
    return line if len(line) <= LONGEST else line[:LONGEST] + line[-1:]
