"""
Measure what a placed call costs, beside what else is used for such work; writes ops/bench.md.

    python bench.py [--rounds N] [--calls N] [--lines N] [--waiting N] [--part NAME ...] [--print]

Each round runs every part, and each part every system once, in an order drawn anew: a server of
its own that writes each change to the disk (`appendfsync always`), a provider that answers at
once, the queue filled first, then the worker. Ratios are taken within a round. The page is
written after each round, so a run that is ended early leaves what it had.

Not a test: it asserts nothing about time.
"""

import argparse
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from figures import Figures  # noqa: E402 - beside this program
from handing import contacts, enqueue  # noqa: E402
from page import page  # noqa: E402
from placing import placing  # noqa: E402
from plot import plot  # noqa: E402
from resting import idle, slow  # noqa: E402
from stage import certificate  # noqa: E402
from systems import CELERY, CLOSE, OUR, ROOT, SYSTEMS, System  # noqa: E402
from urgent import urgent  # noqa: E402

REPORT, PLOT = ROOT / "ops" / "bench.md", ROOT / "ops" / "bench.svg"
#: A step of a round: which system, what its figures are called after, and the measurement.
Step = tuple[System, str, Callable[[], dict[str, float]]]
PARTS = ("plain", "tls", "two", "idle", "enqueue", "contacts", "urgent")


def steps(part: str, given: argparse.Namespace, secure: Path) -> Iterator[Step]:
    """List the steps of one part."""
    match part:
        case "plain":
            for one in SYSTEMS:
                yield one, "", partial(placing, one, given.calls, secure=None, processes=1)
        case "tls":
            for one in CLOSE:
                yield one, "_tls", partial(placing, one, given.calls, secure=secure, processes=1)
        case "two":
            for one in CLOSE:
                yield one, "_two", partial(placing, one, given.calls, secure=None, processes=2)
        case "idle":
            yield OUR, "", partial(slow, OUR)
            for one in CLOSE:
                yield one, "", partial(idle, one)
        case "enqueue":
            yield OUR, "", partial(enqueue, OUR, given.lines)
            # Its rate does not depend on the number, and 200,000 take minutes.
            yield CELERY, "", partial(enqueue, CELERY, max(1, given.lines // 10))
        case "contacts":
            yield OUR, "", partial(contacts, OUR, given.lines)
        case "urgent":
            for waiting in (0, given.waiting):
                yield OUR, "", partial(urgent, OUR, waiting)


def measure(nth: int, given: argparse.Namespace, secure: Path, figures: Figures) -> None:
    """Run one round."""
    for part in given.part or PARTS:
        order = list(steps(part, given, secure))
        for system, ending, run in random.sample(order, len(order)):
            found = {name + ending: value for name, value in run().items()}
            figures.add(system.name, found)
            shown = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
            print(f"{nth} {part}: {system.name}: {shown}", flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--waiting", type=int, default=100_000, help="up to 1000000")
    parser.add_argument("--note", default="", help="what else the page should say of this run")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--print", action="store_true")
    return parser.parse_args()


def main() -> None:
    # Ended by a signal it ends what it runs, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    given, figures = arguments(), Figures()
    with tempfile.TemporaryDirectory() as folder:
        secure = certificate(Path(folder))
        for nth in range(1, given.rounds + 1):
            measure(nth, given, secure, figures)
            text = page(figures, given, nth)
            if not given.print:
                REPORT.write_text(text)
                PLOT.write_text(plot(figures))
    print(text)


if __name__ == "__main__":
    main()
