"""Places for calls: no more than there are, and some for each account that has work."""

from functools import partial

import pytest

from dialer.dialing.batch import Batch
from dialer.dialing.threads import Threads


def never(_step) -> None:
    """Start nothing."""


def test_a_call_has_its_place_until_it_is_given_back():
    threads = Threads(10, start=never)
    assert (threads.take("a", 6), threads.take("a", 6), threads.take("a", 1)) == (6, 4, 0)
    threads.leave("a", 3)
    assert threads.free("a") == 3


def test_an_account_leaves_a_tenth_to_another_that_has_work():
    threads = Threads(20, start=never)
    threads.want("b", work=True)
    assert threads.take("a", 20) == 18
    assert threads.take("b", 20) == 2
    threads.want("b", work=False)
    assert threads.free("a") == 0
    threads.leave("b", 2)
    assert threads.free("a") == 2


def test_an_account_that_holds_places_counts_as_one_with_work():
    threads = Threads(10, start=never)
    assert threads.take("b", 1) == 1
    assert threads.take("a", 10) == 9


@pytest.mark.parametrize("most", [1, 2])
def test_the_smallest_worker_serves_each_account(most):
    threads = Threads(most, start=never)
    threads.want("b", work=True)
    assert threads.take("a", 5) == 1
    threads.leave("a")
    assert threads.take("b", 5) >= 1


def test_where_no_thread_can_be_started_the_call_is_made_here():
    """What was granted must not be dropped, nor the caller told that it was."""

    def refuse(_step) -> None:
        raise RuntimeError("can't start new thread")

    done: list[str] = []
    Threads(2, start=refuse).start(partial(done.append, "made"))
    assert done == ["made"]


def test_it_waits_until_the_last_place_is_given_back():
    threads = Threads(2, start=never)
    threads.take("a", 2)
    assert not threads.wait(0)
    threads.leave("a", 2)
    assert threads.wait(0)


def test_a_batch_says_what_became_of_its_calls():
    batch = Batch()
    for _ in range(6):
        batch.begin()
    for verb in ("placed", "retry", "placed", "", "take_back"):
        batch.end(verb)
    batch.wait(0)
    assert str(batch) == "placed 2, retried 1, taken back 1, too late 1, 1 on the wire"
    batch.end("doubt")
    assert str(batch) == "placed 2, retried 1, unconfirmed 1, taken back 1, too late 1"
