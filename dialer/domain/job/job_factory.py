"""
A factory of the jobs of one account's orders.

Calls that differ in two plain numbers alone share all that is computed of a call: rings, times,
agents. It is computed once for all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final, NamedTuple, get_args

from dialer.domain.call.agents import numbers_pool, pool_of
from dialer.domain.call.call import ClickToCall, Customer
from dialer.domain.job.lane import Lane
from dialer.domain.job.metadata import written_metadata
from dialer.domain.job.new_job import NewJob
from dialer.domain.job.order import Mode, Order

#: Kinds of calls that are remembered.
_MOST: Final = 4096


class _Common(NamedTuple):
    """What calls that are alike have in common, once it is known which leg is the customer."""

    customer: Customer
    rings: tuple[int, ...]
    ring_lead: timedelta
    longest_ring: timedelta
    talk_limit: timedelta | None
    also: str
    mode: Mode


@dataclass
class JobFactory:
    """
    Makes jobs, and remembers what calls that are alike have in common.

    Attributes:
        account: Its name.
        mode: The account's.
        customer: The leg it protects where both have phone numbers.
        extra_params: The undocumented parameters it may send.
        deadline: Of a job that says none.
    """

    account: str
    mode: Mode
    customer: Customer
    extra_params: Collection[str]
    deadline: timedelta

    def __post_init__(self) -> None:
        self._known: dict[tuple[object, ...], _Common] = {}

    def job(self, order: Order) -> NewJob:
        """
        Make the job of an order.

        Raises:
            InvalidCall: The account does not allow a parameter of it.
        """
        call, frame = order.call, order.call.frame
        common = self._known.get((order.customer, frame)) if frame else None
        if common is None:
            call.check_extra(self.extra_params)
            common = self._common(order)
            if len(self._known) >= _MOST:
                self._known.clear()
            if frame:
                self._known[order.customer, frame] = common
        pool = numbers_pool(call.from_) if frame else pool_of(call)
        twins = order.identities(self.mode)
        # Of an order that names no leg there is one under each, of which the account's is its own.
        own = twins[0 if order.customer else get_args(Customer).index(common.customer)]
        return NewJob(
            id=own[0],
            digest=own[1],
            key=order.key or "",
            account=self.account,
            mode=common.mode,
            lane=_lane(self.account, pool),
            priority=order.priority,
            not_before=order.not_before,
            not_after=order.not_after,
            deadline=self.deadline,
            customer=common.customer,
            protected=_protected(call, common.customer, plain=frame is not None),
            rings=common.rings,
            ring_lead=common.ring_lead,
            longest_ring=common.longest_ring,
            talk_limit=common.talk_limit,
            content=call.content(),
            also=common.also,
            metadata=written_metadata(order.metadata),
            twins=tuple(twin for twin in twins if twin != own),
        )

    def _common(self, order: Order) -> _Common:
        call, customer = order.call, order.customer or order.call.protected_leg(self.customer)
        return _Common(
            customer=customer,
            rings=call.rings(customer),
            ring_lead=call.ring_lead(customer),
            longest_ring=call.longest_ring(),
            talk_limit=call.talk_limit,
            also=call.also,
            mode=order.mode(self.mode),
        )


def _protected(call: ClickToCall, customer: Customer, *, plain: bool) -> tuple[str, ...]:
    if not plain:
        return call.protected(customer)
    sides = {"from": call.from_, "to": call.to, "both": (*call.from_, *call.to)}
    return sides[customer]


@lru_cache(maxsize=_MOST)
def _lane(account: str, pool: str) -> str:
    return str(Lane(account, pool=pool))
