"""
Lists that were good once, changed as people, programs and disks change them.

`make mutated` tries ten thousand; here a few hundred of the same.
"""

import csv
import io
import json
import os
import tracemalloc
import unicodedata
from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from listkit import HEADER, Memory, campaign, good, number

from dialer.feeding.importing import import_list
from dialer.lists import ListError, NumberList, Rejected, ReportFile, read_calls, read_orders
from dialer.lists.physical import LONGEST

FILES = int(os.environ.get("MUTATED_FILES", "300"))
PARTS = max(5, FILES // 200)
#: Each file has at most so many changes, and takes at most so much memory.
CHANGES, MEGABYTES = 6, 16
ZONE = "Asia/Kolkata"


def table(mark=",", end="\n", header=HEADER, rows=12, cell=str):
    lines = [header.replace(",", mark)]
    lines += [mark.join(map(cell, good(nth).split(","))) for nth in range(rows)]
    return end.join(lines).encode()


def objects(rows, **more):
    made = [{"phone": number(nth), "ring": 20, "tz": ZONE, **more} for nth in range(rows)]
    return "\n".join(map(json.dumps, made)).encode()


def spread(form):
    return b"\n".join([HEADER.encode(), *(f"{form(nth)},20,{ZONE}".encode() for nth in range(9))])


SEEDS = {
    "plain": table(),
    "semicolons": table(";"),
    "tabs": table("\t", "\r\n"),
    "pipes": table("|"),
    "old mac": table(end="\r"),
    "quoted": table(cell='"{}"'.format),
    "quoted over lines": table(cell='"{}\n"'.format),
    "with a mark": b"\xef\xbb\xbf" + table(),
    "sep": b"sep=;\r\n" + table(";"),
    "index": b"\n".join(b"%d," % n + line for n, line in enumerate(table().split(b"\n"))),
    "trailing": b"\n".join(line + b",,," for line in table().split(b"\n")),
    "names": table(header="phone,ring,tz,Remarks,Remarks"),
    "spaces": spread(lambda nth: f"+91 {number(nth)[:5]} {number(nth)[5:]}"),
    "decimals": spread(lambda nth: f"{number(nth)}.0"),
    "exponents": spread(lambda nth: f"{number(nth)[0]}.{number(nth)[1:]}E+09"),
    "formulas": spread(lambda nth: f'="{number(nth)}"'),
    "abroad": spread(lambda nth: f"+447400{nth:06}"),
    "two": spread(lambda nth: f'"{number(nth)},{number(nth + 50)}"'),
    "objects": objects(12),
    "calls": objects(12, **{"from": "9000000000", "to": number(70)}),
}
BITS = ['"', ",", ";", "\t", "|", "\r", "\n", "\0", "\ufeff", "\u202a", "\u200b", "\u00a0", "'"]
BITS += ["{", "}", "[", "]", ":", "\\", "#", "=", "+", "-", "9", "0", "(0)", "E+09", ".0", " ", "é"]
CELLS = ["", "98765XXXXX", "12", number(5), f"0{number(6)}", f"+91-{number(7)}", "९" * 10, "IST"]
CELLS += ["1" * 15, "9.19E+11", '"a, b"', '"open', "=1+1", "2026-11-30", "x" * 60, "null", "20"]


def change(octets, dice):
    """Change one thing of a file: a byte, a cell, a line, or all of it."""
    kind = dice.choice(["bit", "bit", "byte", "cut", "cell", "cell", "line", "line", "whole"])
    at = dice.randrange(len(octets) + 1)
    if kind == "bit":
        return octets[:at] + dice.choice(BITS).encode() + octets[at:]
    if kind == "byte":
        return octets[:at] + bytes([dice.randrange(256)]) + octets[at + 1 :]
    if kind == "cut":
        return octets[:at] + octets[at + dice.randrange(1, 40) :]
    if kind == "whole":
        return whole(octets, dice)
    lines = octets.splitlines(keepends=True) or [b""]
    row = dice.randrange(len(lines))
    if kind == "cell":
        mark = dice.choice([b",", b";", b"\t", b"|"])
        cells = lines[row].split(mark)
        cells[dice.randrange(len(cells))] = dice.choice(CELLS).encode()
        if dice.random() < 0.3:
            cells.insert(dice.randrange(len(cells) + 1), dice.choice(CELLS).encode())
        lines[row] = mark.join(cells)
        return b"".join(lines)
    return b"".join(changed_lines(lines, row, dice))


def changed_lines(lines, row, dice):
    match dice.randrange(6):
        case 0:
            return lines + lines[row:]
        case 1:
            return lines[:row] + lines[row + 1 :]
        case 2:
            return [*lines[:row], lines[row].rstrip(b"\r\n"), *lines[row + 1 :]]
        case 3:
            return [*lines[:row], dice.choice([b"\n", b",,,\n", b"  \r\n", b"#x\n"]), *lines[row:]]
        case 4:
            return [*lines[:row], b"9" * (LONGEST + dice.randrange(2)), b"\n", *lines[row:]]
        case _:
            return dice.sample(lines, len(lines))


def whole(octets, dice):
    match dice.randrange(6):
        case 0:
            return octets.replace(b",", dice.choice([b";", b"|", b"\t", b", "]))
        case 1:
            return octets.replace(b"\n", dice.choice([b"\r\n", b"\r", b"\n\n"]))
        case 2:
            text = octets.decode(errors="replace")
            return text.encode(dice.choice(["utf-16", "utf-16-le", "latin-1"]), errors="replace")
        case 3:
            return octets + dice.choice(list(SEEDS.values()))
        case 4:
            return (
                dice.choice([b"sep=,\n", b"\n\n", b"\xef\xbb\xbf", b"[", b"<x>", b"\x1f\x8b"])
                + octets
            )
        case _:
            return octets * (dice.choice([2, 40]) if len(octets) < LONGEST else 1)


def files(part):
    for nth in range(part, FILES, PARTS):
        dice = Random(f"list {nth}")
        name, octets = dice.choice(list(SEEDS.items()))
        for _ in range(dice.randrange(1, CHANGES + 1)):
            octets = change(octets, dice)
        yield f"{nth} from {name}", octets


def digits(octets):
    """Return all digits of a text, whatever stands between them, with the (0) of numbers or not."""
    text = octets.decode(errors="replace")
    text = f"{text} {text.replace('(0)', '')}"
    return "".join(str(unicodedata.decimal(one)) for one in text if one.isdecimal())


def importing(octets, path):
    """Import a file; return how many rows it had."""
    store, reported = Memory(), Counter()
    made = campaign()
    store.shape = made.shape
    try:
        with ReportFile(path) as report:

            def tell(row):
                reported["duplicate" if row.reason == "duplicate" else "rejected", row.line] += 1
                report(row)

            result = import_list(io.BytesIO(octets), made, store, tell)
    except ListError:
        assert not store.known
        assert not path.exists()
        raise
    assert result.accepted + result.duplicates + result.rejected == result.rows
    assert sum(len(lines) for _, lines in store.batches) == result.accepted + result.duplicates
    assert result.by_rule.total() == result.rejected
    assert reported.total() == result.duplicates + result.rejected
    if reported:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            assert Counter((row["kind"], int(row["line"])) for row in rows) == reported
    lines = octets.splitlines()
    assert all(1 <= line <= len(lines) for _, line in reported)
    for taken, line in store.known.items():
        # A record may go over several lines.
        near = digits(b"\n".join(lines[line - 1 : line + 20]))
        assert taken.removeprefix("+91").removeprefix("+") in near
    return result.rows


def listing(octets, _path):
    """Read a file as a do-not-call list."""
    lines = octets.splitlines()
    for row in NumberList(io.BytesIO(octets)):
        if isinstance(row, Rejected):
            assert row.rule
            continue
        line, numbers = row
        assert numbers
        near = digits(b"\n".join(lines[line - 1 : line + 20]))
        # Of "9000001921/22" the second number begins like the first.
        assert all(one.removeprefix("+91").removeprefix("+")[:-4] in near for one in numbers)


def calling(octets, _path):
    """Read a file as calls."""
    for _, read in read_orders(read_calls(io.BytesIO(octets))):
        assert str(read).isprintable()


@pytest.mark.parametrize("part", range(PARTS))
def test_changed_files_are_counted_to_the_row(part, tmp_path):
    """No traceback; each row is accepted, a duplicate or reported; no digit is made up."""
    assert len(SEEDS) == 20
    rows, refusals = [], []
    for name, octets in files(part):
        for reading in (importing, listing, calling):
            path = tmp_path / f"{len(rows)}.csv"
            try:
                rows.append(reading(octets, path))
            except ListError as error:
                refusals.append(str(error))
            except Exception as error:
                error.add_note(f"file {name}: {octets[:2000]!r}")
                raise
    assert all(map(str.isprintable, refusals))
    # Most of them are lists still, or nothing was tried.
    assert len(list(filter(None, rows))) > len(rows) / 6


class Forgetful:
    """A store of contacts that keeps none."""

    def append(self, name, zones, contacts, *, shape=""):
        return [True] * len(contacts)


READERS = {
    "contacts": lambda octets: import_list(
        io.BytesIO(octets), campaign(), Forgetful(), lambda row: None
    ),
    "numbers": lambda octets: Counter(map(type, NumberList(io.BytesIO(octets)))),
    "calls": lambda octets: Counter(map(type, read_orders(read_calls(io.BytesIO(octets))))),
}
ROWS = b"".join(b"%s,20,%s\n" % (number(nth).encode(), ZONE.encode()) for nth in range(6000))
LONG = {
    "rows": HEADER.encode() + b"\n" + ROWS,
    "one row": HEADER.encode() + b"\n" + ROWS.replace(b"\n", b"") * 130,
    "one quote": HEADER.encode() + b'\n"' + ROWS,
    "one object": b'{"phone": "' + ROWS.replace(b"\n", b"") * 130 + b'"}',
    "nested objects": (b'{"phone": ' + b"[" * 60_000 + b"\n") * 100,
    "empty cells": (b"," * 60_000 + b"\n") * 100,
    "many cells": HEADER.encode() + b"\n" + (b"1," * 30_000 + b"\n") * 20,
    "marks": b"\xef\xbb\xbf" * 10_000_000,
    "no line": b"x" * 30_000_000,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("long", LONG)
def test_long_files_take_bounded_memory(reader, long):
    """However long a file is, and also where it has one line, one quote or one object in all."""
    tracemalloc.start()
    try:
        with suppress(ListError):
            READERS[reader](LONG[long])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MEGABYTES * 2**20
