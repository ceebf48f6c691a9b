import csv
import gzip
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.lists import ListError, Rejected, Row, Table

printable = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
rows_of_cells = st.lists(st.lists(printable, min_size=3, max_size=3), max_size=8)


class Dripping(io.RawIOBase):
    """A stream that gives what is first asked for and then byte after byte, as a pipe may."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)
        self._begun = False

    def read(self, size: int = -1) -> bytes:
        size, self._begun = (1 if self._begun else size), True
        return self._inner.read(size)


def whole_next(lines):
    """Read all that there is, as if memory had no bounds."""
    return lines._read(-1)


def table(content, wanted=("phone",), **options):
    octets = content.encode() if isinstance(content, str) else content
    return Table(io.BytesIO(octets), wanted, **options)


def read(content, wanted=("phone",), **options):
    """Each row as (line, cells), each refusal as (line, rule)."""
    return [
        (entry.line, dict(entry.cells) if isinstance(entry, Row) else entry.rule)
        for entry in table(content, wanted, **options)
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_every_spelling_of_a_table_is_the_same_table(mark, end, start):
    """Delimiter, line ends and byte order mark are found out, and stand in no cell."""
    lines = [["phone", "name"], ["9000000001", "Asha"], [], ["9000000002", " Ravi "]]
    content = start + end.join(mark.join(line) for line in lines)
    expected = [
        (2, {"phone": "9000000001", "name": "Asha"}),
        (4, {"phone": "9000000002", "name": "Ravi"}),
    ]

    assert read(content, ("phone", "name")) == expected
    assert read(content + end, ("phone", "name")) == expected


@given(rows=rows_of_cells, mark=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_the_csv_module_writes_is_read_back(rows, mark, end):
    """Quotes, delimiters and line ends of any kind may stand inside quoted cells."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])

    entries = list(table(file.getvalue(), ("a", "b", "c")))

    stripped = [[cell.strip() for cell in row] for row in rows]
    expected = [row for row in stripped if any(row)]
    assert [list(entry.cells.values()) for entry in entries] == expected


@given(st.binary(max_size=200), st.sampled_from([b"a,b\n", b"a,b\r", b'{"a": 1}\n', b""]))
@example(b'"', b"a,b\n")
@example(b"\xff\n", b"")
def test_any_bytes_are_rows_or_rules(content, header):
    """Nothing but ListError ends a list, and each row has a line that is there."""
    octets = header + content
    try:
        entries = list(table(octets, ["a"]))
    except ListError:
        return

    lines = [entry.line for entry in entries]
    assert lines == sorted(set(lines))
    assert all(1 <= line <= len(octets.splitlines()) for line in lines)


pieces = st.sampled_from(["9,1", '"x\r\ny",2', '"x,3', "é;,4", "", "y" * 39, "y" * 40, "y" * 90])


@given(lines=st.lists(pieces, max_size=20), end=st.sampled_from(["\n", "\r\n", "\r"]))
@example(lines=["y" * 40, "9,1"], end="\r\n")
def test_pieces_of_a_stream_do_not_matter(lines, end):
    """A pipe that gives one byte at a time is read as a file is, whatever it cuts in two."""
    octets = end.join(["a,b", *["1,2"] * 6, *lines]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dialer.lists.physical.LONGEST", 40)
        dripped = list(Table(Dripping(octets), ["a", "b"]))
        patch.setattr("dialer.lists.physical.Lines._next", whole_next)

        assert dripped == list(table(octets, ["a", "b"]))


def test_lines_are_counted_where_records_begin():
    """A cell with line breaks is one row, and the next row's line counts them."""
    content = 'phone,note\n9000000001,"one\ntwo\r\nthree"\n9000000002,x\n'

    assert read(content, ("phone", "note")) == [
        (2, {"phone": "9000000001", "note": "one\ntwo\r\nthree"}),
        (5, {"phone": "9000000002", "note": "x"}),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Asha", "has too few cells for the header's 3 columns, not 1"),
        ("Asha,9000000001,,b", "has too many cells for the header's 3 columns, not 4"),
        ("9000000001,a\0b", "holds a NUL character"),
        ("9000000001," + "x" * 70_000, "is longer than 64 KiB"),
        (b"9000000001,Jos\xe9", "is not UTF-8; it looks like ISO-8859-1; convert the file: iconv"),
        (b"9000000001,\x93Asha\x94", "it looks like WINDOWS-1252"),
        ('9000000001,"Asha "A" Rao"', "has a quote inside a quoted cell"),
        ('9000000001,"Asha', "opens a quote that is not closed"),
        ('"9000000001,Asha', "opens a quote that is not closed"),
    ],
)
def test_one_bad_row_never_costs_another(line, rule):
    """Rows before and after it are read; the rule and its line are reported."""
    octets = line if isinstance(line, bytes) else line.encode()
    good = [f"name,900000{nth:04},x" for nth in range(10)]
    before, after = ("\n".join(half).encode() for half in (good[:5], good[5:]))

    found = list(table(b"name,phone,note\n" + before + b"\n" + octets + b"\n" + after))

    (refused,) = [entry for entry in found if isinstance(entry, Rejected)]
    assert refused.line == 7
    assert refused.rule.startswith(rule) or rule in refused.rule
    assert [entry.cells["phone"] for entry in found if isinstance(entry, Row)] == [
        row.split(",")[1] for row in good
    ]
    assert found[-1].line == 12


