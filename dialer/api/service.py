"""The service behind the door: one `Dialer`, known keys, threads, and who asks."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, ParamSpec, TypeVar

from fastapi import Request

from dialer.api.gathering import Gatherer
from dialer.api.problems import ApiProblem
from dialer.api.rates import Places, Rates
from dialer.bootstrap.dialer import Dialer
from dialer.diagnosis.prospects import Prospect, Prospects
from dialer.domain.api_key import ApiKey, ApiScope
from dialer.domain.call.number import mask as mask_number
from dialer.domain.job.job import Job
from dialer.domain.job.order import DEFAULT_ACCOUNT
from dialer.errors import JobNotFound
from dialer.services.api_keys.ring import KeyRing
from dialer.services.calls.handover import HandOver
from dialer.text.masking import mask

log = logging.getLogger("dialer.api")

#: Questions to the store that go on at once in one process; the hot path has its own two.
THREADS: Final = 32

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Service:
    """
    What all requests of one process share.

    Args:
        dialer: The whole system, in nobody's name.
        ring: Checks keys.
    """

    def __init__(self, dialer: Dialer, ring: KeyRing) -> None:
        self.dialer = dialer
        self.ring = ring
        self.settings = dialer.settings.api
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="api")
        # Two steps go on at once, and each thinks ahead by facts of its own.
        self._steps = ThreadPoolExecutor(2, thread_name_prefix="steps")
        self.gatherer = Gatherer(self._steps)
        self.rates = Rates(self.settings.requests_per_second)
        self.batches = Places(4, "batches")
        self.uploads = Places(8, "uploads")
        self._callers: dict[str, tuple[ApiKey, ApiCaller]] = {}
        self._refreshing: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End the threads, when their work is done, and the connection to the store."""
        self._steps.shutdown()
        self._threads.shutdown()
        self.dialer.close()

    @cached_property
    def signing_secret(self) -> str:
        """Signs cursors; ask for it in a thread."""
        return self.dialer.api_keys.signing_secret()

    async def run(self, work: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
        """Do something that asks the store, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **options))

    async def identify(self, request: Request) -> "ApiCaller":
        """
        Say who sends a request.

        Raises:
            ApiProblem: It carries no valid key.
            StoreUnavailable, StoreRefused: The keys could not be read: none opens anything.
        """
        if not self.ring.fresh:
            await self._refresh()
        scheme, _, written = request.headers.get("authorization", "").partition(" ")
        key = self.ring.check(written.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise ApiProblem(
                "unauthorized",
                "send a valid key as Authorization: Bearer dlr_…; dialer key create makes one",
            )
        self.rates.take(key.prefix)
        if self.ring.to_note(key):
            self._threads.submit(self._note, key)
        known = self._callers.get(key.prefix)
        if known is None or known[0] != key:
            # A key that was read anew has another last use; all else of it never changes.
            known = self._callers[key.prefix] = (key, ApiCaller(self, key))
        return known[1]

    async def still_valid(self, key: ApiKey) -> None:
        """
        Refuse to go on with a long request whose key ended meanwhile.

        Raises:
            ApiProblem: It did.
        """
        if not self.ring.fresh:
            await self._refresh()
        if not self.ring.stands(key):
            raise ApiProblem("unauthorized", "the key of this request was revoked, or is over")

    async def _refresh(self) -> None:
        # Of many requests one asks; the others wait for it.
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.run(self.ring.refresh))
        await asyncio.shield(self._refreshing)

    def _note(self, key: ApiKey) -> None:
        try:
            self.ring.note(key)
        except Exception:  # noqa: BLE001 - it is written a minute later; the request goes on
            log.warning("the last use of key %s could not be written down", key.prefix)


@dataclass
class ApiCaller:
    """Whoever sends a request: an API key, and the system as it is for that key."""

    service: Service
    key: ApiKey

    @cached_property
    def dialer(self) -> Dialer:
        """The system in this key's name; accounts that are not its own do not exist."""
        return self.service.dialer.named(self.key.name, self.key.accounts)

    @cached_property
    def hand_over(self) -> HandOver:
        """Takes the calls of this key."""
        return HandOver(self.dialer, Prospects(self.service.dialer.explainer))

    @property
    def default_account(self) -> str:
        """The account that is meant where none is named."""
        accounts = self.key.accounts
        return next(iter(accounts)) if accounts and len(accounts) == 1 else DEFAULT_ACCOUNT

    def need(self, scopes: Collection[ApiScope]) -> None:
        """
        Refuse a key that has none of these scopes.

        Raises:
            ApiProblem: It has none.
        """
        if not self.key.may(scopes):
            names = " or ".join(scopes)
            raise ApiProblem(
                "scope", f"this needs a key with the scope {names}: dialer key create --scope …"
            )

    def need_everything(self) -> None:
        """
        Refuse a key that is bound to accounts.

        Raises:
            ApiProblem: It is.
        """
        if self.key.accounts is not None:
            detail = "this key is bound to accounts, and this is about everything"
            raise ApiProblem("scope", detail)

    def sees(self, job: Job) -> bool:
        """Say whether a job exists for this key: one of enqueue alone sees what it made."""
        if not self.key.may_use(job.account):
            return False
        if self.key.may((ApiScope.READ, ApiScope.OPERATE)):
            return True
        made = job.events[0] if job.events else None
        return made is not None and not made.source and made.who == self.key.name

    def job(self, job_id: str) -> Job:
        """
        Read a job.

        Raises:
            JobNotFound: There is none for this key.
        """
        try:
            job = self.dialer.get(job_id)
        except JobNotFound:
            job = None
        if job is None or not self.sees(job):
            raise JobNotFound("no job has this id; it may have been pruned after its retention")
        return job

    def look_ahead(self, jobs: Sequence[Job]) -> list[Prospect]:
        """Say of each job what stands in its way now."""
        return Prospects(self.service.dialer.explainer).of(jobs)

    def number(self, number: str) -> str:
        """Write a phone number as this key may read it."""
        return number if self.key.reveal else mask_number(number)

    def words(self, text: str) -> str:
        """Write free text as this key may read it."""
        return text if self.key.reveal else mask(text)


def service_of(request: Request) -> Service:
    """Return the service that an application carries."""
    found: Any = request.app.state.service
    return found  # type: ignore[no-any-return]  # Starlette's state has no types
