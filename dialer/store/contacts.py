"""
A campaign's list: contacts, packed in blocks, until they become jobs.

A block holds the values of up to 500 contacts of one zone group as JSON,
compressed; with the index that knows each customer again a contact takes a
few tens of bytes.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dialer.contact import Contact
from dialer.errors import StoreRefused
from dialer.store.blocks import Listed, cursor_of, customers, pack, repeats, unpack, written
from dialer.store.campaigns import refusal
from dialer.store.jobs import NewJob, values_of
from dialer.store.server import Server, translated

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
    """

    number: str
    zones: str
    rows: int
    fed: int
    cursor: tuple[int, int]

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

    def append(self, campaign: str, zones: str, contacts: Sequence[Contact]) -> list[bool]:
        """
        Add contacts of one zone group to a list, all at once; those it has already are left out.

        Args:
            campaign: Whose list.
            zones: The zones they share, "" for the campaign's own.
            contacts: At most `BLOCK`.

        Returns:
            For each, whether it was added; False: one of its customers is in the list already.

        Raises:
            CampaignNotFound: There is no such campaign.
            CampaignRefused: It was cancelled.
            StoreRefused: Redis is fuller than `full_at`; nothing was added.
            StoreUnavailable: Redis did not answer. Call again: what was added is known then.
        """
        self._refuse_when_full()
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

    def feed(
        self,
        campaign: str,
        group: Group,
        behind: tuple[int, int],
        jobs: Sequence[NewJob],
    ) -> bool:
        """
        Make jobs of the contacts between a group's cursor and *behind*; once, however often.

        Returns:
            False when nothing was done: the campaign does not run, or somebody else fed them.

        Raises:
            StoreRefused: Redis is full; nothing was done.
            StoreUnavailable: Redis did not answer; read the cursor again.
        """
        self._refuse_when_full()
        values = [value for job in jobs for value in values_of(job)]
        word, seq, _ = self._server.run(
            "feed",
            campaign,
            group.number,
            written(group.cursor),
            written(behind),
            len(jobs),
            *values,
        )
        self._server.witness(seq)
        return word == "fed"

    def awake(self, account: str, campaign: str) -> dict[str, int]:
        """
        Count the ready jobs in lanes that are awake, by zone group; not beyond 100 lanes.
        """
        client, keys = self._server.client, self._server.keys
        counts: dict[str, int] = {}
        with translated():
            lanes = client.zrange(keys.campaign_awake(account, campaign), 0, 99)
            with client.pipeline(transaction=False) as pipe:
                for lane in lanes:
                    pipe.zcard(keys.lane(lane))
                sizes = pipe.execute()
        for lane, size in zip(lanes, sizes, strict=True):
            group = lane.split("/", 3)[2]
            counts[group] = counts.get(group, 0) + size
        return counts

    def sweep(self, campaign: str, most: int) -> tuple[int, int]:
        """
        Take out jobs that wait in a campaign which was cancelled or has ended.

        Returns:
            How many were moved, and how many still wait or are on the wire.
        """
        seq, moved, left = self._server.run("sweep", campaign, most)
        self._server.witness(seq)
        return int(moved), int(left)

    def _refuse_when_full(self) -> None:
        share = self._server.fullness()
        if share >= self._full_at:
            raise StoreRefused(
                f"Redis is {share:.0%} full; new contacts are refused from {self._full_at:.0%} on:"
                " make room or raise maxmemory, then go on"
            )
