"""
The demo's stage: a folder that vanishes, a server, a sandbox, settings and a crew.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dialer.bootstrap import store_of
from dialer.demo.crew import Crew
from dialer.demo.script import TOKEN, USER_ID, faults, world
from dialer.embedded import EmbeddedServer
from dialer.sandbox import Sandbox
from dialer.settings import Settings
from dialer.store import Store

#: Everything that takes minutes in a real day takes seconds here. The breaker
#: is wide: a day as bad as this one would rightly stop the account.
_SETTINGS = """\
redis_url = "{redis_url}"
broker_url = "{broker_url}"

[accounts.default]
user_id = "{user_id}"
token = "{token}"
base_url = "{base_url}"
mode = "live"
calls_per_second = 30.0
max_posting = 40
calling_hours = "always"

[wire]
connect_timeout = "1s"
deadline = "3s"

[jobs]
lease = "10s"
quarantine = "13s"
max_tries = 3

[retry]
provider = {{ first = "800ms", factor = 1.5, cap = "2s" }}
agent = {{ first = "1s", factor = 1.2, cap = "2s" }}
capacity = {{ first = "1s", factor = 1.5, cap = "2s" }}

[breaker]
faults_in_row = 30
share = 1.0
of_last = 100

[worker]
concurrency = 12
shutdown_grace = "10s"

[beat]
tick = "1s"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """
    What the play is made with.

    Attributes:
        settings: As every process of the demo reads them.
        store: Connected.
        sandbox: Running, with its faults scripted.
        crew: Nobody started yet.
        file: Where the calls are written to.
    """

    settings: Settings
    store: Store
    sandbox: Sandbox
    crew: Crew
    file: Path


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """
    Set everything up, and leave nothing running and nothing behind.

    Raises:
        ServerFailed: There is no server program, or it does not start.
        OSError: No temporary folder can be made.
    """
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-demo-")))
        server = stack.enter_context(EmbeddedServer(directory / "redis"))
        sandbox = stack.enter_context(Sandbox(world(agent_is_there=False)))
        for fault in faults():
            sandbox.inject(fault)
        config = _write_settings(directory, server, sandbox)
        settings = Settings.load(config, env={})
        store = store_of(settings)
        stack.callback(store.server.close)
        crew = Crew(directory, config)
        stack.push(_Ending(crew))
        yield Stage(settings, store, sandbox, crew, directory / "calls.jsonl")


class _Ending(contextlib.AbstractContextManager[None]):
    """Ends the crew: politely after a whole play, at once after a broken one."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._crew.stop()
        else:
            self._crew.stop_now()


def _write_settings(directory: Path, server: EmbeddedServer, sandbox: Sandbox) -> Path:
    path = directory / "dialer.toml"
    text = _SETTINGS.format(
        redis_url=server.url,
        broker_url=server.broker_url,
        user_id=USER_ID,
        token=TOKEN,
        base_url=sandbox.url,
    )
    # The addresses carry the server's password.
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    return path
