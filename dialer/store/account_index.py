"""Accounts with jobs that wait, whatever the settings of any process say."""

from datetime import datetime

from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.job.job import State
from dialer.store.jobs import Jobs
from dialer.store.redis.failures import translated
from dialer.store.redis.notation import instant
from dialer.store.redis.record import LETTERS
from dialer.store.redis.server import Noun

#: At most so many entries of an index are looked at, so that a look costs milliseconds.
_BOUND = 1000


class AccountIndex(Noun):
    """Index of the accounts that the store has heard of."""

    def names(self) -> set[str]:
        """Accounts that ever had a job, or have a running campaign."""
        jobs = set(self._client.smembers(self._keys.accounts))
        return jobs | self._running()

    def _running(self) -> set[str]:
        """Accounts of the running campaigns among those that the feeder looks at next."""
        names = self._client.zrange(self._keys.feeding, 0, _BOUND - 1)
        camps = map(self._keys.camp, names)
        found = self._for_each("hmget", camps, "account", "state", damaged=True)
        sound = [one for one in found if isinstance(one, list)]
        return {account for account, state in sound if state == CampaignState.RUNNING}

    def waits(self, account: str) -> bool | None:
        """
        Whether a job of *account* waits to be dialled, or a running campaign to be fed.

        All ready jobs count; of the scheduled ones those that become due next are looked at.

        Returns:
            None when none was seen, and there are more than were looked at.
        """
        client, keys = self._client, self._keys
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.exists(keys.awake(account), keys.camps(account), keys.resting(account))
            pipe.zrange(keys.asleep, 0, _BOUND - 1)
            pipe.zrange(keys.index(State.SCHEDULED), 0, _BOUND - 1)
            awake, asleep, ids = pipe.execute()
        if awake or any(lane.startswith(f"{account}/") for lane in asleep):
            return True
        lanes = self._for_each("hget", map(keys.job, ids), LETTERS["lane"], damaged=True)
        if any(str(lane).startswith(f"{account}/") for lane in lanes) or account in self._running():
            return True
        return None if _BOUND in (len(ids), len(asleep)) else False

    def last_moment(self) -> datetime | None:
        """Last moment that the store remembers, of a tick or a move; None before any."""
        # The indexes whose score is the time of entry.
        states = [one for one in State if one not in (State.SCHEDULED, State.READY, State.DIALING)]
        with translated(), self._client.pipeline(transaction=False) as pipe:
            for state in states:
                pipe.zrange(self._keys.index(state), 0, 0, desc=True, withscores=True)
            pipe.get(self._keys.tick)
            *newest, tick = pipe.execute()
        moments = [instant(score) for found in newest for _, score in found]
        if job := Jobs(self._server).newest_ready():
            moments.append(job.entered)
        return max((one for one in [*moments, instant(tick)] if one), default=None)
