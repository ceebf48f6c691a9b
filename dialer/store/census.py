"""
Which accounts have jobs that wait, whatever the settings of any process say.
"""

from datetime import datetime

from dialer.campaign import CampaignState
from dialer.job import State
from dialer.store.server import Server, instant, translated

#: At most so many entries of an index are looked at, so that a look costs milliseconds.
_BOUND = 1000


class Census:
    """
    Reads the accounts that the store has heard of.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._keys = server.keys

    def names(self) -> set[str]:
        """
        The accounts that ever had a job, or have a campaign that runs.
        """
        with translated():
            jobs = set(self._server.client.smembers(self._keys.accounts))
        return jobs | self._running()

    def _running(self) -> set[str]:
        """The accounts of the campaigns that the feeder looks at next."""
        client, keys = self._server.client, self._keys
        with translated():
            names = client.zrange(keys.feeding, 0, _BOUND - 1)
            with client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hmget(keys.camp(name), "account", "state")
                found = pipe.execute()
        return {account for account, state in found if state == CampaignState.RUNNING}

    def waits(self, account: str) -> bool | None:
        """
        Say whether a job of *account* waits to be dialled, or a running campaign to be fed.

        Ready jobs are always seen; of the scheduled ones those that become
        due next are looked at.

        Returns:
            None when none was seen, and there are more than were looked at.
        """
        client, keys = self._server.client, self._keys
        with translated():
            with client.pipeline(transaction=False) as pipe:
                pipe.exists(keys.awake(account), keys.camps(account), keys.resting(account))
                pipe.zrange(keys.asleep, 0, _BOUND - 1)
                pipe.zrange(keys.index(State.SCHEDULED), 0, _BOUND - 1)
                awake, asleep, ids = pipe.execute()
            if awake or any(lane.startswith(f"{account}/") for lane in asleep):
                return True
            with client.pipeline(transaction=False) as pipe:
                for job_id in ids:
                    pipe.hget(keys.job(job_id), "account")
                if account in pipe.execute() or account in self._running():
                    return True
        return None if _BOUND in (len(ids), len(asleep)) else False

    def last_moment(self) -> datetime | None:
        """
        The last moment that the store remembers: of its upkeep, or of a move.

        None for a store in which nothing ever happened.
        """
        # The indexes whose score is the time of entry.
        states = [one for one in State if one not in (State.SCHEDULED, State.DIALING)]
        with translated(), self._server.client.pipeline(transaction=False) as pipe:
            for state in states:
                pipe.zrange(self._keys.index(state), 0, 0, desc=True, withscores=True)
            pipe.get(self._keys.tick)
            *newest, tick = pipe.execute()
        moments = [instant(score) for found in newest for _, score in found]
        return max((one for one in [*moments, instant(tick)] if one), default=None)
