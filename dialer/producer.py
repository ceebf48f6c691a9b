"""
The producer's side: hand calls over, and learn what became of each.
"""

import getpass
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Self

from dialer.bootstrap import store_of
from dialer.call import ClickToCall
from dialer.errors import InvalidCall
from dialer.order import Order
from dialer.settings import Account, Settings
from dialer.store import Store
from dialer.store.jobs import BATCH, NewJob


class Verdict(StrEnum):
    """What became of an order."""

    #: A new job was made.
    CREATED = "created"
    #: The same key and call were handed over before: it is that job.
    DUPLICATE = "duplicate"
    #: The key was used for another call; nothing was made.
    CONFLICT = "conflict"
    #: The order breaks a rule; nothing was made.
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    The answer to one order.

    Attributes:
        verdict: What became of it.
        job_id: The job it made or was found to be; "" when rejected.
        state: The state of the job that was there before a conflict, or "".
        problems: What is wrong, as (field, rule) pairs; empty unless
            rejected or conflict.
        mode: "live", or "developer", in which the API rings nobody; "" when rejected.
    """

    verdict: Verdict
    job_id: str = ""
    state: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    mode: str = ""


class Dialer:
    """
    Enqueues calls; the way in for Python programs.

    Args:
        store: Where jobs are kept.
        settings: Which accounts there are, and the default deadline.
        who: Who enqueues, for the record of each job.
    """

    def __init__(self, store: Store, settings: Settings, *, who: str = "") -> None:
        self._store = store
        self._settings = settings
        self._who = who or _who_runs()

    @classmethod
    def from_settings(cls, settings: Settings | None = None, *, who: str = "") -> Self:
        """
        Connect as `dialer.toml` and the `DIALER_…` variables say.

        Raises:
            SettingsError: A setting breaks a rule, or no store is named.
            StoreUnavailable: The store does not answer.
            StoreRefused: The store is not safe to use.
        """
        settings = settings or Settings.load()
        return cls(store_of(settings), settings, who=who)

    def enqueue(
        self,
        call: ClickToCall,
        *,
        key: str | None = None,
        account: str = "default",
        priority: int = 5,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        customer: str | None = None,
    ) -> Receipt:
        """
        Hand one call over; handing the same thing over again is the same job.

        Args:
            call: What is asked of the API.
            key: Your own name for this call. Without one the content is the
                key: the same call, wanted a second time, then needs a key.
            account: Through which account.
            priority: 0 to 9, 9 first.
            not_before: Aware; when it may be dialled. At once when None.
            not_after: Aware; no attempt starts after it. Within `jobs.deadline` when None.
            customer: The side that the rules protect: to, from or both; the
                account's own setting when None.

        Returns:
            The receipt: created, duplicate or conflict.

        Raises:
            InvalidCall: A rule is broken; nothing was enqueued.
            StoreRefused: The store is full; nothing was enqueued.
            StoreUnavailable: The store did not answer. Call again with the
                same arguments: the job is made once.
        """
        order = Order(
            call,
            key=key,
            account=account,
            priority=priority,
            not_before=not_before,
            not_after=not_after,
            customer=customer,  # type: ignore[arg-type]  # Order checks it
        )
        receipt = next(self.enqueue_many([order]))
        if receipt.verdict is Verdict.REJECTED:
            raise InvalidCall(list(receipt.problems))
        return receipt

    def enqueue_many(
        self, orders: Iterable[Order], *, allow_duplicates: bool = False
    ) -> Iterator[Receipt]:
        """
        Hand many orders over, in batches; one receipt each, in order.

        Args:
            orders: Read lazily.
            allow_duplicates: Make a job for every order without a key, also
                when the same content was handed over before.

        Raises:
            StoreRefused, StoreUnavailable: As `enqueue`; receipts before it hold.
        """
        rest = iter(orders)
        while batch := list(islice(rest, BATCH)):
            yield from self._enqueue_batch(batch, allow_duplicates=allow_duplicates)

    def _enqueue_batch(self, orders: list[Order], *, allow_duplicates: bool) -> Iterator[Receipt]:
        prepared: list[NewJob | Receipt] = []
        for order in orders:
            given = (
                replace(order, key=_fresh_key()) if allow_duplicates and not order.key else order
            )
            try:
                prepared.append(new_job(given, self._settings))
            except InvalidCall as error:
                prepared.append(Receipt(Verdict.REJECTED, problems=tuple(error.problems)))
        jobs = [entry for entry in prepared if isinstance(entry, NewJob)]
        answers = iter(self._store.jobs.enqueue(jobs, who=self._who))
        for entry in prepared:
            yield _receipt(entry, next(answers)) if isinstance(entry, NewJob) else entry


def new_job(order: Order, settings: Settings) -> NewJob:
    """
    Make the job that an order asks for.

    Raises:
        InvalidCall: Its account is unknown, or does not allow what it asks.
    """
    account = _account(order, settings.accounts)
    call = order.call
    call.check_extra(account.extra_params)
    order = order.with_customer(account.customer)
    customer, mode = order.customer or account.customer, order.mode(account.mode)
    job_id, digest = order.identity(mode)
    return NewJob(
        id=job_id,
        digest=digest,
        key=order.key or "",
        account=account.name,
        mode=mode,
        lane=f"{account.name}/-/-/{call.pool}",
        priority=order.priority,
        not_before=order.not_before,
        not_after=order.not_after,
        deadline=settings.jobs.deadline,
        customer=customer,
        protected=call.protected(customer),
        rings=call.rings(customer),
        ring_lead=call.ring_lead(customer),
        longest_ring=call.longest_ring(),
        talk_limit=call.talk_limit,
        content=call.content(),
    )


def _account(order: Order, accounts: Mapping[str, Account]) -> Account:
    if order.account not in accounts:
        known = f"the accounts are: {', '.join(sorted(accounts))}"
        if not accounts:
            known = f"none is configured: write [accounts.{order.account}] in dialer.toml"
        raise InvalidCall([("account", f'"{order.account}" is unknown; {known}')])
    return accounts[order.account]


def _who_runs() -> str:
    try:
        return f"{getpass.getuser()}@python"
    except (OSError, KeyError):  # a container's user may have no name
        return "python"


def _fresh_key() -> str:
    return f"unkeyed-{secrets.token_hex(12)}"


def _receipt(job: NewJob, answer: str) -> Receipt:
    word, _, state = answer.partition(":")
    if word == "late":
        return Receipt(Verdict.REJECTED, problems=(("not_after", "has passed"),))
    if word == Verdict.CONFLICT:
        key = f'"{job.key}"' if job.key else "this content"
        rule = f"{key} was used for another call (job {job.id}, {state})"
        return Receipt(Verdict.CONFLICT, job.id, state, (("key", rule),), job.mode)
    return Receipt(Verdict(word), job.id, state, mode=job.mode)
