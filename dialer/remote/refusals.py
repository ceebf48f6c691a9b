"""Problems that the service answers, as the errors of `Dialer`."""

from collections.abc import Callable

import requests

from dialer.domain.campaign.names import field_of
from dialer.errors import (
    CampaignChanged,
    CampaignFixed,
    CampaignNotFound,
    CampaignRefused,
    ContactNotFound,
    DialerError,
    InvalidCall,
    InvalidCampaign,
    InvalidRequest,
    JobNotFound,
    StateConflict,
    StoreFull,
    StoreUnavailable,
)
from dialer.lists import ListError


class RemoteRefused(DialerError):  # noqa: N818 - news, as those of dialer.errors
    """
    The service refused a request in another way than `Dialer` knows.

    Attributes:
        word: The last part of the problem's type.
        status: Of HTTP.
    """

    def __init__(self, word: str, status: int, detail: str) -> None:
        self.word, self.status = word, status
        super().__init__(f"{word}: {detail}")


def error_of(answer: requests.Response, *, campaign: bool = False) -> DialerError:
    """Make the error that `Dialer` would raise, or `Dialer.campaigns` where it is about one."""
    try:
        body = answer.json()
        word, detail = str(body["type"]).rpartition(":")[2], str(body["detail"])
    except (ValueError, KeyError, TypeError):
        return StoreUnavailable(f"the service answered {answer.status_code} without a reason")
    faults = [
        (str(one.get("pointer") or "").lstrip("/").replace("/", "."), str(one["detail"]))
        for one in body.get("errors", [])
    ]
    kinds: dict[str, Callable[[], DialerError]] = {
        "validation": lambda: InvalidCall(faults) if faults else InvalidRequest("request", detail),
        "store-full": lambda: StoreFull(detail),
        "store-unavailable": lambda: StoreUnavailable(detail),
        "state": lambda: StateConflict(
            "", expected="another state", actual=detail, verb="do that to"
        ),
        "not-found": lambda: _missing(detail),
    }
    if campaign:
        named = [(field_of(name), rule) for name, rule in faults if name]
        kinds["validation"] = lambda: InvalidCampaign(named) if named else ListError(detail)
        kinds["state"] = lambda: CampaignFixed(named) if named else CampaignRefused(detail)
        kinds["stale-revision"] = lambda: CampaignChanged(detail)
    make = kinds.get(word)
    return make() if make else RemoteRefused(word, answer.status_code, detail)


def _missing(detail: str) -> DialerError:
    if "no row" in detail:
        return ContactNotFound(detail)
    return CampaignNotFound(detail) if "campaign" in detail else JobNotFound(detail)
