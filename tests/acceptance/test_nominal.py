"""The main job, with nothing going wrong."""

from pathlib import Path

from stack import stack, wait_until

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import State
from dialer.domain.job.order import Order


def test_every_call_is_placed_once(tmp_path: Path):
    """Two workers started as documented place each number once, and know each call id."""
    with stack(tmp_path) as running:
        running.workers(2, flags=())
        running.start("beat")
        store = running.store()
        numbers = [f"91000{n:05d}" for n in range(100)]
        orders = [Order(ClickToCall(from_="9000000001", to=number)) for number in numbers]
        jobs = {receipt.job_id for receipt in running.producer().enqueue_many(orders)}
        wait_until(
            lambda: store.jobs.counts()[State.PLACED] == len(jobs), within=30, why="all placed"
        )

        rows = running.sandbox.rows()
        assert sorted(numbers) == sorted(row.params["to"] for row in rows if row.placed)
        known = {job.call_id for job in store.jobs.select(State.PLACED)}
        assert known == {row.call_id for row in rows}
        assert {"POST"} == {row.method for row in rows}
