"""Fixtures that more than one kind of test needs."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fakeredis
import hypothesis
import pytest
from storekit import BREAKER, MOVABLE_CLOCK, Clockwork, no_wait

from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

# No setting of the machine may decide how a test ends, or what a process it starts does.
for name in [*os.environ]:
    if name.startswith(("DIALER_", "FLOWER_", "CELERY_", "PYTHON")) and name != "PYTHON":
        del os.environ[name]

# The same examples in every run, on a slow machine too.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One real server for all tests that only need clean keys on it."""
    with EmbeddedServer(Path(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture(scope="session")
def scratch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A real server that does not wait for the disk, for tests of what scripts do."""
    with EmbeddedServer(Path(tmp_path_factory.mktemp("scratch"))) as server:
        client = connect(server.url)
        client.config_set("appendfsync", "no")
        client.close()
        yield server


@pytest.fixture
def scratch_clockwork(scratch_server: EmbeddedServer) -> Iterator[Clockwork]:
    """A store whose clock the test moves, on the real server alone."""
    client = connect(scratch_server.url)
    client.flushdb()
    server = Server(client, clock=MOVABLE_CLOCK, sleep=no_wait)
    yield Clockwork(Store.on(server, BREAKER))
    server.close()


@pytest.fixture(params=["server", "fakeredis"])
def clockwork(request: pytest.FixtureRequest) -> Iterator[Clockwork]:
    """A store whose clock the test moves, on the real server and on fakeredis."""
    if request.param == "server":
        yield request.getfixturevalue("scratch_clockwork")
        return
    client = fakeredis.FakeRedis(decode_responses=True)
    server = Server(client, clock=MOVABLE_CLOCK, shebang=False, fullness=lambda: 0.0, sleep=no_wait)
    yield Clockwork(Store.on(server, BREAKER))
    server.close()


@pytest.fixture
def real_store(redis_server: EmbeddedServer) -> Iterator[Store]:
    """A store on the real server, with its real clock."""
    client = connect(redis_server.url, timeout=timedelta(seconds=30))
    client.flushdb()
    server = Server(client)
    yield Store.on(server, BREAKER)
    server.close()
