"""
A reader of many orders that mostly differ in numbers, keys and times.

No rule of a call depends on which plain numbers it rings, but that both sides differ
(`dialer.domain.campaign.call_factory` goes by the same). So an order that was found valid
stands for all that are written like it: of the next one only numbers, key and times are read.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from dialer.domain.call.leg import SIDES
from dialer.domain.call.number import canonical
from dialer.domain.job.order import NO_EXTRA, AllowedExtra, Order

#: Orders that are remembered; more in one file means that they do not repeat.
_MOST: Final = 4096
#: No more names than a call has: an order of more is read whole, and refused.
_MOST_NAMES: Final = 40
#: What may differ between orders that are alike.
_OWN: Final = frozenset({*SIDES, "key", "not_before", "not_after", "metadata"})
#: Values of which equal ones of one type mean the same.
_COMPARABLE: Final = frozenset({str, int, bool, type(None)})


class OrderReader:
    """Reads orders as `Order.parse` does, and remembers those that stand for others."""

    def __init__(self, allowed_extra: AllowedExtra = NO_EXTRA) -> None:
        self._allowed = allowed_extra
        self._known: dict[tuple[object, ...], Order] = {}

    def read(self, raw: Mapping[str, object]) -> Order:
        """
        Return the order of *raw*: a call's parameters and an order's fields, mixed.

        Raises:
            InvalidCall: As `Order.parse`.
        """
        shape = _shape(raw)
        known = self._known.get(shape) if shape else None
        if known and (alike := _alike(known, raw)):
            return alike
        order = Order.parse(raw, allowed_extra=self._allowed)
        if shape and order.call.rings_plain_numbers:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[shape] = order
        return order


def _shape(raw: Mapping[str, object]) -> tuple[object, ...]:
    """Return all of an order that must be alike; () where that cannot be compared."""
    names = [name for name in raw if name not in _OWN]
    values = [raw[name] for name in names]
    types = tuple(map(type, values))
    if len(names) > _MOST_NAMES or not _COMPARABLE.issuperset(types):
        return ()
    return (*names, *values, types)


def _alike(known: Order, raw: Mapping[str, object]) -> Order | None:
    """Return a known order with another's numbers, key and times; None where the rules must say."""
    first, second = map(raw.get, SIDES)
    if not isinstance(first, str) or not isinstance(second, str):
        return None
    try:
        from_, to = _number(first), _number(second)
    except ValueError:  # it is several, or none
        return None
    return known.alike(raw, from_=from_, to=to) if from_ != to else None


@lru_cache(maxsize=_MOST)
def _number(text: str) -> str:
    return canonical(text)
