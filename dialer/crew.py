"""
The crew of a call: whom it rings first, and how many calls they may have going on at once.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from dialer.call import ClickToCall
from dialer.campaign import Campaign
from dialer.errors import InvalidCall
from dialer.job import NUMBERS
from dialer.number import canonical

#: What a contact says of whom it rings first: `from` and `fromType`, as they were written.
Whom = tuple[str, str]
#: Columns by which two calls of a campaign may ring different people first.
WHOM: Final = frozenset({"from", "fromType"})
#: Columns by which two calls of a campaign may wait in different lanes.
POOL: Final = WHOM | {"fromWebLogin", "fromCallLogin"}
#: Stand-ins for the sides that a column fills.
_NOBODY: Final = {"from": "+919000099998", "to": "+919000099999"}


def pool_of(call: ClickToCall) -> str:
    """
    Name whom a call rings first, as the last part of a lane.

    Plain numbers are counted under a digest, so that none is in a key.
    """
    if call.pool:
        return call.pool
    digests = sorted(hashlib.sha256(one.encode()).hexdigest()[:16] for one in call.from_)
    return NUMBERS + ",".join(digests)


def crew_of(pool: str) -> list[str]:
    """
    Name whom a pool rings, one by one; as prologue.lua.

    Args:
        pool: The last part of a lane.
    """
    kind, _, rest = pool.partition(":")
    return [f"{kind}:{one}" for one in rest.split("/")[0].split(",")] if kind else []


def crew_written(whom: str, kind: str) -> list[str]:
    """
    Name whom a row rings one by one, however it writes them.

    Args:
        whom: `from`, as it was written.
        kind: `fromType`, the same.
    """
    kind = kind.lower()
    ones = {one.strip() for one in whom.split(",")}
    return sorted(f"{kind}:{_plain(one) if kind == 'number' else one}" for one in ones)


def whom_in(campaign: Campaign) -> Callable[[Sequence[str]], Whom]:
    """
    Return a reader of whom contacts of a campaign ring first.

    It takes the values of one in the order of `Template.names`.
    """
    names = campaign.template.names
    usual = (str(campaign.call.get("from", "")), str(campaign.call.get("fromType", "Number")))
    places = [names.index(one) if one in names else None for one in ("from", "fromType")]

    def read(values: Sequence[str]) -> Whom:
        # An empty cell is as if there was no such column.
        whom, kind = ("" if place is None else values[place] for place in places)
        return whom or usual[0], kind or usual[1]

    return read


def crew_limit(pool: str, per_agent: int | None) -> int:
    """
    Say how many calls a crew may have going on, 0 for no bound; as prologue.lua.

    Args:
        pool: The last part of a lane.
        per_agent: `Campaign.live_per_agent`.
    """
    if per_agent is None:
        per_agent = 0 if pool.startswith("group:") else 1
    return len(crew_of(pool)) * per_agent


def sample_call(campaign: Campaign) -> ClickToCall | None:
    """
    Return a call as its contacts get one, columns filled with what belongs to nobody.

    None where no call without the other columns is valid.
    """
    values = {}
    for side, number in _NOBODY.items():
        if side in campaign.columns:
            kind = str(campaign.call.get(f"{side}Type", "Number")).lower()
            values[side] = number if kind == "number" else number[-1]
    try:
        return campaign.template.call(values)
    except InvalidCall:
        return None


def shared_pool(campaign: Campaign) -> str | None:
    """
    Name the pool of all calls of a campaign; None where its rows say whom, or it is not known.
    """
    if not POOL.isdisjoint(campaign.columns):
        return None
    call = sample_call(campaign)
    return pool_of(call) if call else None


def _plain(text: str) -> str:
    try:
        return canonical(text)
    except ValueError:
        # It is refused when its turn comes.
        return text
