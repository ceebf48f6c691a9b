"""
Files that are no lists: named once, with the remedy, before any row is read.

Only UTF-8 text is a list. Formats that programs write for programs begin with
a mark of their own, in spite of their names.
"""

import codecs
import re
from typing import Final

from dialer.lists.entry import ListError

_UNPACK: Final = "compressed with {0}: unpack it with {1}"
_SAVE: Final = "save the sheet as CSV (UTF-8)"
_MARKS: Final = (
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", f"an Excel workbook or a zip archive: {_SAVE}"),
    (rb"\xd0\xcf\x11\xe0", f"an old Excel workbook: {_SAVE}"),
    (rb"\x09[\x00\x02\x04\x08]\x04?\x00", f"an old Excel workbook: {_SAVE}"),
    (rb"\x1f\x8b", _UNPACK.format("gzip", "gunzip")),
    (rb"\x1f[\x9d\xa0]", _UNPACK.format("compress", "uncompress")),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", _UNPACK.format("bzip2", "bunzip2")),
    (rb"\xfd7zXZ\x00", _UNPACK.format("xz", "unxz")),
    (rb"\x28\xb5\x2f\xfd", _UNPACK.format("zstd", "unzstd")),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (rb"Rar!\x1a\x07", "a rar archive: unpack it"),
    (rb"[^\x00]{1,100}\x00.{156,256}ustar", "a tar archive: unpack it with tar -x"),
    (rb"%PDF", "a PDF document: ask for the list as CSV"),
    (rb"\{\\rtf", "a text with formats (RTF): save it as plain text"),
    (rb"SQLite format 3\x00", "an SQLite database: export the table as CSV"),
    (rb"PAR1", "a Parquet file: export it as CSV"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture: ask for the list as CSV"),
    (rb"(?i:BEGIN:VCARD)", "made of contacts (vCard): export them as CSV"),
    (rb"(?i:BEGIN:VCALENDAR)", "a calendar: export the contacts as CSV"),
    (
        rb"(?i:<(?:!doctype )?html|<table|<body|<meta)",
        f"a web page: open it in a spreadsheet, and {_SAVE}",
    ),
    (rb"<(?:[?!]|[A-Za-z][\w:.-]*[\s/>])", f"XML: open it in a spreadsheet, and {_SAVE}"),
    (rb'\[\s*(?:[\[{"\d\]]|$)', "a JSON array: write one object a line: jq -c '.[]' OLD > NEW"),
    (
        rb'\{(?:[^\n]*[,{\[])?\s*\n\s*"',
        "JSON over several lines: write one object a line: jq -c . OLD > NEW",
    ),
)
_KINDS: Final = tuple((re.compile(mark, re.DOTALL), what) for mark, what in _MARKS)
# The longer marks first: that of UTF-32 begins like that of UTF-16.
_WIDE: Final = (
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


def check_kind(head: bytes) -> None:
    """Raise ListError, with the remedy, where *head* (without BOM) begins as no text does."""
    for mark, encoding in _WIDE:
        if head.startswith(mark):
            raise ListError(f"the file is written in {encoding}; {convert(encoding)}")
    text = head.lstrip()
    for kind, what in _KINDS:
        if kind.match(head) or kind.match(text):
            raise ListError(f"the file is {what}")
    if wide := _without_mark(head[:_SAMPLE]):
        raise ListError(f"the file seems to be written in {wide}; {convert(wide)}")
    if _CONTROLS.search(next(iter(head.splitlines()), b"")):
        raise ListError("the file is no text: its first line holds control characters")


def check_utf8(lines: list[bytes]) -> None:
    """Raise ListError, with the likely encoding, where line 1 or half of all are not UTF-8."""
    foreign = [line for line in lines if not _is_utf8(line)]
    # One bad row is reported like any other; this many mean the file.
    if foreign and (foreign[0] is lines[0] or len(foreign) * 2 >= len(lines)):
        raise ListError(f"the file is not UTF-8; {convert(suspect(b''.join(foreign)))}")


def suspect(octets: bytes) -> str:
    """Likely encoding of text which is not UTF-8."""
    return "WINDOWS-1252" if _WINDOWS.search(octets) else "ISO-8859-1"


def convert(encoding: str) -> str:
    """Remedy for a file in this encoding."""
    seems = "" if encoding.startswith("UTF") else f"it looks like {encoding}; "
    return f"{seems}convert the file: iconv -f {encoding} -t UTF-8 OLD > NEW"


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
