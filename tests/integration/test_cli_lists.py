"""Lists as people hand them in, at every door of the command line."""

import bz2
import csv
import gzip
import json
import lzma
import os
import subprocess
import sys
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from clikit import create, progress

from dialer.store.contacts import Contacts

A, B, C, D = (f"+91900000190{n}" for n in range(1, 5))
LANDLINE = "+912223456701"


def listed(cli, account=None):
    return {entry.number for entry in cli.store.suppression.entries(account)}


def take(cli, content, *options, door=("suppress", "import"), name="list"):
    """Hand a file in at a door."""
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return cli(*door, name, *options)


def imported(cli, content, *options, name="list.csv"):
    return take(cli, content, *options, door=("campaign", "import", "diwali"), name=name)


# Whom not to ring


@pytest.mark.parametrize(
    ("content", "held"),
    [
        ("9000001901,Asha,2026-11-01\n", [A]),
        ('"9000001901","Asha"\n', [A]),
        ("9000001901 Asha\n", [A]),
        ("9000001901,,,\n9000001902,\n", [A, B]),
        ("9000001901 9000001902\n9000001903/9000001904\n", [A, B, C, D]),
        ("9000001901,9000001902\n", [A, B]),
        ("9000001901.0\n", [A]),
        ("'9000001901\n", [A]),
        ('="9000001901"\n', [A]),
        ("\u202a9000001901\u202c\n\ufeff9000\u200b001902\n", [A, B]),
        ("+91 (0) 9000001901\n", [A]),
        # Their neighbours.
        ("Asha;9000001901;2026-11-01T10:00:00\n", [A]),
        ("Asha\t9000001901\t26/11/2026 10:00\n", [A]),
        ("4711|9000001901\n4712|9000001902\n", [A, B]),
        ("20261130,9000001901\n", [A]),
        ("order_id,phone\n9000009001,9000001901\n", [A]),
        ("Customer ID,Mobile No.\n7000000001,9000001901\n", [A]),
        ("PIN,Phone,Amount\n411001,9000001901,9000.00\n", [A]),
        ("name,mobile,alternate\nAsha,9000001901,NA\nRavi,9000001902,9000001903\n", [A, B, C]),
        ("Name,फ़ोन\nआशा,9000001901\n", [A]),
        ("name,home\n9000001901,Asha\nRavi,9000001902\nBina,9000001903\n", [A, B, C]),
        ("Rao, Asha,9000001901\nRavi,9000001902\n", [A, B]),
        ("9000001901,Flat #4\n9000001902 # was 9000001903\n# 9000001904\n", [A, B, C, D]),
        ('9000001901,"Asha\n9000001902,Ra"vi\n9000001903,"a "b" c"\n', [A, B, C]),
        ("9000001901\r9000001902\r", [A, B]),
        ("sep=;\nphone;note\n9000001901;x\n", [A]),
        ("#,phone\n1,9000001901\n", [A]),
        ("9.000001901E+09\n", [A]),
        ("Jos\u00e9,9000001901\n".encode("latin-1"), [A]),
        ('{"phone": 9000001901.0, "at": "2026-11-01", "id": 7000000001}\n', [A]),
        ('{"phone": "9000001901", "phone": "9000001902"}\n', [A, B]),
        ('{"who": {"phone": "9000001901"}}\n{"phone": ["9000001902"]}\n', [A, B]),
        (" phone      | name\n------------+------\n 9000001901 | Asha\n", [A]),
        # Behind and in front of a "#".
        ("Ticket,Phone\n#1001,9000001901\n#1002,9000001902\n", [A, B]),
        ("#31#9000001901\n # asked by letter\n9000001902\n", [A, B]),
        ("# since 2026\n#Ticket;Phone\n#1001;9000001901\n", [A]),
        ('Ticket,Note,Phone\n#1001,"a\nb",9000001901\n', [A]),
        ("9000001901#9000001902\n", [A, B]),
        ("Name,Phone\nAsha,9000001901 #2: 9000001902\n", [A, B]),
        # In a column without numbers so far.
        ("Phone,Phone 2\n" + "9000001901,\n" * 250 + "9000001902,9000001903\n", [A, B, C]),
        ("a,b\n" + "9000001901,x\n" * 250 + "9000001902,9000001903 (wife)\n", [A, B, C]),
        ('{"phone": 9000001901}\n' * 250 + '{"phone": 9000001902, "x": 9000001903}\n', [A, B, C]),
        # Beside another number.
        ("Name,Mobile,Office\nA,9000001901,022-23456701\n", [LANDLINE, A]),
        ("Name,Mobile,Alternate\nA,9000001901,9000001902 (wife)\nB,9000001903,x\n", [A, B, C]),
        ("Phone,Notes\n9000001901,also 9000001902\n9000001903,none\n", [A, B, C]),
        ("Name,Phone,Mobile,Remark\nA,9000001901,,also 9000001902\n", [A, B]),
        ("Phone,Abroad\n9000001901,+44 7400 123456\n", ["+447400123456", A]),
        ('{"phone": 9000001901, "note": "or 9000001902", "of": {"x": "9000001903"}}\n', [A, B, C]),
        ("Account phone,Phone\n9000001901,9000001902\n", [A, B]),
        # Written short.
        ("9000001901/02\n9000001903-4\n", [A, B, C, D]),
        ("phone,x\n90000 01901 / 02 / 03,a\n", [A, B, C]),
    ],
)
def test_whatever_holds_a_number_is_on_the_list(cli, content, held):
    """All numbers of a list go in, none that is an id or a date, and nothing is refused."""
    ran = take(cli, content)

    assert (ran.status, ran.err) == (0, "")
    assert sorted(listed(cli)) == held
    assert f"{len(held)} added, " in ran.out
    assert ran.out.endswith("on the list before, 0 rejected\n")


