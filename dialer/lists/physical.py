"""
The lines of a binary stream, and which encoding they are written in.

Only UTF-8 is read. A stream that is plainly something else is refused with
the name of what it seems to be; a line that is not UTF-8 costs itself only.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from dialer.lists.entry import ListError

#: Bytes of a line, and of a record of several lines, that are taken together.
LONGEST: Final = 65_536

_FORMATS: Final = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive: save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "compressed with gzip: unpack it with gunzip"),
    (b"%PDF", "a PDF document: ask for the list as CSV"),
)
# The longer marks first: that of UTF-32 begins like that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1f]")
#: Windows puts quotes and dashes where ISO 8859-1 has control characters.
_WINDOWS: Final = re.compile(rb"[\x80-\x9f]")
_SAMPLE: Final = 4096
#: Of every second byte of UTF-16 that is mostly ASCII, this share is zero.
_MOSTLY: Final = 0.7


class Lines:
    """
    The lines of *stream* with their numbers, from 1; with their ends, however they end.

    A line longer than `LONGEST` comes longer than that, but not whole, so
    that memory stays bounded.

    Args:
        stream: Binary; not closed. Up to `LONGEST` bytes are read at once.

    Attributes:
        taken: Bytes read from the stream so far.

    Raises:
        ListError: The stream is not UTF-8 text as a whole.
    """

    def __init__(self, stream: BinaryIO) -> None:
        # What a pipe has now is enough; `read` would wait for all that was asked for.
        self._read = getattr(stream, "read1", stream.read)
        self.taken = 0
        self._head = b""
        while len(self._head) < LONGEST and (chunk := self._next()):
            self._head += chunk
        self._head = self._head.removeprefix(codecs.BOM_UTF8)
        _check(self._head)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        number = 1
        rest, chunk = b"", self._head
        while chunk:
            pieces = (rest + chunk).splitlines(keepends=True)
            # A line that ends here may go on, and a "\r" may be half of "\r\n".
            rest = b"" if pieces[-1].endswith(b"\n") else _cut(pieces.pop())
            yield from enumerate(pieces, start=number)
            number += len(pieces)
            chunk = self._next()
        if rest:
            yield number, rest

    def first(self) -> bytes:
        """Return the first line that is not blank, with its end; b"" when there is none."""
        return next((line for line in self._head.splitlines(keepends=True) if line.strip()), b"")

    def _next(self) -> bytes:
        chunk: bytes = self._read(LONGEST) or b""
        self.taken += len(chunk)
        return chunk


def read_line(line: bytes) -> str:
    """
    Return the text of a line or of a record.

    Raises:
        ValueError: It is too long, is not UTF-8, or holds a NUL; its text is the rule alone.
    """
    if len(line) > LONGEST:
        raise ValueError(f"is longer than {LONGEST // 1024} KiB")
    if b"\0" in line:
        raise ValueError("holds a NUL character, so it is no text")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ValueError(f"is not UTF-8; {_convert(_suspect(line))}") from None


def _cut(line: bytes) -> bytes:
    # The last byte may be a "\r", which ends the line.
    return line if len(line) <= LONGEST else line[:LONGEST] + line[-1:]


def _check(head: bytes) -> None:
    for magic, what in _FORMATS:
        if head.startswith(magic):
            raise ListError(f"the list is {what}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            raise ListError(f"the list is written in {encoding}; {_convert(encoding)}")
    if wide := _without_mark(head[:_SAMPLE]):
        raise ListError(f"the list seems to be written in {wide}; {_convert(wide)}")
    lines = head.splitlines()
    if len(head) >= LONGEST and len(lines) > 1:
        lines.pop()  # cut anywhere, perhaps inside a character
    if not lines:
        return
    if _CONTROLS.search(lines[0]):
        raise ListError("the list is no text: its first line holds control characters")
    foreign = [line for line in lines if not _is_utf8(line)]
    # One bad row is reported like any other; this many mean the file.
    if not _is_utf8(lines[0]) or len(foreign) * 2 >= len(lines):
        encoding = _suspect(b"".join(foreign))
        raise ListError(f"the list is not UTF-8; {_convert(encoding)}")


def _without_mark(sample: bytes) -> str:
    if b"\0" not in sample:
        return ""
    high, low = (sample[start::2].count(0) * 2 / len(sample) for start in (0, 1))
    if high >= _MOSTLY and low < 1 - _MOSTLY:
        return "UTF-16BE"
    return "UTF-16LE" if low >= _MOSTLY and high < 1 - _MOSTLY else ""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _suspect(octets: bytes) -> str:
    return "WINDOWS-1252" if _WINDOWS.search(octets) else "ISO-8859-1"


def _convert(encoding: str) -> str:
    seems = "" if encoding.startswith("UTF") else f"it looks like {encoding}; "
    return f"{seems}convert the file: iconv -f {encoding} -t UTF-8 OLD > NEW"
