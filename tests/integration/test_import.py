"""Twenty thousand rows from a file into Redis; `make lists` takes a hundred thousand."""

import csv
import io
from collections import Counter

from listkit import HEADER, campaign, mixed
from storekit import Clockwork

from dialer.feeding.importing import import_list
from dialer.lists import ReportFile

ROWS = 20_000


def used(clock: Clockwork) -> int:
    """Read how many bytes of data the server holds."""
    return int(clock.store.server.client.info("memory")["used_memory_dataset"])


def test_a_list_with_seven_kinds_of_bad_rows(scratch_clockwork, tmp_path):
    """Exact counts, a complete report, under 150 bytes a contact; and all of it only once."""
    clock = scratch_clockwork
    made = campaign(ends=clock.now.replace(year=2031))
    clock.store.campaigns.create(made, who="test")
    lines, wrong, doubled = mixed(ROWS)
    octets = "\n".join([HEADER, *lines]).encode()
    before = used(clock)
    with ReportFile(tmp_path / "report.csv") as report:
        result = import_list(io.BytesIO(octets), made, clock.store.contacts, report)
    bytes_each = (used(clock) - before) / result.accepted
    print(f"{bytes_each:.1f} bytes a contact")
    assert result.by_rule == Counter(wrong.values())
    assert len(result.by_rule) == 7
    assert (result.rejected, result.duplicates) == (len(wrong), len(doubled))
    assert result.accepted == ROWS - len(wrong) - len(doubled)
    assert bytes_each < 150
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
        reported = Counter((int(row["line"]), row["kind"]) for row in csv.DictReader(file))
    kinds = dict.fromkeys(wrong, "rejected") | dict.fromkeys(doubled, "duplicate")
    assert reported == Counter(kinds.items())

    progress = clock.store.campaigns.progress(made.name)
    assert (progress.rows, progress.waiting) == (result.accepted, result.accepted)
    groups = clock.store.contacts.groups(made.name)
    assert sum(group.rows for group in groups) == result.accepted
    rows = [one.row for group in groups for one in clock.store.contacts.rows(made.name, group)]
    assert sorted(rows) == list(range(1, result.accepted + 1))

    again = import_list(io.BytesIO(octets), made, clock.store.contacts, lambda _: None)
    assert (again.accepted, again.duplicates) == (0, result.accepted + result.duplicates)
    assert clock.store.campaigns.progress(made.name).rows == result.accepted


def test_of_a_row_with_several_numbers_those_are_taken_that_are_new(scratch_clockwork):
    """Who is known, be it from a later row of the same batch, is named; nobody else is lost."""
    clock = scratch_clockwork
    made = campaign(ends=clock.now.replace(year=2031))
    clock.store.campaigns.create(made, who="test")
    rows = [
        "9000001000",
        '"9000001001,9000001000"',
        '"9000001002,9000001001"',
        "9000001002",
        '"9000001003,9000001002,9000001004"',
    ]
    told = []

    def take() -> tuple[int, int]:
        octets = "\n".join([HEADER, *(f"{row},20,Asia/Kolkata" for row in rows)]).encode()
        result = import_list(io.BytesIO(octets), made, clock.store.contacts, told.append)
        return result.accepted, result.duplicates

    assert take() == (3, 2)
    assert sorted((entry.line, entry.value) for entry in told) == [
        (3, "+919000001001,+919000001000"),
        (5, "+919000001002"),
        (6, "+919000001002"),
    ]
    assert take() == (0, 5)
    numbers = [f"+91900000100{nth}" for nth in range(5)]
    assert all(clock.store.contacts.find(made.name, one) for one in numbers)
    groups = clock.store.contacts.groups(made.name)
    listed = [
        one.values[0] for group in groups for one in clock.store.contacts.rows("diwali", group)
    ]
    assert sorted(listed) == ["9000001000", "9000001002,9000001001", "9000001003,9000001004"]


def test_who_stands_beside_somebody_known_hides_nobody(scratch_clockwork):
    """A pair that is not added, since one of them is known, is no reason to leave another out."""
    clock = scratch_clockwork
    pairs = {"call": {}, "columns": {"from": "one", "to": "other"}, "customer": "both"}
    made = campaign(
        **pairs, zone_from="campaign", zone_column=None, ends=clock.now.replace(year=2031)
    )
    clock.store.campaigns.create(made, who="test")
    first = b"one,other\n9000001001,9000001002\n"
    second = b"one,other\n9000001001,9000001003\n9000001004,9000001003\n"

    import_list(io.BytesIO(first), made, clock.store.contacts, lambda _: None)
    told = []
    result = import_list(io.BytesIO(second), made, clock.store.contacts, told.append)

    assert (result.accepted, result.duplicates) == (1, 1)
    assert [(entry.line, entry.value) for entry in told] == [(2, "+919000001001,+919000001003")]