@pytest.mark.parametrize(
    ("content", "held", "said"),
    [
        ("9000001901\nbad\n9000001902\n", [A, B], 'line 2: number: "bad" holds letters'),
        ("bad\n9000001901\n", [A], 'line 1: number: "bad" holds letters'),
        ("phone,x\n9000001901,\n12,y\n", [A], 'line 3: phone: "12" has 2 digits'),
        ("phone,x\n9000001901,\n,y\n", [A], "line 3: phone: holds no number"),
        ("9000001901\n9.19E+11\n", [A], "a spreadsheet has rounded it"),
        ("9000001901\n+91******1902\n", [A], "is masked; write the list anew with --reveal"),
        ("9000001901\n" + "9" * 70_000 + "\n", [A], "line 2: is longer than 64 KiB"),
        ('{"phone": 9000001901}\n{"phone": "12"}\n', [A], 'line 2: phone: "12" has 2'),
        ('{"phone": 9000001901}\n{"phone": \n', [A], "line 2: is not a JSON object"),
        ("9000001901\n1900000019 0 2\n", [A], "line 2: number: "),
    ],
)
def test_what_holds_no_number_is_named_and_costs_nothing(cli, content, held, said):
    """Line, what and why; the rest goes in, and the exit says that it is not all."""
    ran = take(cli, content)

    assert ran.status == 3
    assert sorted(listed(cli)) == held
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out.endswith("1 added, 0 were on the list before, 1 rejected\n") or len(held) > 1
    assert take(cli, "bad\n12\n").status == 1


def test_a_row_that_is_refused_is_masked(cli):
    """What looks like a number to us is nobody's to read, even where it is none."""
    ran = take(cli, "9000001901\n9000001902 98765432101234567\n9000 001 903 x 1\n1234567890\n")
    assert "1234567890" not in ran.err


