"""
How much memory of the server a job takes while it waits, all its indexes included.

    make memory     writes ops/memory.md

On the server of this machine and on the one that comes with us, with the sizes of packed hashes
that servers have which nobody set; a million jobs on each, which takes ten minutes.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from campaignkit import Field
from storekit import BREAKER, MOVABLE_CLOCK, PLACED, START, Clockwork, no_wait

from dialer import Dialer, Verdict
from dialer.domain.call.call import ClickToCall
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Go
from dialer.domain.job.order import Order
from dialer.local.embedded_server import EmbeddedServer
from dialer.local.server_binary import find_server
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.contacts import BLOCK
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

ROOT = Path(__file__).parents[2]
MILLION, SOME, CALLED = 1_000_000, 20_000, 2_000
BATCH = 1_000
SETTINGS = {
    "accounts": {"default": {"user_id": "00000001", "calling_hours": "always", "mode": "live"}}
}
#: What servers have that nobody set otherwise, Redis 7 and Valkey alike.
THEIR_OWN = {"hash-max-listpack-value": "64", "hash-max-listpack-entries": "128"}
HEAD = (
    "| server | direct call, of {some:,} | of {million:,} | fed contact"
    " | contact in its list | placed |"
)
PATIENT = timedelta(seconds=60)


@dataclass
class Row:
    """What one server needs, bytes each."""

    server: str
    job: float
    job_of_million: float
    fed: float
    contact: float
    placed: float


class Scales:
    """A server that is filled and weighed."""

    def __init__(self, url: str) -> None:
        self.client = connect(url, timeout=PATIENT)
        # What was written down and not yet forgotten would be weighed, too.
        self.client.config_set("appendonly", "no")
        self.numbers = iter(range(10**9))

    def __enter__(self) -> Clockwork:
        self.client.execute_command("FLUSHALL", "SYNC")
        server = Server(self.client, clock=MOVABLE_CLOCK, sleep=no_wait)
        self.clock = Clockwork(Store.on(server, BREAKER), now=START)
        self.clock.forward(timedelta(seconds=1))
        return self.clock

    def __exit__(self, *error: object) -> None:
        self.client.execute_command("FLUSHALL", "SYNC")

    def weigh(self) -> int:
        """Return the memory that the server uses, bytes."""
        return int(self.client.info("memory")["used_memory"])


def orders(count: int) -> Iterator[Order]:
    """Yield calls as people hand them in: with a key, a limit and one agent."""
    for nth in range(count):
        call = ClickToCall(from_="9000000001", to=f"91{nth:08d}", time_limit=600)
        yield Order(call, key=f"order-{nth}")


def enqueue(clock: Clockwork, count: int) -> None:
    """Hand calls in."""
    dialer = Dialer(clock.store, Settings.parse(SETTINGS), who="measure")
    made = sum(receipt.verdict is Verdict.CREATED for receipt in dialer.enqueue_many(orders(count)))
    assert made == count, made


def direct(scales: Scales, count: int) -> float:
    """Weigh waiting calls."""
    with scales as clock:
        empty = scales.weigh()
        enqueue(clock, count)
        return (scales.weigh() - empty) / count


def placed(scales: Scales) -> float:
    """Weigh calls that were placed, with what is remembered of their customers."""
    with scales as clock:
        empty = scales.weigh()
        enqueue(clock, CALLED)
        for _ in range(CALLED):
            clock.forward(timedelta(seconds=30))
            go = clock.begin(mode="live")
            assert isinstance(go, Go), go
            clock.settle(go, PLACED)
        clock.store.maintenance.due()
        return (scales.weigh() - empty) / CALLED


def listed(scales: Scales) -> tuple[float, float]:
    """Weigh contacts in a list, then the jobs that are fed of them."""
    with scales as clock:
        field = Field.on(clock, calls_per_second=1000.0)
        field.create("big", start=False)
        empty = scales.weigh()
        for first in range(0, SOME, BLOCK):
            rows = range(first, first + BLOCK)
            numbers = [f"+9192{nth:08d}" for nth in rows]
            some = [
                Contact(nth, (one,), "", (one,)) for nth, one in zip(rows, numbers, strict=True)
            ]
            clock.store.contacts.append("big", "", some)
        waiting = scales.weigh()
        field.steer("start", "big")
        for _ in range(20):
            field.tick()
            field.feeder.look("big")
        fed = sum(clock.store.jobs.counts().values())
        assert fed > CALLED, fed
        return (waiting - empty) / SOME, (scales.weigh() - waiting) / fed


def weighed(binary: Path) -> Row:
    """Weigh everything on one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder), binary=binary) as own,
    ):
        scales = Scales(own.url)
        for name, value in THEIR_OWN.items():
            scales.client.config_set(name, value)
        info = scales.client.info("server")
        name = info.get("valkey_version") or info["redis_version"]
        contact, fed = listed(scales)
        row = Row(
            f"{info.get('server_name', 'redis')} {name}",
            direct(scales, SOME),
            direct(scales, MILLION),
            fed,
            contact,
            placed(scales),
        )
        scales.client.close()
    print(row, flush=True)
    return row


def page(rows: list[Row]) -> str:
    """Write the page."""
    lines = [
        f"| {row.server} | {row.job:.0f} | {row.job_of_million:.0f} |"
        f" {row.fed:.0f} | {row.contact:.0f} | {row.placed:.0f} |"
        for row in rows
    ]
    return "\n".join(
        [
            "# Memory",
            "",
            "Written by `make memory`: bytes of the server (`used_memory`) for each, with the",
            "record and all that it is found by. A direct call has a key, a limit and one agent; a",
            "fed contact is a job of a campaign that waits for its turn; a placed call has been",
            "begun and settled, and its customer's ring is remembered. How the server packs hashes",
            "is what servers do that nobody set. The index by numbers has 16,384 pieces, whose",
            "keys a store of few jobs pays for: with no other number a store has 20,000.",
            "",
            HEAD.format(some=SOME, million=MILLION),
            "|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


def main() -> int:
    """Weigh on each server, write the page."""
    servers = {find_server(), find_server(os.devnull)}
    rows = [weighed(one) for one in sorted(servers)]
    text = page(rows)
    print(text)
    (ROOT / "ops/memory.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
