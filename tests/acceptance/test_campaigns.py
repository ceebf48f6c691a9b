"""Campaigns with real workers: shared customers, stops at full speed, beats that come and go."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from chaos import CALLER, Facts, facts, order, slow_world
from stack import Stack, stack, wait_until

from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.job import State
from dialer.store import Store

RATE = 40
CAP = 3
#: A refusal that is tried again, of which nobody's phone rings.
REFUSAL = "1536"
#: From the write of a stop to the last first byte: lookahead, start_by, and the sandbox's clock.
STOP = timedelta(seconds=1)
SETTINGS = {
    "WIRE__CONNECT_TIMEOUT": "500ms",
    "WIRE__DEADLINE": "2s",
    "JOBS__LEASE": "8s",
    "JOBS__QUARANTINE": "10s",
    "RETRY__AGENT__FIRST": "200ms",
    "RETRY__AGENT__CAP": "200ms",
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": str(RATE),
    "CUSTOMER__MAX_RINGS": str(CAP),
    "CUSTOMER__PER": "24h",
    "WORKER__CONCURRENCY": "4",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all of these: eight workers, and a beat."""
    directory = tmp_path_factory.mktemp("campaigns")
    with stack(directory, SETTINGS, world=slow_world("50ms")) as one:
        one.workers(8)
        one.start("beat", name="beat")
        yield one


@pytest.fixture
def store(running: Stack) -> Iterator[Store]:
    """A connection of the test's own."""
    opened = running.store()
    yield opened
    opened.server.close()


def campaign(store: Store, name: str, numbers: Sequence[str]) -> None:
    """Define, fill and start a campaign of calls from one number, not limited by who answers it."""
    raw = {
        "name": name,
        "call": {"from": CALLER},
        "columns": {"to": "mobile"},
        "live_per_agent": 0,
    }
    made = Campaign.read(raw, now=datetime.now(UTC), time_zone="Asia/Kolkata")
    store.campaigns.create(made, who="test")
    contacts = [Contact(n, (one,), "", (f"+91{one}",)) for n, one in enumerate(numbers)]
    assert all(store.contacts.append(name, "", contacts))
    store.campaigns.steer("start", name, who="test")


def numbers_of(prefix: str, count: int) -> list[str]:
    """Numbers of one test alone."""
    return [f"{prefix}{n:05d}" for n in range(count)]


def placed(progress: Progress) -> int:
    """How many calls of a campaign the API has accepted."""
    return progress.counts[State.PLACED]


def ids(name: str, count: int) -> list[str]:
    """The jobs that a list becomes."""
    return [f"{name}:{row}:1" for row in range(1, count + 1)]


def test_three_campaigns_and_direct_calls_share_a_cap(running: Stack, store: Store):
    """Each customer stands in three lists and four files: three calls in a day, whoever asks."""
    numbers = numbers_of("95000", 30)
    # The first request to some of them is refused: what it had reserved is given back.
    for number in numbers[:10]:
        running.sandbox.fault(do="code", code=REFUSAL, when={"numbers": [number], "nth": 1})
    for name in ("one", "two", "three"):
        campaign(store, name, numbers)
    direct = [
        receipt.job_id
        for turn in range(4)
        for receipt in running.producer().enqueue_many([keyed(number, turn) for number in numbers])
    ]
    calls = CAP * len(numbers)
    wait_until(
        lambda: store.jobs.counts()[State.PLACED] >= calls and not under_way(store),
        within=60,
        why="every customer has been called as often as allowed",
    )
    end = facts(
        running, direct + [job for name in ("one", "two", "three") for job in ids(name, 30)]
    )
    per_customer = rung(end, numbers)
    refused = [row for row in end.rows if row.verdict == REFUSAL]
    print(end.line(customers=len(numbers), refused_first=len(refused)))
    assert end.violations == ()
    assert end.lost == []
    assert Counter(per_customer.values()) == {CAP: len(numbers)}
    assert len(refused) == 10
    waiting = list(store.jobs.select(State.SCHEDULED))
    assert len(waiting) == 7 * len(numbers) - calls
    assert {job.reason for job in waiting} == {"the customer has been called as often as allowed"}
    tomorrow = datetime.now(UTC) + timedelta(hours=23)
    assert all(job.due and job.due > tomorrow for job in waiting)