def test_the_column_may_be_named(cli):
    """Then no other is read; a slip in its name is one sentence, and nothing is added."""
    content = "agent phone,Customer\u00a0phone,x\n9000001902,9000001901,1\n9000001902,,\n"
    ran = take(cli, content, "--column", "Customer phone")
    assert (ran.status, sorted(listed(cli))) == (3, [A])
    assert ran.err == "line 3: Customer phone: holds no number\n"

    ran = take(cli, content, "--column", "customer phone")
    assert (ran.status, ran.out) == (1, "")
    assert '(did you mean "Customer phone"?)' in ran.err
    lines = '{"a": "9000001902", "b": "9000001903"}\n'
    assert take(cli, lines, "--column", "b").status == 0
    assert sorted(listed(cli)) == [A, C]
    assert take(cli, lines, "--format", "xml").status == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n9000001901,9000001902\n", "numbers were read from columns a, b\n"),
        ("9000001901,Asha\n", "numbers were read from column 1\n"),
        (
            "phone,Notes\n9000001901,or 9000001902\n",
            "numbers were read from columns phone, Notes\n",
        ),
        ('{"x": "9000001901", "y": "z"}\n', "numbers were read from column x\n"),
        ("phone,Ref no.\n9000001901,9000001902\n", "column Ref no. was not read though it holds"),
        ('{"phone": "9000001901", "account": 9000001902}\n', "column account was not read though"),
        ("Order ID,phone,PIN\n9000001902,9000001901,411001\n", "column Order ID was not read"),
        ("phone,Order note\n9000001901,by 9000001902\n", "column Order note was not read though"),
        ("phone,Account\n9000001901,1234567890\n", "numbers were read from column phone\n1 added"),
        ("Ref contact,x\n9000001901,y\n", "numbers were read from column Ref contact\n1 added"),
        ("phone,Order ID\n9000001901,4711\n", "numbers were read from column phone\n1 added"),
        ("9000001901\n", "1 added"),
    ],
)
def test_the_columns_that_were_read_are_named(cli, content, said):
    """Where there are others a person can see that it were the right ones, and what was left."""
    out = take(cli, content).out
    assert said in out
    assert out.count("was not read") == said.count("was not read")


def test_a_column_that_was_left_out_is_read_where_it_is_named(cli):
    """And then it alone is."""
    content = "phone,Ref contact\n9000001903,x\n9000001901,9000001902\n"
    assert 'import it again with --column "Ref contact"\n2 added' in take(cli, content).out
    ran = take(cli, content, "--column", "Ref contact")
    assert (ran.status, ran.out) == (3, "1 added, 0 were on the list before, 1 rejected\n")
    assert sorted(listed(cli)) == [A, B, C]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_our_own_list_goes_in_again(cli, form):
    """What `suppress list --reveal` writes is a do-not-call list, and the same one."""
    reasons = ["asked, on 2026-11-01 10:00", "ticket 4711; #12", 'he said "no" | twice', "x" * 90]
    for nth, reason in enumerate(reasons):
        cli("suppress", "add", f"90000019{nth:02d}", "--reason", reason, "--who", "asha")
    cli("suppress", "add", "+447400000001", "011-23456789")
    before = listed(cli)
    kept = cli("suppress", "list", "--reveal", *form).out
    cli("suppress", "remove", *before, "--reason", "a test")
    assert listed(cli) == set()
    ran = take(cli, kept)

    assert (ran.status, ran.err) == (0, "")
    assert listed(cli) == before
    masked = take(cli, cli("suppress", "list", *form).out)
    assert masked.status == 1
    assert "write the list anew with --reveal" in masked.err


def test_numbers_on_the_command_line_are_read_like_those_of_a_file(cli):
    """A good one goes on the list whatever stands beside it, the bad one is named: exit 3."""
    ran = cli("suppress", "add", "9000001901", "bad", "9000001902.0", '="9000001903"', "9000001901")
    assert (ran.status, ran.out) == (3, "3 added, 0 were on the list before\n")
    assert ran.err == 'number: "bad" holds letters; write ten digits\n'
    assert sorted(listed(cli)) == [A, B, C]
    assert cli("suppress", "add", "bad", "12").status == 1
    assert cli("suppress", "add", "9000001904 / 9000001903").status == 0

    assert cli("suppress", "check", "'9000001904").status == 0
    both = cli("suppress", "check", "9000001904, 9000001909", "--json")
    assert (both.status, [one["suppressed"] for one in both.records]) == (3, [True, False])
    assert cli("suppress", "check", "9000001909").status == 1
    assert cli("suppress", "check", "bad").status == 1

    off = ("--reason", "a misprint")
    ran = cli("suppress", "remove", "9000001901", "bad", "9000001902", *off)
    assert (ran.status, ran.out) == (3, "2 removed, 0 were not on the list\n")
    assert cli("suppress", "remove", "9000001901", *off).status == 1
    assert cli("suppress", "remove", "9000001903/9000001904", *off).status == 1
    assert sorted(listed(cli)) == [C, D]


