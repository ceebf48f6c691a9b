"""
The tasks of a worker: answer a doorbell, do the upkeep of a tick.

Their names are part of the wire between versions: code may move, names stay.
"""

from celery import shared_task

from workers.process import process


@shared_task(name="dialer.make_call")  # type: ignore[untyped-decorator]  # no types
def make_call(account: str, bell: str = "", calls: int = 1) -> str:
    """
    Place up to so many calls for *account*, as many as may be placed now.

    Returns:
        What became of them, for Flower: "placed 12, retried 1", "placed 9, 3 on the wire" or
        "no: closed".
    """
    return process().parts.dispatcher.answer(account, bell, calls)


@shared_task(name="dialer.tick")  # type: ignore[untyped-decorator]  # no types
def tick() -> str:
    """Do the upkeep that is due, unless another worker has just done it."""
    return process().parts.upkeep.tick()
