"""
How long the longest step of each script takes when there is a lot of everything.

    make scale     writes ops/scale.md

A million jobs, a million contacts, 200,000 lanes and 10,000 holds, on a server of its own;
it takes about 3 GB of memory and ends by itself.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from campaignkit import Field, number
from storekit import BREAKER, LIMITS, MOVABLE_CLOCK, PLACED, SECOND, START, Clockwork

from dialer.domain.call.customer import CustomerRules
from dialer.domain.campaign.contact import Contact
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.notation import stamp
from dialer.store.redis.record import LETTERS, bucket_of, stands_in_bucket
from dialer.store.redis.schema import types
from dialer.store.redis.server import Server

ROOT = Path(__file__).parents[2]
JOBS, CONTACTS, LANES, HOLDS = 1_000_000, 1_000_000, 200_000, 10_000
BATCH = 5_000
#: Pages of 100 keys that the doctor looks at here.
PAGES = 500
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GAP = CustomerRules(60 * SECOND)
RULES = PacerRules(SECOND, SECOND / 20, 2 * SECOND)
MOST, MOST_BEGIN = 50.0, 5.0


class Timed(Server):
    """A server that notes the longest run of each script, by the server's own clock."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__(*arguments, **named)
        self.longest: dict[str, float] = {}
        self.runs: dict[str, int] = {}

    def run(self, script, *args):
        """Run a script, and read from the slow log what it took."""
        self.client.slowlog_reset()
        reply = super().run(script, *args)
        took = max((one["duration"] for one in self.client.slowlog_get(5)), default=0) / 1000
        self.longest[script] = max(took, self.longest.get(script, 0.0))
        self.runs[script] = self.runs.get(script, 0) + 1
        return reply


def spread(count: int) -> Iterator[tuple[int, str, str]]:
    """Jobs by number: state and lane of each; one lane in five jobs, most of them long done."""
    for nth in range(count):
        if nth < LANES:
            yield nth, "ready", f"default/-/-/agent:{nth}"
        elif nth < 2 * LANES:
            yield nth, "scheduled", "default/-/-/"
        elif nth < 2 * LANES + 2000:
            yield nth, "unconfirmed", "default/-/-/"
        else:
            yield nth, "placed", "default/-/-/"


def fill_jobs(clock: Clockwork) -> None:
    """Write jobs as the scripts would have, from one that they wrote."""
    server, keys = clock.store.server, clock.store.server.keys
    clock.enqueue("pattern", priority=5)
    pattern = server.client.hgetall(keys.job("pattern"))
    clock.store.operator.cancel(["pattern"], who="m", reason="m")
    pipe = server.client.pipeline(transaction=False)
    soon = stamp(clock.now + HOUR)
    for nth, state, lane in spread(JOBS):
        job_id, to = f"j{nth}", f"+9191{nth:08d}"
        rank = int(pattern[LETTERS["rank"]]) + nth
        changes = {"state": state, "lane": lane, "rank": rank, "protected": to, "due_us": soon}
        written = {LETTERS[name]: value for name, value in changes.items()}
        pipe.hset(keys.job(job_id), mapping={**pattern, **written})
        pipe.hset(keys.of(bucket_of(to)), job_id, stands_in_bucket(to))
        if state != "ready":
            pipe.zadd(
                keys.index(state), {job_id: soon if state == "scheduled" else stamp(clock.now)}
            )
        else:
            pipe.hincrby(keys.ready, "default", 1)
            pipe.zadd(keys.lane(lane), {job_id: rank})
            half = nth % 2
            where = keys.asleep if half else keys.awake("default")
            pipe.zadd(where, {lane: stamp(clock.now + HOUR) if half else rank})
        if nth % BATCH == BATCH - 1:
            pipe.execute()
    pipe.execute()


def fill_rest(clock: Clockwork, field: Field) -> None:
    """A long list, many lanes that wait for one agent, and many holds."""
    store, keys = clock.store, clock.store.server.keys
    field.create("big", start=False, calling_hours="daily 03:00-04:00")
    rows = (
        [Contact(n, (number(n),), "", (f"+92{n:010d}",)) for n in range(first, first + 500)]
        for first in range(0, CONTACTS, 500)
    )
    for some in rows:
        store.contacts.append("big", "", some)
    pipe = store.server.client.pipeline(transaction=False)
    for nth in range(LANES):
        pipe.sadd(f"{keys.prefix}sleepers:default/agent:7", f"default/-/-/agent:{nth}")
        pipe.sadd(f"{keys.prefix}unknown:big", f"default/big/0/agent:{nth}")
        pipe.zadd(f"{keys.prefix}live:default", {f"x{nth}.1": stamp(clock.now + DAY)})
        pipe.zadd(f"{keys.prefix}busy:default/agent:7", {f"x{nth}.1": stamp(clock.now + DAY)})
        pipe.zadd(f"{keys.prefix}behind:+911", {f"j{nth}": nth})
        if nth % BATCH == BATCH - 1:
            pipe.execute()
    pipe.execute()
    for nth in range(HOLDS):
        scope = f"pool:default/agent:{nth}/web=na/call=na"
        store.holds.set(scope, owner="operator", who="m", reason="m")


