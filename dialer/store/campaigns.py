"""
Campaigns: their definitions, what has been decided about them, and how far they are.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Literal

from dialer.campaign import Campaign, CampaignState
from dialer.crew import crew_limit, crew_of
from dialer.errors import CampaignChanged, CampaignNotFound, CampaignRefused
from dialer.hourcounts import HourCounts
from dialer.redial import Redial
from dialer.store.progress import CampaignStanding, Progress, Step, progress_of
from dialer.store.server import Server, instant, micros, one_line, stamp, translated

Verb = Literal["start", "pause", "resume", "cancel"]


class Campaigns:
    """
    Defines, steers and reads campaigns.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def create(self, campaign: Campaign, *, who: str) -> None:
        """
        Define a campaign; it is a draft and rings nobody. The same definition again is no error.

        Raises:
            CampaignRefused: Another one has this name.
            StoreRefused: The server is full; nothing was defined.
        """
        self._define("create", campaign, who)

    def replace(self, campaign: Campaign, *, who: str, version: int | None = None) -> None:
        """
        Change a definition; hours, rates and limits hold from the next dial on.

        Until `Feeder.look` has written the windows of its new hours, it is
        closed. What its jobs carry, their call and deadline, is changed by
        `Contacts.remake`.

        Args:
            campaign: The new definition.
            who: Who changes it.
            version: Of the record it was made from; None to overwrite whatever is there.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignChanged: It is not that version any more; nothing was changed.
            CampaignRefused: It was cancelled, belongs to another account, or has contacts
                that were read by other columns.
        """
        self._define("replace", campaign, who, version)

    def steer(self, verb: Verb, name: str, *, who: str, reason: str = "") -> bool:
        """
        Start, pause, resume or cancel; when this returns, no further `begin` takes another way.

        Returns:
            False when it was so already.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It is not in a state for that; nothing was changed.
        """
        word, seq, state = self._server.run(
            "steer", verb, name, one_line(who), one_line(reason), uuid.uuid4().hex
        )
        if word == "refused":
            raise refusal(name, verb, state)
        self._server.witness(seq)
        return word == "done"

    def get(self, name: str) -> Campaign:
        """
        Read a definition.

        Raises:
            CampaignNotFound: There is none with this name.
        """
        with translated():
            text = self._server.client.hget(self._server.keys.camp(name), "definition")
        if text is None:
            raise refusal(name, "read", "missing")
        return Campaign.from_json(text)

    def names(self) -> list[str]:
        """
        Name all campaigns, oldest first.
        """
        with translated():
            names: list[str] = self._server.client.zrange(self._server.keys.campaigns, 0, -1)
        return names

    def under_way(self) -> list[str]:
        """
        Name those that run or are paused, oldest first.
        """
        names, keys = self.names(), self._server.keys
        with translated(), self._server.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(keys.camp(name), "state")
            states = pipe.execute()
        wanted = (CampaignState.RUNNING, CampaignState.PAUSED)
        return [name for name, state in zip(names, states, strict=True) if state in wanted]

    def progress(self, name: str) -> Progress:
        """
        Read how far a campaign is, at one moment.

        Raises:
            CampaignNotFound: There is none with this name.
        """
        with translated():
            record = self._server.client.hgetall(self._server.keys.camp(name))
        if not record:
            raise refusal(name, "read", "missing")
        return progress_of(name, record)

    def standing(self, name: str, account: str, now: datetime, *, pool: str) -> CampaignStanding:
        """
        Read how much of a campaign's own limits is used.

        Args:
            name: The campaign.
            account: Its account.
            now: The store's time.
            pool: The last part of a lane: whom `from` rings; "" to leave agents out.
        """
        client, keys, free = self._server.client, self._server.keys, f"({stamp(now)}"
        own = f"{account}/{name}"
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.hmget(
                keys.camp(name), "tat_us", "max_posting", "max_live", "per_agent", "interval_us"
            )
            pipe.zcard(keys.posting(own))
            pipe.zrangebyscore(keys.live(own), free, "+inf", withscores=True)
            for agent in crew_of(pool):
                pipe.zrangebyscore(keys.busy(account, agent), free, "+inf", withscores=True)
            limits, posting, live, *calls = pipe.execute()
        tat, max_posting, max_live, per_agent, interval = limits
        talking = dict(call for some in calls for call in some)
        return CampaignStanding(
            next_slot=instant(tat) if interval not in (None, "0") else None,
            posting=posting,
            max_posting=int(max_posting or 0),
            live=len(live),
            max_live=int(max_live or 0),
            live_until=instant(live[0][1]) if live else None,
            places=crew_limit(pool, None if per_agent in ("", None) else int(per_agent)),
            talking=sorted(filter(None, map(instant, talking.values()))),
        )

    def steps(self, name: str) -> list[Step]:
        """
        Read the last hundred decisions about a campaign, oldest first.
        """
        with translated():
            lines = self._server.client.lrange(self._server.keys.steps(name), 0, -1)
        parts = (line.split("\t", 3) for line in lines)
        return [
            Step(moment, verb, who, reason)
            for at, verb, who, reason in parts
            if (moment := instant(at))
        ]

    def history(self, name: str) -> list[HourCounts]:
        """
        Read what became of its attempts, by hours; hours without any are left out.
        """
        with translated():
            pulse = self._server.client.hgetall(self._server.keys.pulse(name))
        hours: dict[int, dict[str, int]] = {}
        for field, count in pulse.items():
            hour, _, word = field.partition(":")
            hours.setdefault(int(hour), {})[word] = int(count)
        return [
            HourCounts(datetime.fromtimestamp(hour * 3600, UTC), **words)
            for hour, words in sorted(hours.items())
        ]

    def lately(self, name: str) -> tuple[datetime | None, list[HourCounts]]:
        """
        Read what became of its attempts since the manner of its calls was last changed.

        Returns:
            When that was, None for never; and the hours since then, the first
            without what it had seen before.
        """
        with translated():
            at, before = self._server.client.hmget(
                self._server.keys.camp(name), "edited_us", "edited"
            )
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
        word, seq, why = self._server.run(
            "define",
            verb,
            campaign.name,
            one_line(who),
            campaign.to_json(),
            campaign.account,
            campaign.weight,
            micros(timedelta(seconds=1 / rate)) if rate else 0,
            campaign.max_posting,
            campaign.max_live_calls,
            "" if campaign.live_per_agent is None else campaign.live_per_agent,
            stamp(campaign.starts),
            stamp(campaign.ends),
            campaign.customer_rules.caps_as_words(),
            Redial.of(campaign).to_json(),
            campaign.shape,
            "" if version is None else version,
            campaign.manner,
        )
        if word == "refused":
            raise refusal(campaign.name, "change" if verb == "replace" else verb, why)
        self._server.witness(seq)


