"""The import of a list of contacts into a campaign."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.errors import TooManyGroups
from dialer.lists import Format, Rejected, RowReader, Table
from dialer.store.contacts import Contacts

#: Contacts of one group of zones that are stored at once.
BATCH: Final = 500
#: Contacts of all groups that wait for their batch to fill.
MOST_WAITING: Final = 10_000
#: Rules that are counted apart; the rest is counted as `OTHER_RULES`.
MOST_RULES: Final = 100
OTHER_RULES: Final = "other rules"

_EVERY: Final = 1000
_IS_THERE: Final = "is in the list of the campaign already"

#: Callback with the rows and bytes read so far.
Watch = Callable[[int, int], None]
#: Callback with each row that is not taken.
Reporter = Callable[[Rejected], None]


@dataclass(slots=True)
class ImportResult:
    """
    Counts of a list while it is read; the first is the sum of the next three.

    Attributes:
        rows: Rows of the list without header and blank lines.
        duplicates: Contacts whose number is in the campaign's list already, in this file
            or from an earlier one.
        by_rule: Rejected rows by reason and rule, the first rule of each row
            alone: "to: holds letters; write ten digits".
        first_lines: For each of these the line of its first row.
    """

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    first_lines: dict[str, int] = field(default_factory=dict)


def import_list(
    source: BinaryIO,
    campaign: Campaign,
    contacts: Contacts,
    report: Reporter,
    *,
    allowed_extra: Collection[str] = (),
    form: Format | None = None,
    progress: Watch | None = None,
) -> ImportResult:
    """
    Add the contacts of *source* to the list of *campaign*, and report every row that is not.

    Of rows with the same number the first is taken, however they are written. Of a row
    with several numbers those are taken that are not in the list, and the others reported.
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
    intake = _Intake(campaign, contacts, report, reader)
    for row in table:
        intake.take(row if isinstance(row, Rejected) else reader.read(row))
        if progress and intake.result.rows % _EVERY == 0:
            progress(intake.result.rows, table.taken)
    intake.flush()
    if progress:
        progress(intake.result.rows, table.taken)
    return intake.result


class _Intake:
    """Batches of contacts by group of zones, and the count of what became of them."""

    def __init__(
        self, campaign: Campaign, contacts: Contacts, report: Reporter, reader: RowReader
    ) -> None:
        self._campaign = campaign.name
        self._shape = campaign.shape
        self._contacts = contacts
        self._report = report
        self._reader = reader
        self._groups: dict[str, list[Contact]] = {}
        self._waiting: dict[str, str] = {}  # number -> the group in which it waits
        self._size = 0
        self.result = ImportResult()

    def take(self, entry: Contact | Rejected) -> None:
        """Store a contact with the next batch of its group; report a rejected row."""
        self.result.rows += 1
        if isinstance(entry, Rejected):
            self._reject(entry)
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

    def _reject(self, entry: Rejected) -> None:
        result = self.result
        full = len(result.by_rule) >= MOST_RULES and entry.kind not in result.by_rule
        rule = OTHER_RULES if full else entry.kind
        result.rejected += 1
        result.by_rule[rule] += 1
        result.first_lines.setdefault(rule, entry.line)
        self._report(entry)

    def flush(self) -> None:
        """Store all that waits."""
        for zones in list(self._groups):
            self._store(zones)

    def _make_way(self, contact: Contact) -> None:
        # The first of two rows wins also when the later one's batch is full before its own.
        for number in contact.numbers:
            if self._waiting.get(number, contact.zones) != contact.zones:
                self._store(self._waiting[number])

    def _store(self, zones: str) -> None:
        batch = self._groups.pop(zones)
        self._size -= len(batch)
        for contact in batch:
            for number in contact.numbers:
                self._waiting.pop(number, None)
        try:
            added = self._contacts.append(self._campaign, zones, batch, shape=self._shape)
        except TooManyGroups as error:
            for contact in batch:
                self._reject(Rejected(contact.line, "", str(error), "zone", zones))
            return
        for contact, new in zip(batch, added, strict=True):
            rest = contact if new else self._rest(contact)
            self.result.accepted += rest is not None
            self.result.duplicates += rest is None
            if rest is not contact:
                self._report(self._duplicate(contact, rest))

    def _rest(self, contact: Contact) -> Contact | None:
        """Store those of a contact's numbers that its list has not; None where there are none."""
        rest: Contact | None = contact
        while rest and len(rest.numbers) > 1:
            rest = self._reader.without(rest, self._known(rest))
            if rest and all(
                self._contacts.append(self._campaign, rest.zones, [rest], shape=self._shape)
            ):
                return rest
        return None

    def _known(self, contact: Contact) -> list[str]:
        return [one for one in contact.numbers if self._contacts.find(self._campaign, one)]

    def _duplicate(self, contact: Contact, rest: Contact | None) -> Rejected:
        there, rule = contact.numbers, _IS_THERE
        if len(there) > 1:
            there = tuple(self._known(contact))
        if rest:
            there = tuple(one for one in contact.numbers if one not in rest.numbers)
            rule = f"{_IS_THERE}; {','.join(rest.numbers)} of the same row was taken"
        column = self._reader.customer_column
        return Rejected(contact.line, column, rule, "duplicate", ",".join(there))
