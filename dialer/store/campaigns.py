"""
Campaigns: their definitions, what has been decided about them, and how far they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from dialer.campaign import Campaign, CampaignState
from dialer.errors import CampaignNotFound, CampaignRefused, StoreRefused
from dialer.job import State
from dialer.redial import Redial
from dialer.store.server import Server, instant, micros, one_line, stamp, translated

Verb = Literal["start", "pause", "resume", "cancel"]


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a campaign is.

    Attributes:
        name: The campaign.
        state: What was decided about it.
        account: Its account.
        rows: Contacts in its list.
        fed: Those that have become jobs.
        counts: Its jobs by state; they add up to `fed`.
        skipped: Those that are skipped by the first reason: do_not_call, cap (one
            call rings too often), customer (called too recently or too often
            until the end), deadline, time (ready, but not reached).
        created: When it was defined.
        changed: When it was last changed or steered, by whom, and why.
        changed_by: See `changed`.
        reason: See `changed`.
        ends: Its end.
    """

    name: str
    state: CampaignState
    account: str
    rows: int
    fed: int
    counts: Mapping[State, int]
    skipped: Mapping[str, int]
    created: datetime
    changed: datetime
    changed_by: str
    reason: str
    ends: datetime

    @property
    def waiting(self) -> int:
        """Contacts that are no jobs yet."""
        return self.rows - self.fed

    @property
    def queued(self) -> int:
        """Its jobs that wait: scheduled or ready."""
        return self.counts[State.SCHEDULED] + self.counts[State.READY]

    @property
    def open(self) -> int:
        """Contacts whose call may still be made: waiting, scheduled, ready or dialing."""
        jobs = (State.SCHEDULED, State.READY, State.DIALING)
        return self.waiting + sum(self.counts[state] for state in jobs)


@dataclass(frozen=True, slots=True)
class HourCounts:
    """
    What became of a campaign's attempts in one hour.

    Attributes:
        hour: Its first instant, UTC.
        starts: Attempts begun.
        placed: Accepted by the API.
        retries: Failed, to be tried again, a try used.
        defers: Put off, no try used.
        dead: Refused for good, or out of tries.
        unconfirmed: May have rung.
    """

    hour: datetime
    starts: int = 0
    placed: int = 0
    retries: int = 0
    defers: int = 0
    dead: int = 0
    unconfirmed: int = 0


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

    def replace(self, campaign: Campaign, *, who: str) -> None:
        """
        Change a definition; what it says holds from the next dial on.

        Until `Feeder.look` has written the windows of its new hours, it is closed.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It was cancelled, or belongs to another account.
        """
        self._define("replace", campaign, who)

    def steer(self, verb: Verb, name: str, *, who: str, reason: str = "") -> bool:
        """
        Start, pause, resume or cancel; when this returns, no further `begin` takes another way.

        Returns:
            False when it was so already.

        Raises:
            CampaignNotFound: There is none with this name.
            CampaignRefused: It is not in a state for that; nothing was changed.
        """
        word, seq, state = self._server.run("steer", verb, name, one_line(who), one_line(reason))
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
        created, changed = instant(record["created_us"]), instant(record["changed_us"])
        ends = instant(record["ends_us"])
        if created is None or changed is None or ends is None:
            raise StoreRefused(f"campaign {name} has no times: it was not written by this program")
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
        )

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

    def due(self, now: datetime, most: int) -> list[str]:
        """
        Name the campaigns that the feeder is to look at by *now*, the longest overdue first.
        """
        with translated():
            names: list[str] = self._server.client.zrangebyscore(
                self._server.keys.feeding, "-inf", stamp(now), start=0, num=most
            )
        return names

    def look_again(self, progress: Progress, when: datetime | None, *, period: timedelta) -> None:
        """
        Say when the feeder is to look at a campaign next.

        Args:
            progress: The record it looked at; what changed since is looked at at once.
            when: None when only news can change anything.
            period: In which to look if a job of it is open all the same.
        """
        seq = self._server.run(
            "again", progress.name, stamp(progress.changed), stamp(when), micros(period)
        )
        self._server.witness(seq[0])

    def write_hours(
        self, name: str, progress: Progress, windows: Mapping[str, str], stale: timedelta
    ) -> bool:
        """
        Write when each zone group of a campaign is open.

        Args:
            name: The campaign.
            progress: The record that the windows belong to.
            windows: Group number -> windows as `dialer.hours` writes them.
            stale: After so long they count as closed.

        Returns:
            False when the campaign has been changed since *progress* was read:
            nothing was written.
        """
        flat = [part for group, text in windows.items() for part in (group, text)]
        milliseconds = stale // timedelta(milliseconds=1)
        seq, done = self._server.run("hours", name, stamp(progress.changed), milliseconds, *flat)
        self._server.witness(seq)
        return int(done) == 1

    def _define(self, verb: str, campaign: Campaign, who: str) -> None:
        rate, caps = campaign.calls_per_second, campaign.customer_rules.as_words().partition(" ")[2]
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
            caps,
            Redial.of(campaign).to_json(),
        )
        if word == "refused":
            raise refusal(campaign.name, "change" if verb == "replace" else verb, why)
        self._server.witness(seq)


def refusal(name: str, verb: str, why: str) -> CampaignNotFound | CampaignRefused:
    """
    Make the error for what the store refused to do with a campaign.
    """
    match why:
        case "missing":
            return CampaignNotFound(
                f"there is no campaign {name}; `dialer campaign list` names them all"
            )
        case "exists":
            return CampaignRefused(
                f"there is a campaign {name} already, defined otherwise: choose another name,"
                " or change that one with `dialer campaign set`"
            )
        case "account":
            return CampaignRefused(f"campaign {name} belongs to another account, for good")
        case "empty":
            return CampaignRefused(
                f"campaign {name} has no contacts: `dialer campaign import {name} FILE` adds them"
            )
        case _:
            return CampaignRefused(f"cannot {verb} campaign {name}: it is {why}")