#: What is said of each reason; {0} is the campaign.
_SENTENCES = {
    "exists": "there is a campaign {0} already, defined otherwise: choose another name,"
    " or change that one with `dialer campaign set {0}`",
    "account": "campaign {0} belongs to another account, for good",
    "shape": "campaign {0} has contacts that were read by its columns, customer and types:"
    " those stay as they are; define another campaign",
    "other columns": "the columns of campaign {0} were changed while the list was read:"
    " import it again",
    "forgotten": "the list of campaign {0} was forgotten, for good: define another one",
    "not over": "campaign {0} is not over: `dialer campaign cancel {0}` ends it",
    "not yet": "campaign {0} has not been over for long enough",
    "not at rest": "campaign {0} still has jobs that wait or are on the wire:"
    " they are taken out with the next ticks",
    "empty": "campaign {0} has no contacts: `dialer campaign import {0} FILE` adds them",
    "ended": "campaign {0} has ended: `dialer campaign set {0} --ends …`, if it shall go on",
}
#: How a campaign stands, and what may be done about it.
_STANDS = {
    "draft": "it has not been started; `dialer campaign start {0}` lets it run",
    "running": "it is running; `dialer campaign pause {0}` stops it",
    "paused": "it is paused; `dialer campaign resume {0}` lets it go on",
    "cancelled": "it was cancelled, for good; define another one",
}


def refusal(name: str, verb: str, why: str) -> CampaignNotFound | CampaignRefused:
    """
    Make the error for what the store refused to do with a campaign.
    """
    if why == "missing":
        return CampaignNotFound(
            f"there is no campaign {name}; `dialer campaign list` names them all"
        )
    if why == "changed":
        return CampaignChanged(f"somebody else has just changed campaign {name}: try again")
    if why in _SENTENCES:
        return CampaignRefused(_SENTENCES[why].format(name))
    return CampaignRefused(f"cannot {verb} campaign {name}: {_STANDS[why].format(name)}")