# The wrong kind of file


def workbook():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


TEXT = b"phone\n9000001901\n"
KINDS = {
    "html": (b"<html><table><tr><td>9000001901", "a web page: open it in a spreadsheet"),
    "doctype": (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>\n<table>", "a web page"),
    "xml": (b'<?xml version="1.0"?>\n<Workbook/>', "XML: open it in a spreadsheet"),
    "xml without a head": (b"<contacts>\n<c>9000001901</c>", "XML: "),
    "vcard": (b"BEGIN:VCARD\r\nTEL:9000001901\r\nEND:VCARD\r\n", "vCard"),
    "json array": (b'[{"phone": "9000001901"}]', "a JSON array: write one object a line: jq"),
    "json array, indented": (b'[\n  {\n    "phone": 9000001901\n  }\n]\n', "a JSON array"),
    "json over lines": (b'{\n  "phone": "9000001901"\n}\n', "JSON over several lines"),
    "json with a list": (b'{"rows": [\n  "9000001901"]}\n', "JSON over several lines"),
    "bz2": (bz2.compress(TEXT), "unpack it with bunzip2"),
    "xz": (lzma.compress(TEXT), "unpack it with unxz"),
    "gz": (gzip.compress(TEXT, mtime=0), "unpack it with gunzip"),
    "zstd": (b"\x28\xb5\x2f\xfd\x00", "unpack it with unzstd"),
    "zip": (b"PK\x05\x06" + bytes(18), "an Excel workbook or a zip archive"),
    "xlsx": (workbook(), "an Excel workbook or a zip archive: save the sheet as CSV"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00", "a 7z archive"),
    "rtf": (b"{\\rtf1\\ansi 9000001901}", "RTF"),
    "png": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "tar": (b"list.csv".ljust(100, b"\0") + b"0".ljust(157, b"\0") + b"ustar\0", "a tar archive"),
    "utf-16": ("phone\n9000001901\n".encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
    "utf-16 without a mark": ("phone\n9000001901\n".encode("utf-16-be"), "iconv -f UTF-16BE"),
    "utf-32": ("phone\n9000001901\n".encode("utf-32"), "UTF-32"),
    "program": (b"\x7fELF\x02\x01\x01\n", "control characters"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrong_kind_of_file_is_named_once_at_every_door(cli, kind):
    """What it is and what to do with it, in one sentence; nothing is taken, and no report made."""
    create(cli)
    content, said = KINDS[kind]
    for door in (("campaign", "import", "diwali"), ("suppress", "import"), ("enqueue",)):
        ran = take(cli, content, door=door, name="list.xls")
        assert ran.status == 1, door
        assert said in ran.err, door
        assert len(ran.err.splitlines()) == 1, door
        assert "Traceback" not in ran.err
    assert (listed(cli), progress(cli).rows) == (set(), 0)
    assert [path.name for path in Path.cwd().iterdir()] == ["list.xls"]


@pytest.mark.parametrize("content", ["phone\n9000001901\n", "9000001901\n" * 9, "{phone\n", "x"])
def test_a_file_without_a_call_is_named_once(cli, content):
    """A list of contacts is none of calls; one bad line among calls costs itself only."""
    ran = take(cli, content, door=("enqueue",))
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert ("dialer campaign import" in ran.err) is not content.startswith("{")


# Headers, delimiters, empty cells


@pytest.mark.parametrize(
    "content",
    [
        "phone,name,\n9000001901,Asha,\n",
        ",phone,name\n0,9000001901,Asha\n",
        "phone,Remarks,Remarks\n9000001901,a,b\n",
        # Their neighbours.
        "phone,,,name\n9000001901,,,Asha\n",
        "Remarks,phone, Remarks\na,9000001901,b\n",
        "\ufeffphone\u200b,name\n9000001901,Asha\n",
        "\u200ephone,name\n9000001901,Asha\n",
        "pho\u00adne,name\n9000001901,Asha\n",
        "\u00a0phone\u00a0,name\n9000001901,Asha\n",
        "phone;Address (house, street, city)\n9000001901;12, MG Road\n",
        'phone,"Address\n(house)"\n9000001901,x\n',
        '"Address\n(house, street)";phone;x\n12;9000001901;y\n',
        "name|phone|note\nAsha|9000001901|a, b\n",
        "a,b|phone\n1|9000001901\n",
        "a;b;c\tphone\nx\t9000001901\n",
        "sep=;\nphone;name\n9000001901;Asha, Rao\n",
        '"sep=|"\r\nphone|name\r\n9000001901|Asha\r\n',
        "\ufeffsep=\t\nphone\tname\n9000001901\tAsha\n",
        "\n\nSEP=,\nphone,name\n9000001901,Asha\n",
        "phone,name\n,\n  ,  \n9000001901,Asha\n,,,\n",
        "phone,name\n9000001901,Asha,,,\n",
        "phone,name,city\n9000001901\n",
        "phone,name,\n9000001901,Asha\n",
        "phone,name\n9000001901,Asha, \u00a0\n",
    ],
)
def test_a_good_list_is_taken_whatever_stands_beside_the_column(cli, content):
    """Only wanted columns must be there, once; what is empty is nothing."""
    create(cli)
    ran = imported(cli, content, "--json")

    assert ran.status == 0, ran.err
    assert (ran.record["rows"], ran.record["accepted"]) == (1, 1)
    assert cli.store.contacts.find("diwali", A) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("phone,name,phone\n9000001901,a,9000001902\n", "names a column twice: phone"),
        ("phone,\u200bphone\n9000001901,9000001902\n", "names a column twice: phone"),
        ("Phone,name\n9000001901,a\n", '(did you mean "Phone"?)'),
        ("phones|a|b\n9000001901|a|b\n", "Its columns are: phones, a, b"),
        ("name,\nAsha,\n", "Its columns are: name\n"),
    ],
)
def test_a_wanted_column_must_be_there_once(cli, content, said):
    """Which of two is meant nobody knows; nothing is added."""
    create(cli)
    ran = imported(cli, content)
    assert (ran.status, said in ran.err, progress(cli).rows) == (1, True, 0)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("name,phone\nAsha\n", "has too few cells for the header's 2 columns, not 1"),
        ("phone,name\n9000001901,Rao, Asha\n", "has too many cells for the header's 2 columns"),
        ("phone,name\n,Asha\n", "is missing"),
        ("phone,name\n9000001901,,,x\n", "has too many cells"),
    ],
)
def test_a_row_that_may_be_shifted_is_refused(cli, content, rule):
    """What lacks or is too much may have moved the rest: doubt does not ring."""
    create(cli)
    ran = imported(cli, content)
    assert (ran.status, progress(cli).rows) == (1, 0)
    with Path("list.csv.report.csv").open() as file:
        assert rule in next(csv.DictReader(file))["rule"]


@pytest.mark.parametrize(
    ("typed", "header"),
    [
        (
            "\u0928\u092e\u094d\u092c\u0930 \u095e\u094b\u0928",
            "\u0928\u092e\u094d\u092c\u0930 \u092b\u093c\u094b\u0928",
        ),
        ("num\u00e9ro", "nume\u0301ro"),
        ("t\u00e9l\u00e9phone", "te\u0301le\u0301phone\u200f"),
        ("Phone number", "Phone\u00a0 number"),
        ("Phone number", '"Phone\nnumber"'),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_header_is_what_people_see(cli, typed, header, swapped):
    """Composed or decomposed, with or without marks that nobody sees; in CSV and JSONL."""
    if swapped and '"' not in header:
        typed, header = header, typed
    create(cli, "diwali", "--set", "from=12", "--set", "fromType=Agent", "--column", f"to={typed}")
    ran = imported(cli, f"{header},x\n9000001901,1\n", "--json")
    assert (ran.status, ran.record["accepted"]) == (0, 1), ran.err
    key = header.strip('"')
    ran = imported(cli, json.dumps({"x": 1, key: 9000001902}), "--json", name="list.jsonl")
    assert (ran.status, ran.record["accepted"]) == (0, 1), ran.err


def test_a_mark_of_byte_order_is_nothing_where_files_were_joined(cli):
    """Behind a line, before a quote, in JSONL and in a file of calls."""
    create(cli)
    ran = imported(cli, '\ufeffphone,x\n9000001901,1\n\ufeff"9000001902",2\n\ufeff9000001903,3\n')
    assert (ran.status, progress(cli).rows) == (0, 3)
    ran = imported(cli, '{"phone": 9000001904}\n\ufeff{"phone": 9000001905}\n', name="list.jsonl")
    assert (ran.status, progress(cli).rows) == (0, 5)
    call = '{"from": "9000000001", "to": "9000001901"}\n'
    ran = take(cli, f"\ufeff{call}\ufeff{call}", door=("enqueue",))
    assert (ran.status, ran.out) == (0, "1 created, 1 duplicate, 0 conflict, 0 rejected\n")


# Where the list comes from, and where the report goes


def pipe(content):
    """Return the name of a pipe that somebody writes a list into, and its end to be closed."""
    reading, writing = os.pipe()
    threading.Thread(target=lambda: (os.write(writing, content), os.close(writing))).start()
    return f"/dev/fd/{reading}", reading


BAD = b"phone\n9000001901\n12\n9000001902\n"


def reported(path):
    with Path(path).open(newline="") as file:
        return [(row["line"], row["kind"], row["value"]) for row in csv.DictReader(file)]


def test_a_list_from_a_pipe_has_its_report_in_this_folder(cli):
    """`<(gunzip -c list.csv.gz)`: said before the first row, and every good row goes in."""
    create(cli)
    name, end = pipe(BAD)
    ran = cli("campaign", "import", "diwali", name)
    os.close(end)

    assert ran.status == 1
    assert ran.err.splitlines()[0] == (
        "the list is no file that a report could lie beside;"
        " rows that are not taken go to diwali.report.csv"
    )
    assert "3 rows: 2 accepted, 0 duplicates, 1 rejected" in ran.out
    assert ran.out.count("diwali.report.csv") == 1
    assert reported("diwali.report.csv") == [("3", "rejected", "12")]


def test_neither_stdin_nor_a_fifo_nor_a_name_too_long_has_a_folder(cli):
    """All of them are said first, and their rows are in a report all the same."""
    create(cli)
    ran = cli("campaign", "import", "diwali", "-", "--json", stdin=BAD.decode())
    assert (ran.record["report"], ran.err.count("\n")) == ("diwali.report.csv", 1)
    Path("diwali.report.csv").unlink()

    os.mkfifo("fifo")
    writer = threading.Thread(target=lambda: Path("fifo").write_bytes(BAD))
    writer.start()
    ran = cli("campaign", "import", "diwali", "fifo", "--json")
    writer.join()
    assert ran.record["report"] == "diwali.report.csv"
    Path("diwali.report.csv").unlink()

    ran = imported(cli, BAD, name="x" * 250)
    assert "cannot be written: File name too long; rows that are not taken go to" in ran.err
    assert len(reported("diwali.report.csv")) == 3


def test_a_folder_that_cannot_be_written_is_said_before_the_first_row(cli, monkeypatch):
    """Elsewhere where that goes; where nothing goes, nothing is read."""
    create(cli)
    Path("theirs").mkdir()
    real = os.open

    def refusing(path, flags, *rest, **options):
        if flags & os.O_CREAT and refused(str(path)):
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, *rest, **options)

    monkeypatch.setattr("os.open", refusing)
    refused = lambda path: "theirs" in path  # noqa: E731 - two worlds, one after the other
    ran = imported(cli, BAD, name="theirs/list.csv")
    assert "Permission denied; rows that are not taken go to diwali.report.csv" in ran.err
    assert len(reported("diwali.report.csv")) == 1

    refused = lambda path: "report" in path  # noqa: E731
    for options in ([], ["--report", "other.report"]):
        ran = imported(cli, "phone\n9000001903\n", *options, name="theirs/list.csv")
        assert ran.status == 2
        assert "cannot be written: Permission denied; name another for rows not taken" in ran.err
    assert progress(cli).rows == 2


@pytest.mark.parametrize("place", ["folder", "fifo"])
def test_a_report_replaces_nothing_but_a_file(cli, place):
    """Neither a folder nor what is no file at all; said before any row is read."""
    create(cli)
    Path("folder").mkdir()
    os.mkfifo("fifo")
    ran = imported(cli, BAD, "--report", place)
    assert (ran.status, progress(cli).rows) == (2, 0)
    assert "it is there, and no file" in " ".join(ran.err.split())


def test_an_old_report_does_not_outlive_a_clean_import(cli):
    """It goes when all is well; a file that is no report stays."""
    create(cli)
    assert imported(cli, BAD).status == 1
    ran = imported(cli, "phone\n9000001907\n9000001908\n")
    assert ran.out.splitlines()[-2:] == [
        "the report of an earlier import is gone: list.csv.report.csv",
        "next: dialer campaign preflight diwali",
    ]
    assert not Path("list.csv.report.csv").exists()

    Path("mine.csv").write_text("mine\n")
    assert imported(cli, "phone\n9000001909\n", "--report", "mine.csv").status == 0
    assert Path("mine.csv").read_text() == "mine\n"
    assert imported(cli, BAD).status == 1
    assert imported(cli, "fone\n1\n").status == 1
    assert Path("list.csv.report.csv").exists()  # nothing was imported


def test_an_import_that_breaks_off_leaves_what_it_had(cli, monkeypatch):
    """Ctrl-C: the rows that were not taken so far, and a last line that says there may be more."""
    create(cli)
    Path("list.csv.report.csv").write_text("before\n")
    monkeypatch.setattr("dialer.feeding.importing.BATCH", 1)
    real, calls = Contacts.append, []

    def breaking(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *arguments, **options)

    monkeypatch.setattr("dialer.store.contacts.Contacts.append", breaking)
    ran = imported(cli, BAD)

    assert ran.status == 130
    assert ran.err == (
        "stopped: run the same command again when that is mended; nobody is added twice;"
        " rows not taken so far: list.csv.report.csv\n"
    )
    assert reported("list.csv.report.csv") == [("3", "rejected", "12"), ("", "stopped", "")]
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["list.csv", "list.csv.report.csv"]
    assert imported(cli, BAD, "--json").record["accepted"] == 1


DOORS = (("campaign", "import", "diwali"), ("suppress", "import"), ("enqueue",))


def run(*arguments, **options):
    """Run a command in a process of its own: its status, its stderr, and its memory in MB."""
    command = [sys.executable, "-m", "dialer", *arguments]
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | options
    with Path("stderr").open("wb") as file:
        process = subprocess.Popen(command, stderr=file, **options)
        process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
    return process.returncode, Path("stderr").read_text(), used.ru_maxrss / 1024


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_stdin_that_is_closed_or_no_list_is_one_sentence(cli, door):
    """As under cron; also where it cannot be read, is empty, or is no UTF-8."""
    create(cli)
    status, said, _ = run(*door, "-", stdin=None, preexec_fn=lambda: os.close(0))
    assert (status, "standard input is closed; name a file" in " ".join(said.split())) == (2, True)
    assert "Traceback" not in said

    with Path("written").open("wb") as file:
        status, said, _ = run(*door, "-", stdin=file)
    assert (status, said.splitlines()[-1]) == (1, "the file cannot be read: Bad file descriptor")

    status, said, _ = run(*door, "-")
    assert "Traceback" not in said
    assert (status, "is empty" in said) == ((0, False) if door == ("enqueue",) else (1, True))

    Path("list").write_bytes(b"\xff\xfe\xfd\n\x80\n")
    with Path("list").open("rb") as file:
        status, said, _ = run(*door, "-", stdin=file)
    assert (status, "Traceback" in said) == (1, False)


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        (".", 2, "cannot be read: Is a directory"),
        ("no/such", 2, "cannot be read: No such file or directory"),
        ("/proc/self/mem", 1, "the file cannot be read: Input/output error"),
        ("x" * 300, 2, "cannot be read: File name too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(cli, door, file, status, said):
    """Which file, and why; before anything is taken."""
    create(cli)
    ran = cli(*door, file)
    assert ran.status == status
    assert said in " ".join(ran.err.replace("\u2502", " ").split())
    assert ran.out == ("" if door != ("enqueue",) or status == 2 else ran.out)


def test_what_is_typed_ends_with_one_end(cli):
    """On a terminal one Ctrl-D is enough, and a person is told."""
    ours, theirs = os.openpty()
    os.write(ours, b"9000001901\n\x04")
    status, said, _ = run("suppress", "import", "-", stdin=theirs)
    os.close(theirs)
    os.close(ours)
    assert (status, said) == (0, "reading what is typed, up to Ctrl-D\n")
    assert listed(cli) == {A}


GOOD = {
    "campaign": (b"phone\n9000001901\n", b"9000001902\n"),
    "suppress": (b"9000001901\n", b"9000001902\n"),
    "enqueue": tuple(
        b'{"from":"9000000001","to":"900000190%d","key":"%d"}\n' % (n, n) for n in (1, 2)
    ),
}


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_a_line_without_end_is_named_and_kept_nowhere(cli, door):
    """300 MB: named by its number, the lines around it are taken, and memory stays as it is."""
    create(cli)
    before, after = GOOD[door[0]]
    with Path("list").open("wb") as file:
        file.write(before + after)
    status, said, usual = run(*door, "list")
    assert (status, said) == (0, "")
    with Path("list").open("wb") as file:
        file.write(before)
        file.seek(300_000_000, os.SEEK_CUR)
        file.write(b"\n" + after)
    status, said, used = run(*door, "list")

    line = before.count(b"\n") + 1
    assert used < usual + 20
    assert len(said) < 200
    if door[0] == "campaign":
        assert reported("list.report.csv")[0] == (str(line), "rejected", "")
    else:
        assert said == f"line {line}: is longer than 64 KiB\n"
    assert status == (3 if door[0] == "suppress" else 1)


# The names of parameters


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            ("--set", "fromTyp=Agent"),
            "--set fromTyp: is no parameter of the API; did you mean fromType?",
        ),
        (("--column", "tot=phone"), "--column tot: is no parameter of the API; did you mean to?"),
        (("--set", "TORINGTIME=20"), "did you mean toRingTime?"),
        (("--column", "timelimits=secs"), "did you mean timeLimit?"),
        (("--set", "timeLimitAlert=20"), "did you mean timeLimtAlert?"),
        (("--set", "zzz=20"), "list an undocumented one in extra_params of the account"),
    ],
)
def test_a_slip_in_a_parameter_is_recognised(cli, option, said):
    """On the command line as in a file of calls: what it is, and what was probably meant."""
    ran = cli("campaign", "create", "diwali", "--set", "from=12", *option)
    assert (ran.status, said in ran.err) == (2, True), ran.err
    name = option[1].partition("=")[0]
    call = json.dumps({"from": "9000000001", "to": "9000001901", name: "20"})
    ran = take(cli, call, door=("enqueue",))
    assert (ran.status, said.partition("; ")[2] in ran.err) == (1, True)


def test_a_file_of_a_campaign_names_its_slips_too(cli):
    """The third place where parameters are written."""
    Path("c.toml").write_text('[call]\nfrom = "12"\nFromTyp = "Agent"\n[columns]\nto = "phone"\n')
    ran = cli("campaign", "create", "diwali", "--file", "c.toml")
    assert (ran.status, "did you mean fromType?" in ran.err) == (2, True)
