"""Agents that contacts ring first, where their rows say so."""

from collections.abc import Callable, Sequence
from typing import Final

from dialer.domain.campaign.campaign import Campaign

#: What a contact says of whom it rings first: `from` and `fromType`, as they were written.
Whom = tuple[str, str]
#: Columns by which two calls of a campaign may ring different people first.
WHOM: Final = frozenset({"from", "fromType"})
#: Columns by which two calls of a campaign may wait in different lanes.
POOL: Final = WHOM | {"fromWebLogin", "fromCallLogin"}


def whom_in(campaign: Campaign) -> Callable[[Sequence[str]], Whom]:
    """Return a reader of *campaign*'s rows, values by `Template.names`, that gives their `Whom`."""
    names = campaign.template.names
    usual = (str(campaign.call.get("from", "")), str(campaign.call.get("fromType", "Number")))
    places = [names.index(one) if one in names else None for one in ("from", "fromType")]

    def read(values: Sequence[str]) -> Whom:
        # An empty cell is as if there was no such column.
        whom, kind = ("" if place is None else values[place] for place in places)
        return whom or usual[0], kind or usual[1]

    return read
