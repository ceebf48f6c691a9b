"""Figures for a monitor that asks by the minute, in the text form that Prometheus reads."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dialer.api.routes.guard import READ, allow, page
from dialer.api.service import ApiCaller
from dialer.diagnosis.status import AccountView, Overview

router = APIRouter(tags=["operating"])

_PAGE: Final = page(READ)
_PAGE["responses"][200] = {"content": {"text/plain": {"schema": {"type": "string"}}}}

#: Of each account: name, what it says, and how it is read.
_OF_ACCOUNTS: Final[Sequence[tuple[str, str, Callable[[AccountView], float]]]] = (
    ("rate", "Calls a second that its meter allows now.", lambda one: one.rate_allowed),
    (
        "rate_used",
        "Calls started a second in the last minute.",
        lambda one: one.standing.used_per_second,
    ),
    ("posting", "Requests on the wire.", lambda one: one.standing.posting),
    ("live_calls", "Calls that may be going on.", lambda one: one.standing.live),
    ("held", "Whether a hold stops it.", lambda one: bool(one.holds)),
    ("open", "Whether its calling hours are open.", lambda one: one.open),
    ("breaker_open", "Whether its breaker is open.", lambda one: one.standing.breaker == "open"),
)


@router.get(
    "/metrics",
    response_class=Response,
    summary="Figures for Prometheus",
    **_PAGE,
)
async def metrics(caller: Annotated[ApiCaller, allow(READ)]) -> Response:
    """Show the figures of the status; only to a key that is bound to no account."""
    caller.need_everything()
    seen = await caller.service.run(caller.dialer.operations.status)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(seen))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """The status at one moment, as a monitor's figures; labels are names, and never numbers."""

    def __init__(self, seen: Overview) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Give each figure with its value of every account or state."""
        seen = self._seen
        jobs = GaugeMetricFamily("dialer_jobs", "Jobs in each state.", labels=["state"])
        for state, count in seen.states.items():
            jobs.add_metric([str(state)], count)
        yield jobs
        for name, said, read in _OF_ACCOUNTS:
            figure = GaugeMetricFamily(f"dialer_account_{name}", said, labels=["account"])
            for one in seen.accounts:
                figure.add_metric([one.name], float(read(one)))
            yield figure
        yield _alone("dialer_holds", "Holds that are set.", len(seen.holds))
        yield _alone("dialer_workers", "Live workers.", len(seen.workers))
        yield _alone("dialer_store_used", "Share of the store's memory.", seen.fullness)
        if seen.oldest_ready:
            waits = (seen.now - seen.oldest_ready.job.entered).total_seconds()
            yield _alone("dialer_oldest_ready_seconds", "Wait of the first ready job.", waits)


def _alone(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)
