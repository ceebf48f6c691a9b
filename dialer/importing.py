"""
Taking a list of contacts into a campaign.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from dialer.campaign import Campaign
from dialer.contact import Contact
from dialer.lists import Format, Rejected, RowReader, Table

#: Contacts of one group of zones that are stored at once.
BATCH: Final = 500
#: Contacts of all groups that wait for their batch to fill.
MOST_WAITING: Final = 10_000
#: Rules that are counted apart; the rest is counted as `OTHER_RULES`.
MOST_RULES: Final = 100
OTHER_RULES: Final = "other rules"

_EVERY: Final = 1000
_IS_THERE: Final = "is in the list of the campaign already"

#: Told how many rows and how many bytes of the list have been read so far.
Progress = Callable[[int, int], None]
#: Told every row that was not taken.
Reporter = Callable[[Rejected], None]


class ContactStore(Protocol):
    """
    Where contacts are kept.
    """

    def append(
        self, campaign: str, zones: str, contacts: Sequence[Contact], *, shape: str = ""
    ) -> list[bool]:
        """
        Keep contacts of one group of zones, at most `BATCH`, as one step.

        It is refused when *shape*, by which they were read, is not the campaign's any more.

        Returns:
            For each whether it is new: False when the list of the campaign, or an
            earlier one of *contacts*, has one of its numbers.
        """


@dataclass(frozen=True, slots=True)
class ImportResult:
    """
    What became of a list; the first is the sum of the next three.

    Attributes:
        rows: Rows of the list; its header and blank lines are none.
        accepted: Contacts added to the campaign.
        duplicates: Contacts whose number is in its list already, in this file
            or from an earlier one.
        rejected: Rows that break a rule.
        by_rule: How many rows each rule rejected, by reason and rule, the
            first rule of each row alone: "to: holds letters; write ten digits".
        first_lines: For each of these the line of its first row.
    """

    rows: int
    accepted: int
    duplicates: int
    rejected: int
    by_rule: Counter[str]
    first_lines: Mapping[str, int]


def import_list(
    source: BinaryIO,
    campaign: Campaign,
    contacts: ContactStore,
    report: Reporter,
    *,
    allowed_extra: Collection[str] = (),
    form: Format | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """
    Add the contacts of *source* to the list of *campaign*, and report every row that is not.

    Of rows with the same number the first is taken, however they are written.
    Doing it again with the same file adds nothing, so it may be repeated
    after any error. At most `MOST_WAITING` rows are in memory.

    Args:
        source: A CSV or JSONL stream, binary, UTF-8; need not seek.
        campaign: The store knows it.
        contacts: Where they go.
        report: Called once for each row that is not taken.
        allowed_extra: The account's `extra_params`.
        form: "csv" or "jsonl"; None to look at the first line.
        progress: Called every thousand rows, and at the end.

    Raises:
        ListError: The list cannot be read or lacks a column; nothing was added.
        CampaignNotFound, CampaignRefused: The campaign takes no contacts, or none
            that were read like these any more; what was added before stays.
        StoreRefused, StoreUnavailable: As the store says; what was added before stays.
    """
    reader = RowReader(campaign, allowed_extra=allowed_extra)
    table = Table(source, reader.columns, form=form)
    intake = _Intake(campaign, contacts, report, reader.customer_column)
    for row in table:
        intake.take(row if isinstance(row, Rejected) else reader.read(row))
        if progress and intake.rows % _EVERY == 0:
            progress(intake.rows, table.taken)
    intake.flush()
    if progress:
        progress(intake.rows, table.taken)
    return intake.result()


class _Intake:
    """
    Collects contacts by group of zones, and keeps count.
    """

    def __init__(
        self, campaign: Campaign, contacts: ContactStore, report: Reporter, column: str
    ) -> None:
        self._campaign = campaign.name
        self._shape = campaign.shape
        self._contacts = contacts
        self._report = report
        self._column = column
        self._groups: dict[str, list[Contact]] = {}
        self._waiting: dict[str, str] = {}  # number -> the group in which it waits
        self._size = 0
        self._verdicts: Counter[str] = Counter()
        self._by_rule: Counter[str] = Counter()
        self._first_lines: dict[str, int] = {}
        self.rows = 0

    def take(self, entry: Contact | Rejected) -> None:
        """Store the contact with the next batch of its group; report what is none."""
        self.rows += 1
        if isinstance(entry, Rejected):
            self._verdicts["rejected"] += 1
            full = len(self._by_rule) >= MOST_RULES and entry.kind not in self._by_rule
            rule = OTHER_RULES if full else entry.kind
            self._by_rule[rule] += 1
            self._first_lines.setdefault(rule, entry.line)
            self._report(entry)
            return
        self._make_way(entry)
        group = self._groups.setdefault(entry.zones, [])
        group.append(entry)
        self._size += 1
        self._waiting.update(dict.fromkeys(entry.numbers, entry.zones))
        if len(group) >= BATCH:
            self._store(entry.zones)
        elif self._size >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Store all that waits."""
        for zones in list(self._groups):
            self._store(zones)

    def result(self) -> ImportResult:
        """Return the counts so far."""
        counts = self._verdicts
        return ImportResult(
            rows=self.rows,
            accepted=counts["accepted"],
            duplicates=counts["duplicate"],
            rejected=counts["rejected"],
            by_rule=self._by_rule,
            first_lines=self._first_lines,
        )

    def _make_way(self, contact: Contact) -> None:
        # The first of two rows wins also when the later one's batch is full before its own.
        for number in contact.numbers:
            zones = self._waiting.get(number)
            if zones is not None and zones != contact.zones:
                self._store(zones)

    def _store(self, zones: str) -> None:
        batch = self._groups.pop(zones)
        self._size -= len(batch)
        for contact in batch:
            for number in contact.numbers:
                self._waiting.pop(number, None)
        added = self._contacts.append(self._campaign, zones, batch, shape=self._shape)
        for contact, new in zip(batch, added, strict=True):
            self._verdicts["accepted" if new else "duplicate"] += 1
            if not new:
                self._report(self._duplicate(contact))

    def _duplicate(self, contact: Contact) -> Rejected:
        return Rejected(
            contact.line, self._column, _IS_THERE, "duplicate", ",".join(contact.numbers)
        )
