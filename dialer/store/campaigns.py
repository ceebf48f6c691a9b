"""Campaigns: definitions, decisions about them, and progress."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.domain.campaign.progress import CampaignStanding, Progress, Step
from dialer.domain.job.job import State
from dialer.errors import StoreDamaged
from dialer.store.redis.failures import readable, sound, unless_damaged
from dialer.store.redis.notation import instant, micros, moment, one_line, stamp
from dialer.store.redis.server import Noun
from dialer.store.refusals import refusal

#: Sleeping lanes that one step looks at.
_LANES = 500
Verb = Literal["start", "pause", "resume", "cancel"]
_STEP = re.compile(r"\d+\t[^\t]*\t[^\t]*\t.*", re.DOTALL)
_WORDS = frozenset(field.name for field in fields(HourCounts)) - {"hour"}


class Campaigns(Noun):
    """Definitions, states and counts of campaigns."""

    def create(self, campaign: Campaign, *, who: str) -> None:
        """
        Define a campaign as a draft, which makes no calls; the same definition again is no error.

        Raises:
            CampaignRefused: Another one has this name.
            StoreRefused: The server is full; nothing was defined.
        """
        self._define("create", campaign, who)

    def replace(self, campaign: Campaign, *, who: str, version: int | None = None) -> None:
        """
        Change a definition; when this returns, no call starts by the old one.

        It is closed until `Feeder.look` has written the windows of its new hours, and `begin`
        passes over a job until it has been made anew by the new definition. *version* is that of
        the record it was made from, None to overwrite any.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignChanged: It is not that version any more; nothing was changed.
            CampaignRefused: It was cancelled, belongs to another account, or has contacts
                that were read by other columns.
        """
        self._define("replace", campaign, who, version)
        self._server.await_leaving()
        while self.wake(campaign.name):
            pass

    def wake(self, name: str) -> bool:
        """Wake some lanes that slept when the campaign was changed; True: call again for more."""
        (more,) = self._server.run("wake", {"campaign": name, "most": _LANES})
        return int(more) == 1

    def steer(self, verb: Verb, name: str, *, who: str, reason: str = "") -> bool:
        """
        Start, pause, resume or cancel; when a stop returns, no call of it starts.

        Returns:
            False when it was so already.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It is not in a state for that; nothing was changed.
        """
        ask = {"verb": verb, "name": name, "who": one_line(who), "reason": one_line(reason)}
        word, state = self._server.run("steer", ask)
        if word == "refused":
            raise refusal(name, verb, state)
        if verb in ("pause", "cancel"):
            self._server.await_leaving()
        return word == "done"

    def get(self, name: str) -> Campaign:
        """
        Definition of a campaign.

        Raises:
            CampaignNotFound: There is none with this name.
        """
        text = self._client.hget(self._keys.camp(name), "definition")
        if text is None:
            raise refusal(name, "read", "missing")
        with readable(f"campaign {name}"):
            return Campaign.from_json(text)

    def names(self) -> list[str]:
        """Names of all campaigns, oldest first."""
        return unless_damaged(lambda: self._client.zrange(self._keys.campaigns, 0, -1), [])

    def every(self) -> Iterator[Progress]:
        """Progress of every campaign, oldest first; a damaged one is left out."""
        return sound(partial(self.progress, name) for name in self.names())

    def under_way(self) -> list[str]:
        """Names of those that run or are paused, oldest first."""
        names = self.names()
        states = self._for_each("hget", map(self._keys.camp, names), "state", damaged=True)
        wanted = (CampaignState.RUNNING, CampaignState.PAUSED)
        return [name for name, state in zip(names, states, strict=True) if state in wanted]

    def progress(self, name: str) -> Progress:
        """
        Progress of a campaign at one moment.

        Raises:
            CampaignNotFound: There is none with this name.
            StoreDamaged: Its record cannot be read.
        """
        record = self._client.hgetall(self._keys.camp(name))
        if not record:
            raise refusal(name, "read", "missing")
        with readable(f"campaign {name}"):
            return _progress_of(name, record)

    def standing(
        self, name: str, account: str, *, pool: str, peers: Sequence[str]
    ) -> CampaignStanding:
        """
        Use of a campaign's own limits, and of the agents of *pool*, the last part of a lane.

        *peers* are the accounts that share its user id: their agents are the same people.
        """
        ask = {"campaign": name, "account": account, "pool": pool, "peers": list(peers)}
        reply = self._server.run("campaign_standing", ask)
        with readable(f"camp:{name}"):
            slot, posting, max_posting, live, max_live, over, places, *talking = reply
            return CampaignStanding(
                next_slot=instant(slot),
                posting=int(posting),
                max_posting=int(max_posting),
                live=int(live),
                max_live=int(max_live),
                live_until=instant(over),
                places=int(places),
                talking=sorted(map(moment, talking)),
            )

    def steps(self, name: str) -> list[Step]:
        """Last hundred decisions about a campaign, oldest first."""
        lines = self._client.lrange(self._keys.steps(name), 0, -1)
        parts = (line.split("\t", 3) for line in lines if _STEP.fullmatch(line))
        return [
            Step(when, verb, who, reason)
            for at, verb, who, reason in parts
            if (when := instant(at))
        ]

    def history(self, name: str) -> list[HourCounts]:
        """Results of its attempts by hours; hours without any are left out."""
        pulse = self._client.hgetall(self._keys.pulse(name))
        hours: dict[int, dict[str, int]] = {}
        for field, count in pulse.items():
            hour, _, word = field.partition(":")
            if hour.isdecimal() and count.isdecimal() and word in _WORDS:
                hours.setdefault(int(hour), {})[word] = int(count)
        return [
            HourCounts(datetime.fromtimestamp(hour * 3600, UTC), **words)
            for hour, words in sorted(hours.items())
        ]

    def lately(self, name: str) -> tuple[datetime | None, list[HourCounts]]:
        """
        Results of its attempts since the manner of its calls was last changed.

        Returns:
            When that was, None for never; and the hours since then, the first
            without what it had seen before.
        """
        at, before = self._client.hmget(self._keys.camp(name), "edited_us", "edited")
        edited, hours = instant(at), self.history(name)
        if edited is None:
            return None, hours
        first = edited.replace(minute=0, second=0, microsecond=0)
        return edited, [
            hour.without(map(int, before.split())) if hour.hour == first else hour
            for hour in hours
            if hour.hour >= first
        ]

    def _define(self, verb: str, campaign: Campaign, who: str, version: int | None = None) -> None:
        rate = campaign.calls_per_second
        record = {
            "definition": campaign.to_json(),
            "account": campaign.account,
            "weight": campaign.weight,
            "interval_us": micros(timedelta(seconds=1 / rate)) if rate else 0,
            "max_posting": campaign.max_posting,
            "max_live": campaign.max_live_calls,
            "per_agent": "" if campaign.live_per_agent is None else campaign.live_per_agent,
            "starts_us": stamp(campaign.starts),
            "ends_us": stamp(campaign.ends),
            "caps": campaign.customer_rules.caps_as_words(),
            "redial": campaign.redial.to_json(),
            "shape": campaign.shape,
            "manner": campaign.manner,
        }
        word, why = self._server.run(
            "define",
            {
                "verb": verb,
                "name": campaign.name,
                "who": one_line(who),
                "version": "" if version is None else str(version),
                "record": {field: str(value) for field, value in record.items()},
            },
        )
        if word == "refused":
            raise refusal(campaign.name, "change" if verb == "replace" else verb, why)


def _progress_of(name: str, record: Mapping[str, str]) -> Progress:
    created, changed = instant(record["created_us"]), instant(record["changed_us"])
    ends = instant(record["ends_us"])
    if created is None or changed is None or ends is None:
        raise StoreDamaged(f"campaign {name} has no times: it was not written by this program")
    return Progress(
        name=name,
        state=CampaignState(record["state"]),
        account=record["account"],
        rows=int(record["rows"]),
        fed=int(record["fed"]),
        counts={state: int(record.get(f"n:{state}", 0)) for state in State},
        skipped={
            name.removeprefix("s:"): int(count)
            for name, count in sorted(record.items())
            if name.startswith("s:")
        },
        created=created,
        changed=changed,
        changed_by=record["changed_by"],
        reason=record["reason"],
        ends=ends,
        version=int(record["version"]),
        called=int(record.get("called", 0)),
        renewed=record.get("renewed") == f"{record['version']}/{record.get('called', 0)}",
        forgotten=None if "forgetting" in record else instant(record.get("forgotten_us")),
        mode=record.get("mode", ""),
        early=int(record.get("early", 0)),
    )
