"""The page that `make bench` writes: what was measured, how to read it, and what is unfair."""

import argparse
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime

from aims import aims, doorbells
from figures import Figures, spread
from resting import SLOW
from systems import CELERY, CLOSE, MEASURE, OUR, SYSTEMS
from urgent import RATE

_HEAD = """\
# What a call costs, measured

`make bench` on {day}: {cores} cores, Python {python}, {rounds} of {calls:,} calls, a provider
that answers at once, and for each system a server of its own with `appendfsync always`; all on one
machine, one after the other in an order drawn anew each round. Medians; in brackets the least and
the most of the rounds. A ratio is taken within a round. A measurement, not a test.
{note}
{aims}

![four panels: worker CPU, calls a second, server CPU and memory, of each system](bench.svg)

"""
_PLACING = (
    ("worker CPU a call, ms", "worker_ms", 2),
    ("calls/s", "calls_per_second", 0),
    ("server CPU a call, ms", "server_ms", 2),
    ("commands a call", "commands", 1),
    ("bytes a waiting job", "job_bytes", 0),
)
_RESTING = (
    ("worker CPU, ms a second", "idle_ms", 1),
    ("server CPU, ms a second", "idle_server_ms", 1),
    ("commands a second", "idle_commands", 1),
)
_FOOT = """
## How to read it

* What a call costs is read between the first tenth and the last tenth of a filled queue: no start,
  no end. CPU is user and system time of a worker with its children, and of the server.
* A ratio below 1 is in our favour for what is spent, above 1 for what is done a second.
* Where the machine is busy with other work, calls a second suffer most, CPU a call less, and
  bytes not at all: look at the spread before you look at the median.
* Where the disk is slow, `appendfsync always` bounds calls a second of whatever writes for each
  message by itself.
* `dialer enqueue` and `dialer campaign import` are timed as commands, their start included, on a
  file; Celery's `apply_async` is timed in a loop, without the start of its program.
* A direct call's time is from before `enqueue` to the POST at the provider: with an account at
  {rate} calls/s the next slot alone is up to {slot:.0f} ms away.

## What holds it back, and what would be next

* `dialer enqueue` computed for {computed:.0%} of the time it took (CPU a line by lines a second);
  the rest it waited for its batches of 100 to be on the disk, and for a core. Larger batches, or
  more of them on their way at once, are next where the disk is slow; where it is quick, CPU a line
  is the bound.
* Near 1,000 calls/s, all that one account may have, a worker waits for slots, asks for fewer at a
  time, and so a call costs more CPU and more commands than behind a slower provider or disk.
* Commands a call: more than half are moves between sorted sets (of 25: 7 `ZADD`, 3 `ZRANGE`,
  3 `ZREM`; `INFO commandstats` over such a run). One `ZADD` for all jobs of a batch would be next.
  A worker that finds little to do shares less among calls: at 10 calls/s each has its own doorbell
  and its own `begin`, and so {alone:.0f} commands.
* Memory: every job that waits has its record, its place in a lane, and its place in the index of
  numbers, in 16,384 buckets: with few jobs a bucket is a key of its own, so the figure for
  {calls:,} is above the one for {lines:,}.

## What is unfair, and to whom

* To us: a peer's message is its job. What it does about a call whose answer was lost is to make it
  again or to forget it. Ours reads rules, holds, hours and limits in the step before each call,
  keeps the order of priorities, and writes down each move; no guarantee was switched off for this.
* To us: huey and Celery as configured lose what a killed worker had taken out of the queue, and
  arq, with `keep_result = 0`, keeps nothing of what it did. We keep each ended call for 30 days.
* To huey: it is the cheapest of all, and takes a job out of the queue for good before it does it.
* To the peers: they run with 32 calls at once, a kept connection and no results, and are otherwise
  as they come. Celery's prefork has two children, one for each core.
* To the peers: the worker of ours sends on connections that stand; so do theirs, but `requests`
  costs those that use it more than aiohttp costs arq. That is why arq is what is compared with.
* To the threads of Celery, dramatiq and huey: the provider answers at once, so threads wait for the
  interpreter's lock and not for the provider. With slow answers they would lose less.
* To arq: it is measured in its environment without uvloop.
* To Celery: it is given a tenth of the lines ({messages:,}), for its rate does not depend on the
  number.
* To us: an account may place at most 1,000 calls a second by its settings, which bounds ours.
* To everybody: provider, server and worker share {cores} cores, so calls a second of two processes
  are bounded by the machine and not by the programs.
* `bytes a waiting job` of ours holds the call, its indexes and its first move. A peer's holds the
  number of the call, and no call.
"""


