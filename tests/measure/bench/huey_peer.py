"""Huey, threads; what a killed worker had taken out of the queue is lost."""

import request
from huey import RedisHuey

huey = RedisHuey("peer", url=request.REDIS, results=False)
post = huey.task(name="post")(request.post)


def enqueue(count: int) -> None:
    """Fill the queue."""
    for nth in range(count):
        post(nth)
