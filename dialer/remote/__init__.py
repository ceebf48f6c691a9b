"""
The Python client of the HTTP service, with the face of `Dialer`.

    from dialer.remote import RemoteDialer

    dialer = RemoteDialer("https://calls.example.com", key="dlr_…")
    receipt = dialer.enqueue(ClickToCall(from_="9000000001", to="9000000002"), key="order-17")

It needs neither the settings nor a password of the store. A request that is not answered is sent
again where that does no harm: a question, and a call, which has its key.

    campaigns.py  campaigns, their lists and contacts
    refusals.py   what the service refuses, as errors
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, Final, Self
from urllib.parse import quote

import requests

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.receipt import Moved, Receipt, Verdict
from dialer.errors import InvalidCall, JobNotFound, StateConflict, StoreUnavailable
from dialer.remote.campaigns import RemoteCampaigns
from dialer.remote.refusals import RemoteRefused, error_of

__all__ = ["RemoteDialer", "RemoteJob", "RemoteRefused"]

#: The default account, as `Dialer.enqueue` has it.
_DEFAULT: Final = "default"
_PATIENCE: Final = timedelta(seconds=30)
_TRIES: Final = 4
_PAUSE: Final = 0.2
#: Rows of one request.
_BATCH: Final = 1000
_PAGE: Final = 1000
_AGAIN: Final = (429, 502, 503, 504)
_KEY_REQUIRED: Final = "is missing: give the call a name of its own, such as the number of an order"


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the service shows it; fields are those of `Job`, numbers as the key may see them."""

    id: str
    key: str
    state: str
    account: str
    mode: str
    campaign: str
    priority: int
    customer: str
    tries: int
    created: datetime
    entered: datetime
    due: datetime | None
    not_after: datetime
    code: str
    call_id: str
    reason: str

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a job from an answer."""
        times: dict[str, Any] = {
            name: _moment(body[name]) for name in ("created", "entered", "due", "not_after")
        }
        texts = {name: body[name] or "" for name in ("key", "campaign", "code", "call_id")}
        plain = ("id", "state", "account", "mode", "priority", "customer", "tries", "reason")
        return cls(**{**{name: body[name] for name in plain}, **texts, **times})


class RemoteDialer:
    """
    Hands calls over, looks at them and stops them, over HTTP.

    Args:
        url: The service's, such as "https://calls.example.com".
        key: Made by `dialer key create`.
        timeout: The longest wait for an answer.
        sleep: Waits so many seconds before a request is sent again.

    Every method raises StoreUnavailable where the service, or its store, does not answer after
    some tries: what was asked may have been done, and may be asked again.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        timeout: timedelta = _PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self._timeout, self._sleep = url.rstrip("/"), timeout, sleep
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        )

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    @cached_property
    def campaigns(self) -> RemoteCampaigns:
        """Campaigns and their lists."""
        return RemoteCampaigns(self._ask)

    def enqueue(
        self,
        call: ClickToCall,
        *,
        key: str | None = None,
        account: str = _DEFAULT,
        priority: int = 5,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        customer: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        """
        Hand one call over, as `Dialer.enqueue` does.

        Raises:
            InvalidCall: A rule is broken, or there is no key; nothing was enqueued.
            StoreFull, StoreUnavailable: Hand it over again, with the same key.
        """
        if key is None:
            raise InvalidCall([("key", _KEY_REQUIRED)])
        given = {
            "key": key,
            "account": account,
            "priority": priority,
            "not_before": not_before.isoformat() if not_before else None,
            "not_after": not_after.isoformat() if not_after else None,
            "customer": customer,
            "metadata": dict(metadata) if metadata else None,
        }
        row = {**call.parameters(), **{name: one for name, one in given.items() if one is not None}}
        (receipt,) = self.enqueue_rows([row])
        if receipt.verdict is Verdict.REJECTED:
            raise InvalidCall(list(receipt.problems))
        return receipt

    def enqueue_rows(
        self, rows: Iterable[Mapping[str, Any]], *, account: str | None = None
    ) -> Iterator[Receipt]:
        """Hand rows over, as `Dialer.enqueue_rows` does; each has its own key."""
        rest = iter(rows)
        while batch := [dict(row) for row in islice(rest, _BATCH)]:
            for row in batch:
                if account is not None:
                    row.setdefault("account", account)
            answer = self._ask("POST", "/v1/calls/batch", json=batch, again=True)
            for row, found in zip(batch, answer["results"], strict=True):
                yield self._receipt(row, found)

    def get(self, job_id: str) -> RemoteJob:
        """Read a job by its id; JobNotFound where there is none."""
        return RemoteJob.read(self._ask("GET", f"/v1/calls/{quote(job_id, safe='')}"))

    def find(self, key: str, account: str = _DEFAULT) -> RemoteJob:
        """Read the job that a key names; JobNotFound where there is none."""
        asked = {"key": key, "account": account}
        found = self._ask("GET", "/v1/calls", params=asked)["data"]
        if not found:
            raise JobNotFound(f'no job of account {account} has the key "{key}"')
        live = [one for one in found if one["mode"] == "live"]
        return RemoteJob.read((live or found)[0])

    def jobs(
        self,
        *,
        state: str | None = None,
        account: str | None = None,
        campaign: str | None = None,
    ) -> Iterator[RemoteJob]:
        """List jobs, the last made first, as they are read."""
        cursor = None
        while True:
            asked = {"state": state, "account": account, "campaign": campaign, "limit": _PAGE}
            answer = self._ask("GET", "/v1/calls", params={**asked, "cursor": cursor})
            yield from map(RemoteJob.read, answer["data"])
            if (cursor := answer["next_cursor"]) is None:
                return

    def cancel(self, ids: Iterable[str], *, reason: str = "cancelled") -> Moved:
        """Take jobs back, as `Dialer.cancel` does."""
        done: list[str] = []
        refused: dict[str, str] = {}
        for one in ids:
            try:
                path = f"/v1/calls/{quote(one, safe='')}/cancel"
                self._ask("POST", path, json={"reason": reason}, again=True)
                done.append(one)
            except JobNotFound:
                refused[one] = "missing"
            except StateConflict:
                refused[one] = self.get(one).state
        return Moved(done, refused)

    def hold(self, scope: Mapping[str, str], *, reason: str, owner: str | None = None) -> None:
        """Stop calls: when this returns none of the scope starts."""
        body = {"scope": dict(scope), "reason": reason, "owner": owner}
        self._ask("POST", "/v1/holds", json=body, again=True)

    def release(self, scope: Mapping[str, str], *, reason: str, owner: str | None = None) -> bool:
        """Take one owner's hold off; False where there was none."""
        body = {"scope": dict(scope), "reason": reason, "owner": owner}
        return bool(self._ask("POST", "/v1/holds/release", json=body)["done"])

    def suppress(self, numbers: Iterable[str], *, reason: str, account: str | None = None) -> int:
        """Put numbers on the do-not-call list; how many were not on it before."""
        body = {"numbers": list(numbers), "reason": reason, "account": account}
        return int(self._ask("POST", "/v1/suppressions", json=body)["changed"])

    def _receipt(self, row: Mapping[str, Any], found: Mapping[str, Any]) -> Receipt:
        verdict = Verdict(found["verdict"])
        problems = tuple(
            (str(one.get("pointer", "")).lstrip("/").replace("/", "."), str(one["detail"]))
            for one in found["errors"]
        )
        mode = "developer" if row.get("mode") == "developer" else ""
        return Receipt(verdict, found["id"] or "", problems=problems, mode=mode)

    def _ask(
        self, method: str, path: str, *, again: bool = False, campaign: bool = False, **more: Any
    ) -> Any:
        """Send a request, and once more where that does no harm and nobody answered."""
        tries = _TRIES if again or method == "GET" else 1
        for left in reversed(range(tries)):
            try:
                answer = self._session.request(
                    method, self._url + path, timeout=self._timeout.total_seconds(), **more
                )
            except requests.RequestException as error:
                if not left:
                    name = type(error).__name__
                    raise StoreUnavailable(f"the service does not answer ({name})") from None
                self._sleep(_PAUSE * 2 ** (tries - left))
                continue
            if answer.ok:
                return answer.json()
            if answer.status_code not in _AGAIN or not left:
                raise error_of(answer, campaign=campaign)
            self._sleep(float(answer.headers.get("Retry-After", _PAUSE)))
        raise AssertionError("unreachable")


def _moment(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else None
