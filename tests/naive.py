"""
The usual recipe, as a control: late acknowledgement and a retry on every network error.

Run with `celery -A naive worker`; NAIVE_BROKER and NAIVE_URL say where. It is here to be
caught: a judge that finds nothing wrong with this one has not looked.
"""

import os

import requests
from celery import Celery

app = Celery("naive", broker=os.environ.get("NAIVE_BROKER", "memory://"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task(
    name="naive.call",
    autoretry_for=(requests.RequestException,),
    retry_backoff=1,
    retry_backoff_max=2,
    max_retries=2,
)
def call(params: dict[str, str]) -> None:
    """Place a call; whatever goes wrong on the way, try again."""
    answer = requests.post(os.environ["NAIVE_URL"], params=params, timeout=2)
    answer.raise_for_status()
    answer.json()
