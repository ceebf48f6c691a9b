"""Celery by the usual recipe: the message is the job."""

import request
from celery import Celery

app = Celery("celery_peer", broker=request.REDIS)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
post = app.task(name="post")(request.post)


def enqueue(count: int) -> None:
    """Fill the queue."""
    for nth in range(count):
        post.delay(nth)
