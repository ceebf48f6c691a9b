"""The systems under test: how one worker process of each is started, and where its programs are."""

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
#: Environments of the peers: what arq needs and what Celery needs does not go together.
PEERS = ROOT / ".venv-bench"
OURS = Path(sys.executable).parent
#: What every ratio is to.
MEASURE = "arq"


@dataclass(frozen=True)
class System:
    """
    One system under test.

    Attributes:
        name: As the table calls it.
        module: Its tasks, and how its queue is filled; "" for this project.
        worker: The command of one worker process.
        programs: Where its programs lie.
    """

    name: str
    module: str
    worker: tuple[str, ...]
    programs: Path = PEERS / "threads" / "bin"

    @property
    def ours(self) -> bool:
        """Whether it is this project."""
        return not self.module


_CELERY = ("celery", "-A", "celery_peer", "worker", "-l", "warning", "--without-gossip")
_THREADS = "celery threads"
SYSTEMS = (
    System("ours", "", ("celery", "-A", "workers.app", "worker"), OURS),
    System("arq", "arq_peer", ("arq", "arq_peer.Worker"), PEERS / "arq" / "bin"),
    System(_THREADS, "celery_peer", (*_CELERY, "-P", "threads", "-c", "32")),
    System("celery gevent", "celery_peer", (*_CELERY, "-P", "gevent", "-c", "32")),
    System("celery prefork", "celery_peer", (*_CELERY, "-P", "prefork", "-c", "2")),
    System("dramatiq", "dramatiq_peer", ("dramatiq", "dramatiq_peer", "-p", "1", "-t", "32")),
    System("huey", "huey_peer", ("huey_consumer", "huey_peer.huey", "-w", "32", "-q")),
)
BY_NAME = {system.name: system for system in SYSTEMS}
OUR, CELERY = BY_NAME["ours"], BY_NAME[_THREADS]
#: Those that every part runs; the others run in the first.
CLOSE = (OUR, BY_NAME[MEASURE], CELERY)