@pytest.mark.parametrize("rows", [20, 30_000])
def test_an_open_quote_does_not_eat_the_file(rows):
    """However much follows, only the line that opens it is lost."""
    content = 'phone,name\n9000000001,"Asha\n' + "9000000002,Ravi\n" * rows

    found = read(content)

    assert found[0][0] == 2
    assert "not closed" in found[0][1]
    assert found[1:] == [(line, {"phone": "9000000002"}) for line in range(3, rows + 3)]


def test_a_record_is_bounded_though_its_quote_is_closed():
    """A cell of more than 64 KiB is somebody's slip; the rows it seems to hold are read."""
    inside = "9000000002,Ravi\n" * 5000
    content = 'phone,name\n9000000001,"Asha\n' + inside + '9000000003,Rao"\n'

    found = read(content)

    assert len(found) == 5002
    assert "within 64 KiB" in found[0][1]
    assert {type(what) for _, what in found[1:]} == {dict}


def test_an_open_quote_costs_no_quoted_row_behind_it():
    """A quote that seems to be closed by the next one is found out, and that row is read."""
    content = 'phone,name\n9000000001,"Asha\n9000000002,"Rao, Ravi"\n"9000000003",x\n'

    assert [line for line, _ in read(content)] == [2, 3, 4]
    assert read(content)[1:] == [(3, {"phone": "9000000002"}), (4, {"phone": "9000000003"})]


def test_memory_is_bounded_for_a_line_without_end():
    """A line of megabytes is refused, and the row behind it has its right number."""
    content = b"phone,name\n" + b"x" * 3_000_000 + b"\n9000000001,Asha\n"

    assert read(content) == [(2, "is longer than 64 KiB"), (3, {"phone": "9000000001"})]


LIST = "phone,name\n" + "9000000001,José\n" * 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LIST.encode("utf-16"), "is written in UTF-16; convert the file: iconv -f UTF-16 -t UTF-8"),
        (LIST.encode("utf-16-le"), "UTF-16LE; convert the file: iconv -f UTF-16LE"),
        (LIST.encode("utf-16-be"), "UTF-16BE; convert the file: iconv -f UTF-16BE"),
        (LIST.encode("utf-32"), "is written in UTF-32"),
        (LIST.encode("latin-1"), "looks like ISO-8859-1; convert the file: iconv -f ISO-8859-1"),
        (LIST.replace("é", "\u2013").encode("cp1252"), "looks like WINDOWS-1252"),
        ("numéro,x\n1,2\n".encode("latin-1"), "looks like ISO-8859-1"),
        (gzip.compress(LIST.encode(), mtime=0), "unpack it with gunzip"),
        (b"PK\x03\x04\x14", "an Excel workbook or a zip archive: save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x7fELF\x02\x01\x01\n", "control characters"),
    ],
)
def test_what_is_not_utf8_text_is_named(content, message):
    """The error says what the file seems to be, and what to do with it; nothing is read."""
    with pytest.raises(ListError) as caught:
        table(content)
    assert message in str(caught.value)


