"""
A forecast as sentences.
"""

from datetime import datetime

from dialer.forecast.result import Forecast
from dialer.moment import about


def describe(forecast: Forecast, zone: str, now: datetime) -> list[str]:
    """
    Write a forecast for a person, the finish first.

    Args:
        forecast: What was found.
        zone: IANA name of the zone the reader thinks in.
        now: When it was made.
    """
    return [*_finish(forecast, zone, now), _counts(forecast), *forecast.assumptions]


def _finish(forecast: Forecast, zone: str, now: datetime) -> list[str]:
    if forecast.p10 is None:
        return [
            f"It will hardly be done before its end ({100 * forecast.done:.0f} % of the runs were)."
        ]

    def by(moment: datetime | None) -> str:
        return "not before its end" if moment is None else f"by {about(moment, zone, now)}"

    return [
        f"It will probably be done {by(forecast.p50)}."
        if forecast.p50
        else "It will probably not be done before its end.",
        f"With one chance in ten {by(forecast.p10)}, with nine in ten {by(forecast.p90)}.",
        f"Done before its end in {100 * forecast.done:.0f} % of the runs.",
    ]


def _counts(forecast: Forecast) -> str:
    return (
        f"Still to come: about {forecast.placed:.0f} placed, {forecast.dead:.0f} dead,"
        f" {forecast.unconfirmed:.0f} unconfirmed, {forecast.unreached:.0f} not reached."
    )
