"""Which processes a stack has besides its server, from the options and the settings."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from dialer.settings import Settings

#: Beat and Flower have nothing to finish, and the sandbox nothing that counts.
_SHORT: Final = timedelta(seconds=10)
#: Requests that go on are answered, at most for 20 s.
_API: Final = timedelta(seconds=30)
#: What Celery itself needs to end, beside the calls on the wire.
_TO_END: Final = timedelta(seconds=15)
#: Workers would greet each other for a second, and tell each other what they do not need.
_WORKER: Final = (
    *("-q", "-A", "workers.app", "worker"),
    *("--without-mingle", "--without-gossip"),
)
#: Flower's user where the settings name none.
FLOWER_USER: Final = "dialer"


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `dialer up`: stand-in for the API, workers (>= 1), dashboard, HTTP service."""

    sandbox: bool = False
    workers: int = 1
    flower: bool = True
    api: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """
    One process to run; *name* heads its lines.

    Attributes:
        stops: Its turn when all stop; those of one turn stop together.
        patience: Limit of its end in peace.
        env: Variables over those of `dialer up`; not shown, one is a password.
        dials: Whether it places calls, and so needs the accounts' tokens.
    """

    name: str
    argv: tuple[str, ...]
    stops: int
    patience: timedelta
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    dials: bool = False


def commands(
    options: Options,
    settings: Settings,
    *,
    stack: str,
    sandbox: tuple[str, ...] = (),
    flower_password: str = "",
) -> Iterator[Command]:
    """
    Processes in the order in which they start.

    *stack* tells its workers from others' on the same broker, *sandbox* are the sandbox's own
    arguments, and *flower_password* is "" where the settings have a login.
    """
    if options.sandbox:
        yield Command("sandbox", _python("dialer.sandbox", *sandbox), 2, _SHORT)
    for nth in range(1, options.workers + 1):
        name = f"worker{nth}"
        yield Command(
            name,
            _python("celery", *_WORKER, "-n", f"{name}-{stack}@%h"),
            0,
            max(settings.worker.shutdown_grace, settings.wire.longest) + _TO_END,
            dials=True,
        )
    yield Command("beat", _python("celery", "-q", "-A", "workers.app", "beat"), 1, _SHORT)
    if options.api:
        # What comes in is answered before what makes the calls goes.
        yield Command("api", _python("dialer", "api"), 0, _API)
    if options.flower:
        login = {"DIALER_FLOWER__USER": FLOWER_USER, "DIALER_FLOWER__PASSWORD": flower_password}
        env = login if flower_password else {}
        yield Command("flower", _python("workers.flower"), 1, _SHORT, env)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
