"""Which of Celery's flags a worker runs with, and how many open files it needs."""

import resource
from types import SimpleNamespace

import pytest
from celery.concurrency.prefork import TaskPool as Prefork
from celery.concurrency.solo import TaskPool as Solo
from celery.concurrency.thread import TaskPool as Threads

from dialer.errors import SettingsError
from workers.flags import make_room, refuse


def worker(pool: object = Threads, **options: object) -> SimpleNamespace:
    """What Celery has made of a command line before it makes anything else."""
    return SimpleNamespace(pool_cls=pool, options={"autoscale": None, "beat": None, **options})


@pytest.mark.parametrize("pool", [Threads, "threads"])
def test_threads_are_taken(pool):
    """As a class from the command line, and as a name from the configuration."""
    refuse(worker(pool))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (worker(autoscale=(10, 2)), "--autoscale: is not supported"),
        (worker(Prefork), "-P prefork: is not supported"),
        (worker(Solo), "-P solo: is not supported"),
        (worker("gevent"), "-P gevent: is not supported"),
        (worker(beat=True), "-B: is not supported"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(given, named):
    """It names the flag and what to write instead, before anything runs."""
    with pytest.raises(SettingsError, match=named) as caught:
        refuse(given)
    assert "\n" not in str(caught.value)
    assert "leave it out" in str(caught.value)


@pytest.mark.parametrize(
    ("calls", "limits", "becomes"),
    [
        (32, (1024, 4096), None),
        (1000, (1024, 4096), (2064, 4096)),
        (1000, (1024, resource.RLIM_INFINITY), (2064, resource.RLIM_INFINITY)),
        (1000, (resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
        (480, (1024, 1024), None),
    ],
)
def test_room_for_its_sockets_is_made(monkeypatch, calls, limits, becomes):
    """As far as the system lets it, and never less than there was."""
    made = []
    monkeypatch.setattr(resource, "getrlimit", lambda _what: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _what, wanted: made.append(wanted))
    make_room(calls)
    assert made == ([becomes] if becomes else [])


def test_too_few_open_files_are_refused_at_the_start(monkeypatch):
    """And not in the middle of a call, when what came of it could not be written down."""
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (256, 1024))
    with pytest.raises(SettingsError, match=r"481 calls .* need 1026 open files, .* have 1024"):
        make_room(481)
