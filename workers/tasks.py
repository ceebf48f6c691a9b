"""
The tasks of a worker: answer a doorbell, do the upkeep of a tick.

Their names are part of the wire between versions: code may move, names stay.
"""

from celery import shared_task

from workers.process import process


@shared_task(name="dialer.make_call")  # type: ignore[untyped-decorator]  # no types
def make_call(account: str, bell: str = "") -> str:
    """
    Place one call for *account*, if one may be placed now.

    Returns:
        The outcome, for Flower: "placed 3k7…" or "no: closed".
    """
    return process().parts.dispatcher.answer(account, bell)


@shared_task(name="dialer.tick")  # type: ignore[untyped-decorator]  # no types
def tick() -> str:
    """Do the upkeep that is due, unless another worker has just done it."""
    return process().parts.upkeep.tick()
