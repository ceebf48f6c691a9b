"""Queue position: ready jobs ahead of another one."""

from dialer.domain.call.agents import crew_of
from dialer.domain.job.job import Job
from dialer.domain.job.lane import Ahead, Lane
from dialer.store.redis.failures import translated
from dialer.store.redis.server import Server


def ahead_of(server: Server, job: Job, *, listed: bool = False, same_hours: bool = False) -> Ahead:
    """
    Ready jobs of the same account that come before one; none unless it is ready or listed.

    Direct calls count all direct ones of better rank, a campaign's those and its own. Other
    campaigns take turns with it and are left out. Before a *listed* one, still in the list of
    its campaign, comes each job that was made of that list. With *same_hours* it may not be
    rung at this hour: others are rung meanwhile, and only those with the same hours wait with it.
    """
    client, keys = server.client, server.keys
    own = Lane.parse(job.lane)
    with translated():
        rank = None if listed else client.zscore(keys.lane(job.lane), job.id)
        if rank is None and not listed:
            return Ahead()
        asleep = {
            lane: wakes
            for lane, wakes in client.zrange(keys.asleep, 0, -1, withscores=True)
            if (one := _lane(lane)) and one.account == own.account
            if one.campaign in ("", own.campaign)
        }
        names = {job.lane, *asleep, *client.zrange(keys.awake(own.account), 0, -1)}
        if own.campaign:
            names.update(client.zrange(keys.awake(own.account, own.campaign), 0, -1))
        lanes = {name: lane for name in names if (lane := _lane(name))}
        if same_hours:
            lanes = {name: lane for name, lane in lanes.items() if lane[:3] == own[:3]}
        with client.pipeline(transaction=False) as pipe:
            for lane in lanes:
                pipe.zcount(keys.lane(lane), "-inf", "+inf" if listed else f"({rank:.0f}")
            counts = dict(zip(lanes, pipe.execute(), strict=True))
    wakes = asleep.get(job.lane, 0)
    first = {name for name in lanes if name == job.lane or asleep.get(name, 0) <= wakes}
    crew = set(crew_of(own.pool))
    return Ahead(
        first=sum(counts[name] for name in first),
        crew=sum(
            counts[name] for name in first if crew.issuperset(crew_of(lanes[name].pool) or "?")
        ),
        asleep=sum(counts[name] for name in lanes.keys() - first),
    )


def _lane(name: str) -> Lane | None:
    try:
        return Lane.parse(name)
    except ValueError:  # it is damage
        return None
