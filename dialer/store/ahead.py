"""
Who comes first: the ready jobs that stand before another one.
"""

from dataclasses import dataclass

from dialer.crew import crew_of
from dialer.job import Job
from dialer.store.server import Server, translated


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    The ready jobs before one that is ready, or before one that is no job yet.

    Attributes:
        first: Those that come first.
        crew: Of these, those that ring nobody first but whom the job rings first.
        asleep: Beside them, those whose lanes sleep longer than its own: they
            come first as well if they wake in time.
    """

    first: int = 0
    crew: int = 0
    asleep: int = 0


def ahead_of(server: Server, job: Job, *, listed: bool = False, same_hours: bool = False) -> Ahead:
    """
    Count the ready jobs of the same account that come before one.

    Direct calls count all direct ones of better rank, a campaign's those and
    its own. Other campaigns take turns with it and are left out.

    Args:
        server: Where they are.
        job: None come before one that is not ready any more.
        listed: Whether it is still in the list of its campaign: each job that
            was made of that list comes first.
        same_hours: Whether it may not be rung at this hour: others are rung
            meanwhile, and only those with the same hours wait with it.
    """
    client, keys = server.client, server.keys
    account, campaign, calendar, pool = job.lane.split("/", 3)
    with translated():
        rank = None if listed else client.zscore(keys.lane(job.lane), job.id)
        if rank is None and not listed:
            return Ahead()
        asleep = {
            lane: wakes
            for lane, wakes in client.zrange(keys.asleep, 0, -1, withscores=True)
            if lane.startswith((f"{account}/-/", f"{account}/{campaign}/"))
        }
        lanes = {job.lane, *asleep, *client.zrange(keys.awake(account), 0, -1)}
        if job.campaign:
            lanes.update(client.zrange(keys.campaign_awake(account, job.campaign), 0, -1))
        if same_hours:
            lanes = {one for one in lanes if one.startswith(f"{account}/{campaign}/{calendar}/")}
        with client.pipeline(transaction=False) as pipe:
            for lane in lanes:
                pipe.zcount(keys.lane(lane), "-inf", "+inf" if listed else f"({rank:.0f}")
            counts = dict(zip(lanes, pipe.execute(), strict=True))
    wakes = asleep.get(job.lane, 0)
    first = {lane for lane in lanes if lane == job.lane or asleep.get(lane, 0) <= wakes}
    crew = set(crew_of(pool))
    return Ahead(
        first=sum(counts[lane] for lane in first),
        crew=sum(
            counts[lane] for lane in first if crew.issuperset(crew_of(lane.split("/", 3)[3]) or "?")
        ),
        asleep=sum(counts[lane] for lane in lanes - first),
    )
