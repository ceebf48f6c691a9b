"""What a worker tells its pacer of itself: what its pool has, and whether it takes doorbells."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery.worker import state

from dialer.domain.doorbell import QUEUE
from workers import pacing
from workers.pacing import PacerStep


class Consumer:
    """Celery's, as far as the step looks at it."""

    def __init__(self) -> None:
        self.sent = []
        make_call = SimpleNamespace(apply_async=lambda *args, **how: self.sent.append((args, how)))
        self.app = SimpleNamespace(tasks={"dialer.make_call": make_call})
        self.pool = SimpleNamespace(limit=3)
        self.task_consumer = SimpleNamespace(queues=[SimpleNamespace(name=QUEUE)])


@pytest.fixture
def consumer() -> Consumer:
    """One that takes doorbells."""
    return Consumer()


@pytest.fixture
def told(consumer, monkeypatch):
    """What the pacer was made of."""
    given = []

    def pacer(*of: object) -> SimpleNamespace:
        given.append(of)
        return SimpleNamespace(run=lambda: None, stop=lambda: None)

    parts = SimpleNamespace(pacer=pacer, bell_expires=timedelta(seconds=6))
    monkeypatch.setattr(pacing, "process", lambda: SimpleNamespace(parts=parts))
    step = PacerStep(consumer)
    step.start(consumer)
    step.stop(consumer)
    return given[0]


def test_capacity_is_the_pools(told):
    """-c wins over the settings, and nobody else knows it."""
    assert told[1] == 3


def test_a_doorbell_expires_in_the_broker(told, consumer):
    """And it is sent once: a broker that is away costs a doorbell and no thread."""
    ring = told[0]
    ring("default", "7.3", 3)
    ((args, how),) = consumer.sent
    assert args == (("default", "7.3", 3),)
    assert how == {"retry": False, "expires": 6.0}


@pytest.mark.parametrize(
    ("queues", "stop", "takes"),
    [
        ([QUEUE], None, True),
        (["other", QUEUE], False, True),
        (["other"], None, False),
        ([], None, False),
        ([QUEUE], 0, False),
        ([QUEUE], 1, False),
    ],
)
def test_it_takes_doorbells_or_says_that_it_does_not(
    told, consumer, monkeypatch, queues, stop, takes
):
    """Not from another queue, and not once a signal has asked it to end; 0 is a status too."""
    consumer.task_consumer.queues = [SimpleNamespace(name=name) for name in queues]
    monkeypatch.setattr(state, "should_stop", stop)
    assert told[2]() is takes


def test_without_a_connection_it_takes_none(told, consumer):
    """While Celery connects anew there is no consumer at all."""
    consumer.task_consumer = None
    assert told[2]() is False
