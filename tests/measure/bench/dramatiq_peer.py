"""Dramatiq, threads."""

import dramatiq
import request
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=request.REDIS))
post = dramatiq.actor(actor_name="post", max_retries=0)(request.post)


def enqueue(count: int) -> None:
    """Fill the queue."""
    for nth in range(count):
        post.send(nth)
