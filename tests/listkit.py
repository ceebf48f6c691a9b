"""What tests of lists are made of: a long one with seven kinds of bad rows."""

from datetime import UTC, datetime

from dialer.domain.campaign.campaign import Campaign
from dialer.errors import StoreUnavailable
from dialer.feeding.importing import BATCH

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AGENT = "9000000000"
#: The columns of the list.
HEADER = "phone,ring,tz"


def campaign(**changes: object) -> Campaign:
    """Define a campaign whose list has a number, a ring time and a zone."""
    fields = {
        "name": "diwali",
        "call": {"from": AGENT},
        "columns": {"to": "phone", "toRingTime": "ring"},
        "zone_from": "column",
        "zone_column": "tz",
        "time_zone": "Asia/Kolkata",
    }
    return Campaign.read(fields | changes, now=NOW, time_zone="Asia/Kolkata")


def number(nth: int) -> str:
    """Return a number that belongs to nobody."""
    return f"91{nth:08}"


def good(nth: int, zone: str = "Asia/Kolkata") -> str:
    """Write a row with nothing wrong."""
    return f"{number(nth)},20,{zone}"


BAD = {
    29: ("98765XXXXX,20,Asia/Kolkata", "to: holds letters; write ten digits"),
    31: (",20,Asia/Kolkata", "to: is missing"),
    37: ("12345,20,Asia/Kolkata", "to: has 5 digits; write ten"),
    41: (f"{number(41)},99,Asia/Kolkata", "toRingTime: must be 1 to 50 seconds"),
    43: (
        f"{number(43)},20,IST",
        "zone: time zone is not in the IANA database: write a name such as Asia/Kolkata",
    ),
    47: (f"{number(47)},20", "row: has too few cells for the header's 3 columns"),
    53: (
        f'{number(53)},"20,Asia/Kolkata',
        "row: opens a quote that is not closed properly within 64 KiB",
    ),
}


def mixed(rows: int) -> tuple[list[str], dict[int, str], set[int]]:
    """
    A list with seven kinds of bad rows and one of duplicates, and what is to be found in it.

    Row n is on line n + 2, is bad of the kind of the least key of BAD that
    divides n + 1, and else repeats row 0, in another form, when 23 divides it.
    """
    lines: list[str] = []
    wrong: dict[int, str] = {}
    doubled: set[int] = set()
    for nth in range(rows):
        kind = next((one for one in BAD if (nth + 1) % one == 0), None)
        if kind:
            lines.append(BAD[kind][0])
            wrong[nth + 2] = BAD[kind][1]
        elif nth and nth % 23 == 0:
            lines.append(f"+91-{number(0)[:5]} {number(0)[5:]},,Asia/Kolkata")
            doubled.add(nth + 2)
        else:
            lines.append(good(nth, "Asia/Kolkata" if nth % 2 else "America/New_York"))
    return lines, wrong, doubled


class Memory:
    """A store of contacts as the real one behaves, without a server."""

    def __init__(self, *, fail_at: int = 0) -> None:
        self.known = {}
        self.batches = []
        self.values = []
        self.shape = ""
        self._fail_at = fail_at

    def append(self, name, zones, contacts, *, shape=""):
        assert (name, shape) == ("diwali", self.shape)
        assert 1 <= len(contacts) <= BATCH
        assert {contact.zones for contact in contacts} == {zones}
        if self._fail_at and len(self.batches) + 1 == self._fail_at:
            raise StoreUnavailable("away")
        self.batches.append((zones, [contact.line for contact in contacts]))
        added = []
        for contact in contacts:
            added.append(not any(number in self.known for number in contact.numbers))
            if added[-1]:
                self.values.append(contact.values)
                self.known.update(dict.fromkeys(contact.numbers, contact.line))
        return added

    def find(self, name, number):
        assert name == "diwali"
        return self.known.get(number)