def test_a_long_utf8_list_is_not_taken_for_another_encoding():
    """The first look ends in the middle of a character, and of a line."""
    content = "phone,name\n" + "9000000001,éअ\n" * 8000

    assert {type(entry) for entry in table(content)} == {Row}
    assert {type(entry) for entry in table("phone\n" + "अ" * 30_000)} == {Rejected}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the list is empty"),
        ("\n\n \n", "the list is empty"),
        ("phone,name,phone \n", "the header names a column twice: phone"),
        ('phone,"name\n1,2\n', "the header of the list, in line 1, opens a quote"),
        ("Phone ,name\n", 'the list has no column "phone" (did you mean "Phone"?)'),
        ("phones;name\n", '(did you mean "phones"?). Its columns are: phones, name'),
        ("x,y\n", 'the list has no column "phone". Its columns are: x, y'),
        ("9000000001,Asha\n", "Its columns are: ******0001, Asha"),
    ],
)
def test_a_header_that_cannot_serve_fails_the_list(content, message):
    """Before any row, with what to mend, and without showing anybody's number."""
    with pytest.raises(ListError) as caught:
        table(content)
    assert message in str(caught.value)


def test_a_header_alone_is_a_list_of_nobody():
    """Neither an error nor a row; the columns are known."""
    empty = table("phone;name")

    assert (empty.columns, list(empty)) == (("phone", "name"), [])


def test_the_progress_reaches_the_size_of_the_stream():
    """What was taken is counted in bytes, the mark included."""
    content = ("\ufeffphone,name\n" + "9000000001,é\n" * 30_000).encode()
    rows = table(content)
    next(rows._rows)

    assert 0 < rows.taken < len(content)
    assert len(list(rows)) == 29_999
    assert rows.taken == len(content)


def test_json_lines_are_rows():
    """Text and numbers as they stand, arrays joined, null and missing are absent."""
    objects = [
        {"phone": 9000000001, "ring": "20", "extra": {"any": [1.5]}},
        {"phone": [9000000001, " 9000000002"], "ring": None},
        {"phone": True, "ring": "", "note": 1, "\u00adnote": 2},
        {"ring": False},
    ]
    content = "\ufeff\n" + "\n\n".join(json.dumps(one) for one in objects)

    assert read(content, ("phone", "ring")) == [
        (2, {"phone": "9000000001", "ring": "20"}),
        (4, {"phone": "9000000001,9000000002"}),
        (6, {"phone": "true", "ring": ""}),
        (8, {"ring": "false"}),
    ]


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ('{"phone": 1', "", "is not a JSON object: "),
        ("[1]", "", "is not a JSON object in braces"),
        ('{"phone": NaN}', "", "NaN is no number"),
        ('{"phone": ' + "1" * 5000 + "}", "", "holds an absurdly long number"),
        ('{"phone": 1, "phone": 2}', "phone", "is given twice"),
        ('{"phone\\u00ad": 1, "phone ": 2}', "phone", "is given twice"),
        ("[" * 20_000, "", "nested too deep"),
        ('{"phone": {"a": 1}}', "phone", "must hold text, a number"),
        ('{"phone": [[1]]}', "phone", "must hold text, a number"),
    ],
)
def test_a_bad_json_line_costs_itself_only(line, column, rule):
    """Its line, the column where there is one, and the rule are reported."""
    good = '{"phone": "9000000001"}\n'

    first, bad, last = table(good + line + "\n" + good)

    assert isinstance(bad, Rejected)
    assert (bad.line, bad.column) == (2, column)
    assert rule in bad.rule
    assert (first.line, last.line) == (1, 3)


def test_the_format_can_be_said():
    """A header that begins with a brace is a CSV when told so, and JSONL needs no guess."""
    assert read("{phone,name\n1,2\n", ("{phone",), form="csv") == [(2, {"{phone": "1"})]
    assert read("1\n", form="jsonl") == [(1, "is not a JSON object in braces")]
    assert read("", form="jsonl") == []
