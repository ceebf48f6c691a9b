"""
A campaign's list: contacts, packed in blocks, until they become jobs.

A block holds the values of up to 500 contacts of one zone group as JSON,
compressed; with the index that knows each customer again a contact takes a
few tens of bytes.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from dialer.contact import Contact
from dialer.store.blocks import Listed, cursor_of, customers, pack, repeats, unpack
from dialer.store.campaigns import refusal
from dialer.store.jobs import NewJob, values_of
from dialer.store.room import refuse_when_full
from dialer.store.server import Server, micros, one_line, translated

#: Contacts in one block, at most: what one call of a script may add.
BLOCK = 500
_BUCKETS = 16_384  # as in append.lua


@dataclass(frozen=True, slots=True)
class Group:
    """
    The contacts of a campaign that share their zones.

    Attributes:
        number: Its number, the calendar in the names of its lanes.
        zones: "" for the campaign's own, else names joined by "+".
        rows: Contacts in it.
        fed: Those that have become jobs.
        cursor: Where the next one stands: block and place in it, from 0.
        queued: Jobs of it that are scheduled or ready.
    """

    number: str
    zones: str
    rows: int
    fed: int
    cursor: tuple[int, int]
    queued: int = 0

    def fed_to(self, cursor: tuple[int, int]) -> "Group":
        """Return the group with its cursor moved on."""
        return replace(self, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where one contact stands in its list.

    Attributes:
        contact: The contact.
        group: Its zone group.
        before: Contacts of the group that come first and are no jobs yet.
        fed: Whether it has become a job.
    """

    contact: Listed
    group: Group
    before: int
    fed: bool


class Contacts:
    """
    Adds contacts to lists, and turns them into jobs.

    Args:
        server: Where they are kept.
        full_at: Share of `maxmemory` from which new contacts are refused.
    """

    def __init__(self, server: Server, *, full_at: float = 0.8) -> None:
        self._server = server
        self._full_at = full_at

    def append(
        self, campaign: str, zones: str, contacts: Sequence[Contact], *, shape: str = ""
    ) -> list[bool]:
        """
        Add contacts of one zone group to a list, all at once; those it has already are left out.

        Args:
            campaign: Whose list.
            zones: The zones they share, "" for the campaign's own.
            contacts: At most `BLOCK`.
            shape: `Campaign.shape` of the definition they were read by; "" for any.

        Returns:
            For each, whether it was added; False: one of its customers is in the list already.

        Raises:
            CampaignNotFound: There is no such campaign.
            CampaignRefused: It was cancelled, or reads other columns by now.
            StoreRefused: Redis is fuller than `full_at`; nothing was added.
            StoreUnavailable: Redis did not answer. Call again: what was added is known then.
        """
        refuse_when_full(self._server, self._full_at, what="contacts", then="go on")
        names = [customers(contact) for contact in contacts]
        known = repeats(names)
        while fresh := [place for place in range(len(contacts)) if place not in known]:
            block = pack([contacts[place].values for place in fresh])
            reply = self._server.run(
                "append",
                campaign,
                zones,
                uuid.uuid4().hex,
                block,
                shape,
                *(",".join(names[place]) for place in fresh),
            )
            if reply[0] == "refused":
                raise refusal(campaign, "add contacts to", reply[2])
            if reply[0] == "done":
                break
            known |= {fresh[int(place)] for place in reply[2:]}
        return [place not in known for place in range(len(contacts))]

    def find(self, campaign: str, number: str) -> int | None:
        """
        Find a customer in a list.

        Args:
            campaign: Whose list.
            number: E.164.

        Returns:
            The number of the contact, from 1; None for nobody.
        """
        digits = number.removeprefix("+")
        key = self._server.keys.listed(campaign, int(digits[-9:]) % _BUCKETS)
        with translated():
            row = self._server.client.hget(key, digits)
        return int(row) if row else None

    def place(self, campaign: str, row: int) -> Place | None:
        """
        Find where a contact stands, by its number in the list; it reads the list up to there.

        Returns:
            None when the list has no such contact.
        """
        for group in self.groups(campaign):
            for nth, contact in enumerate(self.rows(campaign, group)):
                if contact.row == row:
                    return Place(contact, group, max(0, nth - group.fed), nth < group.fed)
        return None

    def zones(self, campaign: str, number: str) -> str:
        """
        Read the zones of a group by its number; "" for the campaign's own.
        """
        with translated():
            zones = self._server.client.hgetall(self._server.keys.zones(campaign))
        return next((text for text, one in zones.items() if one == number), "")

    def groups(self, campaign: str) -> list[Group]:
        """
        Read the zone groups of a list, in the order in which they came up.
        """
        client, keys = self._server.client, self._server.keys
        with translated():
            zones = client.hgetall(keys.zones(campaign))
            record = client.hgetall(keys.camp(campaign))
        return [
            Group(
                number=number,
                zones=text,
                rows=int(record.get(f"rows:{number}", 0)),
                fed=int(record.get(f"fed:{number}", 0)),
                cursor=cursor_of(record.get(f"c:{number}", "0:0")),
                queued=int(record.get(f"q:{number}", 0)),
            )
            for text, number in sorted(zones.items(), key=lambda item: int(item[1]))
        ]

    def read(self, campaign: str, group: Group, most: int) -> tuple[list[Listed], tuple[int, int]]:
        """
        Read the next contacts of a group.

        Args:
            campaign: Whose list.
            group: From its cursor on.
            most: At most so many, and at most the rest of one block.

        Returns:
            The contacts, and the cursor behind them; none at the end of the list.
        """
        block, place = group.cursor
        with translated():
            packed = self._server.client.lindex(
                self._server.keys.blocks(campaign, group.number), block
            )
        if packed is None:
            return [], group.cursor
        listed = unpack(packed)
        some = listed[place : place + most]
        behind = place + len(some)
        return some, (block, behind) if behind < len(listed) else (block + 1, 0)

    def rows(self, campaign: str, group: Group) -> Iterator[Listed]:
        """
        Read all contacts of a group, block by block, whether or not they were fed.
        """
        key = self._server.keys.blocks(campaign, group.number)
        block = 0
        while True:
            with translated():
                packed = self._server.client.lindex(key, block)
            if packed is None:
                return
            yield from unpack(packed)
            block += 1

    def open_ids(self, campaign: str) -> set[str]:
        """
        Name the jobs of a campaign that are scheduled or ready.
        """
        with translated():
            ids: set[str] = self._server.client.smembers(self._server.keys.open(campaign))
        return ids

    def remake(self, jobs: Sequence[NewJob], *, who: str) -> int:
        """
        Put new calls, deadlines and lanes into jobs that wait or are dead; others stay.

        Args:
            jobs: With the ids of those that are there; at most `BATCH`.
            who: Who changed their campaign; on record.

        Returns:
            How many were made anew; one that is the same already is not.
        """
        values = [value for job in jobs for value in values_of(job)]
        seq, made = self._server.run("remake", one_line(who), *values)
        self._server.witness(seq)
        return int(made)

    def forget(self, campaign: str, *, who: str, after: timedelta = timedelta(0)) -> int:
        """
        Forget the list of a campaign that is over; its record and its counts stay.

        Args:
            campaign: The campaign.
            who: Who wants it; on record.
            after: How long it must have been over.

        Returns:
            How many contacts there were; 0 when it was done before.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It is not over, or not for so long, or a job of it is open.
        """
        word, seq, count = self._server.run("forget", campaign, one_line(who), micros(after))
        if word == "refused":
            raise refusal(campaign, "forget", count)
        self._server.witness(seq)
        return int(count)
