"""Pages of calls: exactly those of the list, and no more read than they need."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from dialer.domain.job.job import Job, State
from dialer.services.calls.paging import Window, newest, place_of

START = datetime(2030, 1, 1, tzinfo=UTC)


def job(nth: int, made: int, entered: int) -> Job:
    """A call that was made and entered its state so many seconds after the start."""
    return Job(
        id=f"job-{nth:04d}",
        state=State.READY,
        account="default",
        mode="live",
        lane="default/-/-/",
        priority=5,
        content="{}",
        customer="to",
        protected=(),
        ring_lead=timedelta(0),
        created=START + timedelta(seconds=made),
        entered=START + timedelta(seconds=entered),
        not_after=START + timedelta(days=1),
    )


def pages(jobs: list[Job], window: Window, *, by_entry: bool) -> list[list[str]]:
    """Ids of all pages of seven."""
    found: list[list[str]] = []
    while page := newest(jobs, window, 7, lambda _: True, by_entry=by_entry):
        found.append([one.id for one in page])
        window = Window(window.since, window.until, place_of(page[-1]))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_pages_that_stop_early_are_those_of_the_whole_list(seed: int) -> None:
    """Also of calls that were made in one moment, and of those between two moments."""
    dice = Random(seed)
    jobs = []
    for nth in range(100):
        made = dice.randrange(50)
        jobs.append(job(nth, made, made + dice.choice([0, 0, 1, 40])))
    ordered = sorted(jobs, key=lambda one: one.entered, reverse=True)
    for window in (Window(), Window(START + timedelta(seconds=20), START + timedelta(seconds=40))):
        expected = sorted(filter(window.holds, jobs), key=place_of, reverse=True)
        found = pages(ordered, window, by_entry=True)
        assert [one for page in found for one in page] == [one.id for one in expected]
        assert found == pages(jobs, window, by_entry=False)


def test_a_page_reads_no_more_than_it_needs() -> None:
    """Of calls that entered their state as they were made, one beyond the page."""
    read = []

    def reading() -> Iterator[Job]:
        for nth in reversed(range(1000)):
            read.append(nth)
            yield job(nth, nth, nth)

    page = newest(reading(), Window(), 10, lambda _: True, by_entry=True)
    assert [one.id for one in page] == [f"job-{nth:04d}" for nth in range(999, 989, -1)]
    assert len(read) == 11
