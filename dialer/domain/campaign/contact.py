"""Contacts of a campaign's list, and their zone groups."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Contact:
    """
    One accepted row of a list; it becomes a job only when it is about to be dialled.

    Attributes:
        line: The line of its first character in the file, from 1.
        values: Of its columns, in the order of `Template.names`, without spaces around;
            "" for absent.
        zones: IANA names it may be in, sorted, joined by "+", at most four;
            "" for the campaign's own zone.
        numbers: The customer's numbers in the row, E.164; none when only agents are rung,
            or a number that is the same in every call.
    """

    line: int
    values: tuple[str, ...]
    zones: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """
    The contacts of a campaign that share their zones.

    Attributes:
        number: The calendar in the names of its lanes.
        zones: "" for the campaign's own, else names joined by "+".
        rows: Contacts in it.
        fed: Those that have become jobs.
        cursor: The next one's place: block and index in it, from 0.
        queued: Jobs of it that are scheduled or ready.
        early: Those behind the cursor that have become jobs all the same.
    """

    number: str
    zones: str
    rows: int
    fed: int
    cursor: tuple[int, int]
    queued: int = 0
    early: int = 0

    @property
    def waiting(self) -> int:
        """Contacts that are no jobs yet."""
        return self.rows - self.fed - self.early

    def fed_to(self, cursor: tuple[int, int]) -> "Group":
        """Return the group with its cursor moved on."""
        return replace(self, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A contact as its list holds it.

    Attributes:
        row: Its number in the list, from 1.
        values: Of its columns, in the order of `Template.names`.
    """

    row: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """
    Where one contact stands in its group's list.

    Attributes:
        block: The block, and *place* that in it, both from 0.
        fed: Whether it has become a job.
    """

    contact: Listed
    group: Group
    block: int
    place: int
    fed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """
    One contact's place in its list.

    Attributes:
        before: Contacts of the group that come first and are no jobs yet.
        fed: Whether it has become a job.
    """

    contact: Listed
    group: Group
    before: int
    fed: bool
