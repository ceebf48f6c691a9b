"""Twenty thousand rows from a file into Redis; `make lists` takes a hundred thousand."""

import csv
import io
from collections import Counter

from listkit import HEADER, campaign, mixed
from storekit import Clockwork

from dialer.importing import import_list
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
