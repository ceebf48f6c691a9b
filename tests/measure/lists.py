"""
How much of Redis a contact takes, how fast lists are read, and what sleeping campaigns cost.

    make lists     writes ops/lists.md

Everything runs against an embedded server of its own and ends by itself.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from campaignkit import campaign
from listkit import HEADER, mixed
from listkit import campaign as mixed_campaign
from storekit import (
    ALWAYS,
    BREAKER,
    LIMITS,
    MOVABLE_CLOCK,
    PLACED,
    SECOND,
    START,
    Clockwork,
    no_wait,
)

from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go
from dialer.feeding.importing import import_list
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.contacts import BLOCK
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

ROOT = Path(__file__).parents[2]
MILLION = 1_000_000
HUNDRED_THOUSAND = 100_000


def numbers(count: int) -> Iterator[str]:
    """Draw different numbers, none twice; spread as real lists are."""
    rng = Random(count)
    seen: set[int] = set()
    while len(seen) < count:
        one = rng.randrange(7_000_000_000, 9_999_999_999)
        if one not in seen:
            seen.add(one)
            yield f"+91{one}"


def used(server: Server) -> int:
    """Read how many bytes Redis uses for data."""
    server.client.memory_purge()
    return int(server.client.info("memory")["used_memory_dataset"])


def fill(
    server: Server, count: int, extra: Callable[[int], tuple[str, ...]] = lambda _: ()
) -> dict:
    """Fill one list, and say what it took."""
    server.client.flushdb()
    store = Store.on(server, BREAKER)
    columns = {"to": "mobile"} | {f"x{n}": f"x{n}" for n in range(len(extra(0)))}
    made = Campaign.read(
        {"name": "big", "call": {"from": "7", "fromType": "Group"}, "columns": columns},
        now=datetime.now(UTC),
        time_zone="Asia/Kolkata",
        allowed_extra=tuple(columns),
    )
    store.campaigns.create(made, who="measure")
    before, began, batch = used(server), time.perf_counter(), []
    for nth, one in enumerate(numbers(count)):
        batch.append(Contact(nth, (one.removeprefix("+91"), *extra(nth)), "", (one,)))
        if len(batch) == BLOCK:
            store.contacts.append("big", "", batch)
            batch = []
    took = time.perf_counter() - began
    bytes_each = (used(server) - before) / count
    store.campaigns.steer("start", "big", who="measure")
    began = time.perf_counter()
    store.campaigns.steer("cancel", "big", who="measure")
    return {
        "rows": count,
        "bytes a row": round(bytes_each, 1),
        "rows/s": round(count / took),
        "cancel, ms": round(1000 * (time.perf_counter() - began), 1),
    }


def read_csv(server: Server, count: int) -> dict:
    """Import a CSV of *count* rows, with seven kinds of bad ones, from end to end."""
    server.client.flushdb()
    store = Store.on(server, BREAKER)
    made = mixed_campaign()
    store.campaigns.create(made, who="measure")
    lines, wrong, doubled = mixed(count)
    octets, reported = "\n".join([HEADER, *lines]).encode(), []
    began = time.perf_counter()
    result = import_list(BytesIO(octets), made, store.contacts, reported.append)
    took = time.perf_counter() - began
    assert result.by_rule == Counter(wrong.values()), "the counts are exact"
    assert {one.line for one in reported} == {*wrong, *doubled}, "the report is complete"
    return {
        "rows": count,
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "kinds": len(result.by_rule),
        "rows/s": round(count / took),
    }


def let_sleep(clock: Clockwork, count: int) -> None:
    """Put *count* campaigns to sleep, each with a contact in its list and a job in its lane."""
    client, wakes = clock.store.server.client, 10**6 * int((START + timedelta(days=1)).timestamp())
    for nth in range(count):
        made = campaign(f"c{nth}", clock.now, calling_hours="daily 03:00-04:00")
        number, lane = f"+9190{nth:08d}", f"default/{made.name}/0/group:7/web=na/call=na"
        clock.store.campaigns.create(made, who="measure")
        clock.store.contacts.append(made.name, "", [Contact(1, (number,), "", (number,))])
        clock.store.campaigns.steer("start", made.name, who="measure")
        clock.enqueue(f"{made.name}:1:1", lane=lane, protected=(number,))
        # As begin leaves a lane whose hours are over, and a campaign without another.
        client.zadd("{dialer}:asleep", {lane: wakes})
        client.delete(f"{{dialer}}:awake:default/{made.name}")
        client.zadd("{dialer}:feeding", {made.name: wakes})
    client.delete("{dialer}:camps:default")


def dial_cost(server: Server, asleep: int, dials: int = 1500) -> dict[str, float]:
    """Return what a dial costs beside *asleep* sleeping campaigns, medians in ms."""
    server.client.flushdb()
    clock = Clockwork(Store.on(server, BREAKER))
    store = clock.store
    let_sleep(clock, asleep)
    store.campaigns.create(campaign("awake", clock.now), who="measure")
    store.server.client.set("{dialer}:cal:awake/0", f"0-{2**52}")
    store.server.client.hset("{dialer}:camp:awake", "state", "running")
    for _ in range(dials):
        clock.enqueue(lane="default/awake/0/group:7/web=na/call=na")
    plans, dialled = [], []
    rules = PacerRules(SECOND, SECOND / 10, 10 * SECOND)
    for _ in range(dials):
        clock.forward(SECOND)
        began = time.perf_counter()
        store.doorbells.plan("default", LIMITS, ALWAYS, rules, worker="w", record={}, capacity=50)
        planned = time.perf_counter()
        go = store.attempts.begin(clock.ask())
        assert isinstance(go, Go), go
        clock.settle(go, PLACED)
        plans.append(planned - began)
        dialled.append(time.perf_counter() - planned)
    return {"plan": 1000 * median(plans), "begin and settle": 1000 * median(dialled)}


def report(rows: list[dict], asleep: list[tuple[int, dict[str, float]]], read: dict) -> str:
    """Write what was measured as a page."""
    lines = ["# Lists and campaigns, measured", "", "`make lists` writes this page.", ""]
    lines += ["## What a contact takes in Redis", ""]
    lines += [
        "| list | contacts | bytes each | added each second | cancel of it, ms |",
        "|-|-|-|-|-|",
    ]
    lines += [
        f"| {row['list']} | {row['rows']:,} | {row['bytes a row']} | {row['rows/s']:,} |"
        f" {row['cancel, ms']} |"
        for row in rows
    ]
    lines += [
        "",
        "Random numbers of ten digits; the index that knows each customer is included.",
        "",
    ]
    lines += ["## Reading a CSV from end to end", ""]
    lines.append(
        f"{read['rows']:,} rows: {read['accepted']:,} accepted, {read['duplicates']:,} duplicates,"
        f" {read['rejected']:,} rejected by {read['kinds']} rules, each as it was planted and in"
        f" the report; {read['rows/s']:,} rows a second."
    )
    lines.append("")
    lines += ["## What sleeping campaigns cost a dial", ""]
    lines += ["| asleep | plan, ms | begin and settle, ms |", "|-|-|-|"]
    lines += [
        f"| {n:,} | {cost['plan']:.3f} | {cost['begin and settle']:.3f} |" for n, cost in asleep
    ]
    first, last = (sum(cost.values()) for _, cost in (asleep[0], asleep[-1]))
    lines += ["", f"The whole dial changes by a factor of {last / first:.2f} (allowed: 1.5).", ""]
    return "\n".join(lines)


def main() -> None:
    """Measure everything and write the page."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as embedded:
        client = connect(embedded.url, timeout=timedelta(seconds=120))
        client.config_set("appendfsync", "no")
        server = Server(client)
        rows = [
            {"list": "numbers only", **fill(server, HUNDRED_THOUSAND)},
            {"list": "numbers only", **fill(server, MILLION)},
            {
                "list": "with a name and an amount",
                **fill(server, HUNDRED_THOUSAND, lambda n: (f"Customer {n}", f"{n * 37 % 9000}")),
            },
        ]
        read = read_csv(server, HUNDRED_THOUSAND)
        moved = Server(client, clock=MOVABLE_CLOCK, sleep=no_wait)
        asleep = [(count, dial_cost(moved, count)) for count in (0, 10_000)]
    page = report(rows, asleep, read)
    (ROOT / "ops" / "lists.md").write_text(page)
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