def page(figures: Figures, given: argparse.Namespace, rounds: int) -> str:
    """Write the page of what was measured so far."""
    cores = os.cpu_count()
    tables = "\n".join([*_placing(figures), *_resting(figures), *_handing(figures, given)])
    return (
        _HEAD.format(
            day=f"{datetime.now(UTC):%Y-%m-%d}",
            cores=cores,
            python=platform.python_version(),
            rounds="1 round" if rounds == 1 else f"{rounds} rounds",
            calls=given.calls,
            note=f"\n{given.note}\n" if given.note else "",
            aims="\n".join(_aims(figures)),
        )
        + tables
        + "\n"
        + _foot(figures, given)
    )


def _foot(figures: Figures, given: argparse.Namespace) -> str:
    enqueue = [figures.middle(name, OUR.name) for name in ("lines_per_second", "line_us")]
    return _FOOT.format(
        rate=RATE,
        slot=1000 / RATE,
        messages=max(1, given.lines // 10),
        cores=os.cpu_count(),
        calls=given.calls,
        lines=given.lines,
        computed=enqueue[0] * enqueue[1] / 1e6,
        alone=figures.middle("slow_commands", OUR.name) / SLOW,
    )


def _table(*columns: str) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)


def _placing(figures: Figures) -> Iterator[str]:
    runs = (
        ("One worker process, plain", "", SYSTEMS),
        ("One worker process, TLS", "_tls", CLOSE),
        ("Two worker processes, plain", "_two", CLOSE),
    )
    for title, ending, systems in runs:
        yield f"## {title}\n"
        titles = [title for title, _, _ in _PLACING]
        yield from _table(
            "", titles[0], f"to {MEASURE}'s", titles[1], f"to {MEASURE}'s", *titles[2:]
        )
        for one in systems:
            cells = [spread(figures.of(f + ending, one.name), n) for _, f, n in _PLACING]
            for place, name in ((1, "worker_ms"), (3, "calls_per_second")):
                cells.insert(place, spread(figures.ratio(name + ending, one.name, MEASURE), 2))
            yield f"| {one.name} | " + " | ".join(cells) + " |"
        yield ""


def _resting(figures: Figures) -> Iterator[str]:
    yield "## One worker with little to do\n"
    yield from _table("", *(title for title, _, _ in _RESTING))
    for one in CLOSE:
        cells = [spread(figures.of(name, one.name), digits) for _, name, digits in _RESTING]
        yield f"| {one.name}, nothing waiting | " + " | ".join(cells) + " |"
    names = (("slow_ms", 1), ("slow_server_ms", 1), ("slow_commands", 1))
    cells = [spread(figures.of(name, OUR.name), digits) for name, digits in names]
    yield f"| {OUR.name}, 10 calls/s | " + " | ".join(cells) + " |"
    cells = [spread(doorbells(figures), 1), "", ""]
    yield f"| of which not the calls themselves | {' | '.join(cells)} |\n"


def _handing(figures: Figures, given: argparse.Namespace) -> Iterator[str]:
    yield "## Work that is handed in\n"
    yield from _table("", "a second", "CPU of the program each, µs", "bytes each, waiting")
    rows = (
        (
            f"`dialer enqueue`, {given.lines:,} lines",
            OUR,
            ("lines_per_second", "line_us", "line_bytes"),
        ),
        ("Celery `apply_async`", CELERY, ("lines_per_second", "line_us", "line_bytes")),
        (
            f"`dialer campaign import`, {given.lines:,} rows",
            OUR,
            ("rows_per_second", "row_us", "contact_bytes"),
        ),
    )
    for title, system, names in rows:
        cells = " | ".join(spread(figures.of(name, system.name)) for name in names)
        yield f"| {title} | {cells} |"
    to_celery = figures.ratio("lines_per_second", OUR.name, CELERY.name)
    cpu = figures.ratio("line_us", OUR.name, CELERY.name)
    yield f"| `dialer enqueue` to Celery | {spread(to_celery, 1)} | {spread(cpu, 2)} | |\n"
    yield "## An urgent direct call, from `enqueue` to its POST\n"
    yield from _table("behind", "p50, ms", "p99, ms", "server CPU a call, ms, user time alone")
    for waiting in (0, given.waiting):
        names = (f"urgent_{what}_{waiting}" for what in ("p50", "p99", "server_ms"))
        cells = " | ".join(spread(figures.of(name, OUR.name), 1) for name in names)
        yield f"| {waiting:,} waiting | {cells} |"


def _aims(figures: Figures) -> Iterator[str]:
    yield from _table("", "reached", "aim", "")
    yield from (aim.row() for aim in aims(figures))