def keyed(number: str, turn: int):
    """A direct call that is wanted once more."""
    plain = order(number)
    return type(plain)(plain.call, key=f"{number}-{turn}")


def rung(end: Facts, numbers: Sequence[str]) -> "Counter[str]":
    """How often each of some numbers was called, by the ledger."""
    wanted = set(numbers)
    called = (row.params["to"].removeprefix("91") for row in end.rows if row.placed)
    return Counter(number for number in called if number in wanted)


def under_way(store: Store) -> bool:
    """Whether anything is about to be dialled, or on the wire."""
    counts = store.jobs.counts()
    soon = store.jobs.entered_since(State.READY, datetime.now(UTC) - timedelta(days=1))
    return bool(counts[State.DIALING] or soon)


def test_a_pause_at_full_speed_stops_at_once(running: Stack, store: Store):
    """No request arrives a second after it; resume goes on, and nobody was lost."""
    count = 160
    numbers = numbers_of("96000", count)
    campaign(store, "paused", numbers)
    wait_until(lambda: placed(store.campaigns.progress("paused")) >= 40, within=30, why="it runs")
    # What `dialer campaign pause` does, without the second that a process takes to start.
    assert store.campaigns.steer("pause", "paused", who="test", reason="a test")
    paused_at = datetime.now(UTC)
    look_until = time.monotonic() + 1.5
    wait_until(
        lambda: time.monotonic() > look_until and not store.jobs.counts()[State.DIALING],
        within=20,
        why="what was on the wire comes back",
    )
    latest = max(row.first_byte_at for row in running.sandbox.rows())
    assert latest <= paused_at + STOP
    assert store.campaigns.progress("paused").open > 0
    assert running.cli("campaign", "resume", "paused").returncode == 0
    wait_until(
        lambda: placed(store.campaigns.progress("paused")) == count, within=30, why="all are placed"
    )
    end = facts(running, ids("paused", count))
    print(end.line(last_POST_after_pause_ms=round((latest - paused_at).total_seconds() * 1000)))
    assert end.violations == ()
    assert end.lost == []
    assert set(rung(end, numbers).values()) == {1}


def test_beats_that_stop_double_and_die_lose_nothing(running: Stack, store: Store):
    """Beat killed in mid-list, none for a while, two at once, a worker that stalls and goes on."""
    count = 300
    numbers = numbers_of("97000", count)
    campaign(store, "beaten", numbers)

    def reached(share: float) -> None:
        wait_until(
            lambda: placed(store.campaigns.progress("beaten")) >= count * share,
            within=40,
            why=f"{share:.0%} of the list is placed",
        )

    reached(0.1)
    running.kill("beat")
    reached(0.4)  # the pacers tick
    for nth in range(2):
        running.start("beat", name=f"beat{nth}")
    stalled = next(name for name in running.processes if name.startswith("worker"))
    os.kill(running.processes[stalled].pid, signal.SIGSTOP)
    reached(0.7)
    os.kill(running.processes[stalled].pid, signal.SIGCONT)
    wait_until(
        lambda: not store.campaigns.progress("beaten").open, within=60, why="the list is done"
    )
    progress = store.campaigns.progress("beaten")
    end = facts(running, ids("beaten", count))
    print(end.line(**{str(state): n for state, n in progress.counts.items() if n}))
    assert end.violations == ()
    assert end.lost == []
    assert set(rung(end, numbers).values()) == {1}
    # What the stalled worker had begun may be in doubt; everything else was placed.
    assert progress.counts[State.PLACED] + progress.counts[State.UNCONFIRMED] == count
    assert progress.counts[State.UNCONFIRMED] <= 4
