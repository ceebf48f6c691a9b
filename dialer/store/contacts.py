"""
A campaign's list: contacts, packed in blocks, until they become jobs.

A block holds the values of up to 500 contacts of one zone group as JSON, compressed; with
the index that knows each customer again a contact takes a few tens of bytes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count, islice

from dialer.domain.campaign.contact import Contact, Group, Listed, Place, Spot
from dialer.domain.job.new_job import NewJob
from dialer.errors import InvalidCall, StateConflict, StoreUnsafe, TooManyGroups
from dialer.store.contact_blocks import cursor_of, customers, first_ones, pack, unpack
from dialer.store.jobs import job_asked
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import micros, one_line, stamp
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
                    fed = nth < group.fed or self._early(campaign, row)
                    return Place(contact, group, max(0, nth - group.fed), fed)
        return None

    def spot(self, campaign: str, row: int) -> Spot | None:
        """Where the contact with a *row* number stands, or None; reads few blocks of each group."""
        for group in self.groups(campaign):
            key = self._keys.blocks(campaign, group.number)
            nth = (
                bisect_right(range(self._client.llen(key)), row, key=partial(self._first, key)) - 1
            )
            packed = self._client.lindex(key, nth) if nth >= 0 else None
            for place, contact in enumerate(unpack(packed) if packed else ()):
                if contact.row == row:
                    fed = group.cursor > (nth, place) or self._early(campaign, row)
                    return Spot(contact, group, nth, place, fed)
        return None

    def agents(self, campaign: str) -> dict[int, str]:
        """Agents of the contacts that were moved to a time and to an agent, by row."""
        moved = self._client.hgetall(self._keys.moved(campaign))
        return {int(row): agent for row, agent in moved.items() if agent}

    def change(
        self,
        campaign: str,
        spot: Spot,
        job: NewJob,
        *,
        version: int,
        agent: str,
        not_before: datetime | None,
        peers: Sequence[str],
        who: str,
        why: str,
    ) -> None:
        """
        Have a contact rung at a time, as *job* says, or not at all where *not_before* is None.

        Raises:
            StateConflict: It is no job that waits.
            CampaignRefused: The campaign is not in a state for it; CampaignChanged: it is of
                another *version* by now, or of another mode.
            InvalidCall: The campaign ends before that time.
            StoreUnsafe: The clock or the memory of the store is in doubt. Nothing was changed.
        """
        word, said = self._server.run(
            "contact",
            {
                "campaign": campaign,
                "group": spot.group.number,
                "block": spot.block,
                "place": spot.place,
                "row": str(spot.contact.row),
                "version": str(version),
                "mode": job.mode,
                "agent": agent,
                "due_us": stamp(not_before),
                "job": job_asked(job),
                "peers": list(peers),
                "who": one_line(who),
                "why": one_line(why),
            },
        )
        if word in ("refused", "changed"):
            raise refusal(campaign, "change a contact of", said if word == "refused" else word)
        if word == "doubt":
            raise StoreUnsafe(said, f"nothing is moved while the store is in doubt: {said}")
        if word == "late":
            raise InvalidCall([("not_before", "is not before the end of the campaign")])
        if word == "state":
            verb = "move" if not_before else "take out"
            raise StateConflict(job.id, expected="scheduled or ready", actual=said, verb=verb)

    def _early(self, campaign: str, row: int) -> bool:
        return bool(self._client.hexists(self._keys.moved(campaign), str(row)))

    def _first(self, key: str, block: int) -> int:
        return int((self._client.lindex(key, block) or "0").partition(":")[0])

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
                    early=int(record.get(f"early:{number}", 0)),
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

    def waiting(self, campaign: str, group: Group) -> Iterator[Listed]:
        """Contacts of a group that are no jobs yet."""
        moved: set[str] = set(self._client.hkeys(self._keys.moved(campaign)))
        behind = islice(self.rows(campaign, group), group.fed, group.rows)
        return (one for one in behind if str(one.row) not in moved)

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
