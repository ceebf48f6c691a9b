"""Intake: each call that is handed over becomes a job, and gets its receipt."""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job_factory import JobFactory
from dialer.domain.job.new_job import BATCH, NewJob
from dialer.domain.job.order import DEFAULT_ACCOUNT, AllowedExtra, Order
from dialer.domain.job.order_reader import OrderReader
from dialer.domain.job.receipt import Receipt, Verdict
from dialer.errors import InvalidCall
from dialer.settings import Settings
from dialer.store import Store

#: Batches that are sent before the answer to an earlier one is read: the store never waits for us.
_AHEAD: Final = 2
_KEY_REQUIRED: Final = (
    'is missing: give the call a name of its own, such as "order-17", and it is made once however'
    " often it is handed over; or say by_content=True: then what is asked for is its name"
)


@dataclass(frozen=True, slots=True, repr=False)
class Intake:
    """The use cases of a producer; *who* is on record in each job."""

    store: Store
    settings: Settings
    who: str
    # Kept, so that a call that comes alone gains by those that came before; both are bounded.
    _reader: OrderReader = field(init=False, compare=False)
    _factories: dict[str, JobFactory] = field(init=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reader", OrderReader(self.allowed_extra))

    def enqueue(
        self,
        call: ClickToCall,
        *,
        key: str | None = None,
        by_content: bool = False,
        account: str = DEFAULT_ACCOUNT,
        priority: int = 5,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        customer: str | None = None,
    ) -> Receipt:
        """
        Hand one call over; handing the same thing over again is the same job.

        Args:
            call: The parameters of the request.
            key: Your own name for this call, such as the number of an order. The
                same key never makes a second call.
            by_content: Do without a key: the call and its times are the name. The
                same call, wanted a second time, then needs a key.
            account: The name of the account that calls.
            priority: 0 to 9, 9 first.
            not_before: Aware; when it may be dialled. At once when None, or when it has passed.
            not_after: Aware; no attempt starts after it. Within `jobs.deadline` when None.
            customer: The side that the rules protect: to, from or both. When None, the
                one with phone numbers, or the account's choice where both have some.

        Returns:
            The receipt: created, duplicate or conflict.

        Raises:
            InvalidCall: A rule is broken, or neither a key nor *by_content* is given;
                nothing was enqueued.
            StoreRefused: The store is full; nothing was enqueued.
            StoreUnavailable: The store did not answer. Call again with the
                same arguments: the job is made once.
        """
        if not isinstance(call, ClickToCall):
            rule = f"must be a ClickToCall, not {type(call).__name__}; rows go to enqueue_rows"
            raise InvalidCall([("call", rule)])
        if key is None and not by_content:
            raise InvalidCall([("key", _KEY_REQUIRED)])
        order = Order(
            call,
            key=key,
            account=account,
            priority=priority,
            not_before=not_before,
            not_after=not_after,
            customer=customer,  # type: ignore[arg-type]  # Order checks it
        )
        (receipt,) = self.enqueue_many([order])
        if receipt.verdict is Verdict.REJECTED:
            raise InvalidCall(list(receipt.problems))
        return receipt

    def enqueue_rows(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        account: str = DEFAULT_ACCOUNT,
        by_content: bool = False,
        allow_duplicates: bool = False,
    ) -> Iterator[Receipt]:
        """
        Hand rows over, as a JSONL file holds them; a row that breaks a rule gets a receipt too.

        As the receipts are read: without reading them nothing is handed over.

        Args:
            rows: Read lazily. Each is a call's parameters by wire name, with `key`, `account`,
                `priority`, `not_before`, `not_after` and `customer` beside them.
            account: The account of a row that names none.
            by_content: Let the content of a row without a key be its key.
            allow_duplicates: As for `enqueue_many`.

        Raises:
            StoreRefused, StoreUnavailable: As `enqueue_many`.
        """
        keyless = by_content or allow_duplicates
        orders = (_read(row, account, self._reader, keyless=keyless) for row in rows)
        return self.enqueue_many(orders, allow_duplicates=allow_duplicates)

    def enqueue_many(
        self, orders: Iterable[Order | InvalidCall], *, allow_duplicates: bool = False
    ) -> Iterator[Receipt]:
        """
        Hand many orders over, in batches; one receipt each, in order.

        As the receipts are read: without reading them nothing is handed over.

        Args:
            orders: Read lazily; in the place of one that cannot be read, its error. The content
                of an order without a key is its key.
            allow_duplicates: Make a job for every order without a key, also when the same
                content was handed over before: done again, all of them are made again.

        Raises:
            StoreRefused, StoreUnavailable: As `enqueue`; receipts before it hold, and of the
                orders that were read and have none some may have been taken. What *orders*
                raises comes after the receipts of all that it gave before.
        """
        batches = _Batches(orders, partial(self._new_job, anew=allow_duplicates))
        # What has no name but its receipt could not be handed in again: one batch at a time.
        ahead = 0 if allow_duplicates else _AHEAD
        for answers in self.store.jobs.enqueue_each(batches, who=self.who, ahead=ahead):
            answered = iter(answers)
            for one in batches.made.popleft():
                if isinstance(one, NewJob):
                    yield _receipt(one, next(answered))
                else:
                    yield Receipt(Verdict.REJECTED, problems=tuple(one.problems))

    def read(self, row: Mapping[str, Any], account: str) -> NewJob | InvalidCall:
        """Make the job of a row that has a key, as `enqueue_rows` would, and store nothing."""
        order = _read(row, account, self._reader, keyless=False)
        return self._new_job(order, anew=False)

    @property
    def allowed_extra(self) -> AllowedExtra:
        """The undocumented parameters that each account may send."""
        return {name: one.extra_params for name, one in self.settings.accounts.items()}

    def _new_job(self, order: Order | InvalidCall, *, anew: bool) -> NewJob | InvalidCall:
        if isinstance(order, InvalidCall):
            return order
        if not isinstance(order, Order):
            return InvalidCall([("order", f"must be an Order, not {type(order).__name__}")])
        if anew and not order.key:
            order = order.with_key(f"unkeyed-{secrets.token_hex(12)}")
        try:
            if order.account not in self._factories:
                self._factories[order.account] = _factory(order, self.settings)
            return self._factories[order.account].job(order)
        except InvalidCall as error:
            return error


class _Batches(Iterator[list[NewJob]]):
    """
    The jobs of orders, in batches for the store.

    What the source of the orders raises comes after the batch of all that it gave before.

    Attributes:
        made: For each batch that has no receipts yet, its jobs, and the errors among them.
    """

    def __init__(
        self,
        orders: Iterable[Order | InvalidCall],
        new_job: Callable[[Order | InvalidCall], NewJob | InvalidCall],
    ) -> None:
        self.made: deque[list[NewJob | InvalidCall]] = deque()
        self._orders, self._new_job = iter(orders), new_job
        self._broken: BaseException | None = None

    def __next__(self) -> list[NewJob]:
        if self._broken:
            raise self._broken
        batch: list[Order | InvalidCall] = []
        try:
            batch.extend(islice(self._orders, BATCH))
        except BaseException as error:  # Ctrl-C, too: what was read has its receipt then
            if not batch:
                raise
            self._broken = error
        if not batch:
            raise StopIteration
        made = [self._new_job(order) for order in batch]
        self.made.append(made)
        return [one for one in made if isinstance(one, NewJob)]


def _read(
    row: Mapping[str, object], account: str, reader: OrderReader, *, keyless: bool
) -> Order | InvalidCall:
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        return InvalidCall([("line", "is not an object with named parameters")])
    named = {**row, "account": account} if row.get("account") is None else row
    try:
        order = reader.read(named)
    except InvalidCall as error:
        return error
    return order if order.key or keyless else InvalidCall([("key", _KEY_REQUIRED)])


def _receipt(job: NewJob, answer: str) -> Receipt:
    """Read the answer of `dialer.store.jobs.Jobs.enqueue` to a new job."""
    word, _, state = answer.partition(":")
    by_content = not job.key
    if word == "late":
        return Receipt(Verdict.REJECTED, problems=(("not_after", "has passed"),))
    if word == Verdict.DUPLICATE:
        return Receipt(Verdict.DUPLICATE, state or job.id, mode=job.mode, by_content=by_content)
    if word == Verdict.CONFLICT:
        key = f'"{job.key}"' if job.key else "this content"
        problem = ("key", f"{key} was used for another call (job {job.id}, {state})")
        return Receipt(Verdict.CONFLICT, job.id, state, (problem,), job.mode, by_content)
    return Receipt(Verdict(word), job.id, state, mode=job.mode, by_content=by_content)


def _factory(order: Order, settings: Settings) -> JobFactory:
    """Make the factory of an order's account; InvalidCall: it is unknown."""
    accounts = settings.accounts
    if order.account not in accounts:
        known = f"the accounts are: {', '.join(sorted(accounts))}"
        if not accounts:
            known = f"none is configured: write [accounts.{order.account}] in dialer.toml"
        raise InvalidCall([("account", f'"{order.account}" is unknown; {known}')])
    account = accounts[order.account]
    return JobFactory(
        account.name,
        mode=account.mode,
        customer=account.customer,
        extra_params=account.extra_params,
        deadline=settings.jobs.deadline,
    )