def work(clock: Clockwork, field: Field) -> None:
    """Everything that happens to a store: calls, people, upkeep, campaigns, the doctor."""
    store = clock.store
    for _ in range(300):
        clock.forward(SECOND)
        store.doorbells.plan(
            "default", LIMITS, clock.ask().windows, RULES, worker="w", record={}, capacity=50
        )
        reply = clock.begin(customer=GAP)
        if isinstance(reply, Go):
            clock.settle(reply, PLACED)
    store.jobs.enqueue([clock.job(protected=("+911",)) for _ in range(1000)], who="m")
    field.steer("start", "big")
    store.campaigns.replace(
        store.campaigns.get("big").model_copy(update={"calling_hours": "always"}), who="m"
    )
    for _ in range(3):
        field.feeder.look("big")
        field.tick()
    store.suppression.add([f"+93{n:010d}" for n in range(5000)], account=None, who="m", reason="m")
    store.holds.release("pool:default/agent:7/web=na/call=na", owner="operator", who="m")
    clock.forward(HOUR)
    for _ in range(20):
        store.maintenance.due()
        store.maintenance.reap()
    store.operator.cancel(
        [f"j{n}" for n in range(LANES + 20_000, LANES + 21_000)], who="m", reason="m"
    )
    field.steer("cancel", "big")
    field.feeder.look("big")
    clock.forward(31 * DAY)
    for _ in range(20):
        store.maintenance.prune(State.PLACED, retention=30 * DAY, key_retention=90 * DAY)
    store.contacts.forget("big", who="m")
    store.jobs.counts()


def look(server: Timed) -> float:
    """Look for damage in a part of the keys; how many a second."""
    began, cursor = time.monotonic(), "0"
    ask = {"most": 100, "mend": False, "index": "", "types": types()}
    for _ in range(PAGES):
        cursor, *rows = server.run("inspect", {**ask, "mode": "keys", "cursor": cursor})
        for row in rows:
            if row.startswith("more"):
                index = {"index": row.split("\t")[1], "cursor": "0"}
                server.run("inspect", {**ask, "mode": "members", **index})
    return 100 * PAGES / (time.monotonic() - began)


def page(server: Timed, speed: float, memory: int) -> str:
    """Write the page."""
    rows = [
        f"| {name} | {server.runs[name]} | {server.longest[name]:.1f} |"
        for name in sorted(server.longest, key=lambda one: -server.longest[one])
    ]
    return "\n".join(
        [
            "# Scale",
            "",
            "Written by `make scale`: the longest run of each script, in milliseconds by the",
            f"server's clock, with {JOBS:,} jobs, {CONTACTS:,} contacts, {LANES:,} lanes and",
            f"{HOLDS:,} holds ({memory // 2**20:,} MiB). Redis does one thing at a time, so this",
            "is what a call may have to wait for a step of another: at most",
            f"{MOST:.0f} ms, and {MOST_BEGIN:.0f} ms for `begin`. `dialer doctor` looks through",
            f"{speed:,.0f} keys a second, in steps that others go between.",
            "",
            "| script | runs | longest, ms |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> int:
    """Fill, work, look, write the page; 1 when a step took too long."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as embedded:
        client = connect(embedded.url, timeout=timedelta(seconds=60))
        client.config_set("appendfsync", "no")
        client.config_set("appendonly", "no")
        client.config_set("slowlog-log-slower-than", 0)
        server = Timed(client, clock=MOVABLE_CLOCK)
        clock = Clockwork(Store.on(server, BREAKER), now=START)
        field = Field.on(clock, calls_per_second=30.0)
        fill_jobs(clock)
        fill_rest(clock, field)
        server.longest.clear()
        server.runs.clear()
        memory = int(client.info("memory")["used_memory"])
        speed = look(server)
        work(clock, field)
        server.close()
    text = page(server, speed, memory)
    print(text)
    (ROOT / "ops/scale.md").write_text(text)
    late = [n for n, ms in server.longest.items() if ms > (MOST_BEGIN if n == "begin" else MOST)]
    print("too long:", ", ".join(late) or "none")
    return int(bool(late))


if __name__ == "__main__":
    sys.exit(main())
