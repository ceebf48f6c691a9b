"""
A campaign's list: contacts, packed in blocks, until they become jobs.

A block holds the values of up to 500 contacts of one zone group as JSON, compressed; with
the index that knows each customer again a contact takes a few tens of bytes.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count

from dialer.domain.campaign.contact import Contact, Group, Listed, Place
from dialer.errors import TooManyGroups
from dialer.store.contact_blocks import cursor_of, customers, first_ones, pack, unpack
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import micros, one_line
from dialer.store.redis.server import Noun
from dialer.store.refusals import refusal

#: Contacts in one block, at most: what one call of a script may add.
BLOCK = 500
_BUCKETS = 16_384  # as in append.lua
_MOST_GROUPS = 500  # as in append.lua


class Contacts(Noun):
    """Lists of contacts."""

    def append(
        self, campaign: str, zones: str, contacts: Sequence[Contact], *, shape: str = ""
    ) -> list[bool]:
        """
        Add contacts of one zone group to a list, all at once; those it has already are left out.

        At most `BLOCK` of them. Their *zones* are "" for the campaign's own; *shape* is that of the
        definition they were read by (`Campaign.shape`), "" for any.

        Returns:
            For each, whether it was added; False: one of its customers is in the list already.

        Raises:
            CampaignNotFound: There is no such campaign.
            CampaignRefused: It was cancelled, or reads other columns by now.
            TooManyGroups: These zones would be one group more than a list may have.
            StoreRefused: Redis is fuller than `full_at`; nothing was added.
            StoreUnavailable: Redis did not answer. Call again: what was added is known then.
        """
        self._server.refuse_when_full("contacts", "go on")
        names = [customers(contact) for contact in contacts]
        listed: set[int] = set()
        while fresh := first_ones(names, listed):
            block = pack([contacts[place].values for place in fresh])
            word, *places = self._server.run(
                "append",
                {
                    "campaign": campaign,
                    "zones": zones,
                    "block": block,
                    "shape": shape,
                    "customers": [",".join(names[place]) for place in fresh],
                },
            )
            if (word, *places) == ("refused", "groups"):
                raise TooManyGroups(_MOST_GROUPS)
            if word == "refused":
                raise refusal(campaign, "add contacts to", places[0])
            if word == "done":
                break
            listed |= {fresh[int(place)] for place in places}
        return [place in fresh for place in range(len(contacts))]

    def find(self, campaign: str, number: str) -> int | None:
        """Row of the contact with *number*, E.164, from 1; None when it is not in the list."""
        digits = number.removeprefix("+")
        key = self._keys.listed(campaign, int(digits[-9:]) % _BUCKETS)
        row = self._client.hget(key, digits)
        return int(row) if row else None

    def place(self, campaign: str, row: int) -> Place | None:
        """Place of the contact with a *row* number, or None; reads the list up to there."""
        for group in self.groups(campaign):
            for nth, contact in enumerate(self.rows(campaign, group)):
                if contact.row == row:
                    return Place(contact, group, max(0, nth - group.fed), nth < group.fed)
        return None

    def zones(self, campaign: str, number: str) -> str:
        """Zones of the group with *number*; "" for the campaign's own."""
        zones = self._client.hgetall(self._keys.zones(campaign))
        return next((text for text, one in zones.items() if one == number), "")

    def groups(self, campaign: str) -> list[Group]:
        """Zone groups of a list, in the order in which they came up."""
        zones = self._client.hgetall(self._keys.zones(campaign))
        record = self._client.hgetall(self._keys.camp(campaign))
        with readable(f"the list of campaign {campaign}"):
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
        Next contacts of a group and the cursor behind them; none at the end of the list.

        At most *most*, and at most the rest of one block.
        """
        block, place = group.cursor
        packed = self._client.lindex(self._keys.blocks(campaign, group.number), block)
        if packed is None:
            return [], group.cursor
        listed = unpack(packed)
        some = listed[place : place + most]
        behind = place + len(some)
        return some, (block, behind) if behind < len(listed) else (block + 1, 0)

    def rows(self, campaign: str, group: Group) -> Iterator[Listed]:
        """All contacts of a group, block by block, whether or not they were fed."""
        key = self._keys.blocks(campaign, group.number)
        for block in count():
            packed = self._client.lindex(key, block)
            if packed is None:
                return
            yield from unpack(packed)

    def open_ids(self, campaign: str) -> set[str]:
        """Ids of a campaign's jobs that are scheduled or ready."""
        ids: set[str] = self._client.smembers(self._keys.open(campaign))
        return ids

    def forget(self, campaign: str, *, who: str, after: timedelta = timedelta(0)) -> int:
        """
        Forget the list of a campaign that has been over for *after*; its record and counts stay.

        Returns:
            How many contacts there were; 0 when it was done before.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It is not over, or not for so long, or a job of it is open.
        """
        word, ask = "more", {"campaign": campaign, "who": one_line(who), "after_us": micros(after)}
        while word == "more":
            word, reply = self._server.run("forget", ask)
        if word == "refused":
            raise refusal(campaign, "forget", reply)
        return int(reply)
