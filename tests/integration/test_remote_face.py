"""`Dialer` and its client over HTTP: what one does the other does, by the same tests."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from apikit import Api

from dialer import ClickToCall, Dialer, InvalidCall, Verdict
from dialer.domain.job.job import State
from dialer.errors import JobNotFound, StoreUnavailable
from dialer.remote import RemoteDialer, RemoteRefused

CALL = ClickToCall(from_="9000000001", to="9100000001")
LATER = datetime(2035, 1, 31, 10, tzinfo=UTC)


@pytest.fixture(params=["here", "over HTTP"])
def dialer(request: pytest.FixtureRequest, api: Api) -> Iterator[Dialer | RemoteDialer]:
    """Either of the two; keys are named after which."""
    if request.param == "here":
        yield api.dialer
        return
    with RemoteDialer(api.url, key=api.key()) as remote:
        yield remote


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of this test's own."""
    return request.node.name.replace(" ", "-")


def test_the_same_call_twice_is_one_job(dialer: Any, key: str) -> None:
    """Created, then a duplicate with the same id."""
    first, again = (dialer.enqueue(CALL, key=key) for _ in range(2))
    assert (first.verdict, again.verdict) == (Verdict.CREATED, Verdict.DUPLICATE)
    assert first.job_id == again.job_id


def test_another_call_under_its_key_is_a_conflict(dialer: Any, key: str) -> None:
    """As a receipt that names the job."""
    first = dialer.enqueue(CALL, key=key)
    other = dialer.enqueue(ClickToCall(from_="9000000001", to="9100000002"), key=key)
    assert (other.verdict, other.job_id) == (Verdict.CONFLICT, first.job_id)
    assert other.problems[0][0] == "key"


def test_a_call_without_a_key_is_refused(dialer: Any) -> None:
    """Nothing is enqueued."""
    with pytest.raises(InvalidCall, match="key: is missing"):
        dialer.enqueue(CALL)


def test_rules_are_named_by_field(dialer: Any, key: str) -> None:
    """All that are broken, in one error."""
    with pytest.raises(InvalidCall) as caught:
        dialer.enqueue(CALL, key=key, account="nobody")
    assert [field for field, _ in caught.value.problems] == ["account"]


def test_what_is_asked_for_is_kept(dialer: Any, key: str) -> None:
    """Times, priority, customer; found again by the key and by the id."""
    receipt = dialer.enqueue(CALL, key=key, priority=7, not_before=LATER, customer="to")
    for job in (dialer.get(receipt.job_id), dialer.find(key)):
        assert (job.id, job.key, job.priority) == (receipt.job_id, key, 7)
        assert (job.state, job.due, job.mode) == (State.SCHEDULED, LATER, "live")


def test_rows_have_a_receipt_each(dialer: Any, key: str) -> None:
    """In order, with bad ones among them."""
    good = {"from": "9000000001", "to": "9100000001"}
    rows = [{**good, "key": f"{key}-1"}, {**good}, {**good, "key": f"{key}-2", "to": "x"}]
    verdicts = [one.verdict for one in dialer.enqueue_rows(rows)]
    assert verdicts == [Verdict.CREATED, Verdict.REJECTED, Verdict.REJECTED]


def test_a_job_is_taken_back_once(dialer: Any, key: str) -> None:
    """And one that is not there is refused."""
    made = dialer.enqueue(CALL, key=key).job_id
    moved = dialer.cancel([made, "a" * 26], reason="withdrawn")
    assert (moved.done, moved.refused) == ([made], {"a" * 26: "missing"})
    assert dialer.get(made).state == State.CANCELLED


def test_what_is_not_there_is_said(dialer: Any) -> None:
    """By id and by key."""
    with pytest.raises(JobNotFound):
        dialer.get("a" * 26)
    with pytest.raises(JobNotFound):
        dialer.find("never-used")


def test_numbers_go_onto_the_do_not_call_list(dialer: Any, key: str) -> None:
    """As many as are new."""
    number = f"93{zlib.crc32(key.encode()) % 10**8:08d}"
    assert dialer.suppress([number], reason="asked") == 1
    assert dialer.suppress([number], reason="asked") == 0
    with pytest.raises(InvalidCall):
        dialer.suppress(["12"], reason="asked")


def test_a_lost_answer_is_asked_for_again_and_the_job_made_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is thrown away on its way; the second says duplicate, and names the job."""
    with RemoteDialer(api.url, key=api.key(), sleep=lambda _: None) as remote:
        send, lost = remote._session.request, []

        def losing(*args: Any, **more: Any) -> requests.Response:
            answer = send(*args, **more)
            if not lost:
                lost.append(answer)
                raise requests.ConnectionError("cut")
            return answer

        monkeypatch.setattr(remote._session, "request", losing)
        receipt = remote.enqueue(CALL, key="lost-answer")
    assert receipt.verdict is Verdict.DUPLICATE
    assert receipt.job_id == lost[0].json()["results"][0]["id"]


def test_what_could_do_harm_is_not_sent_twice(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change without a key of its own is left to the caller."""
    with RemoteDialer(api.url, key=api.key(), sleep=lambda _: None) as remote:
        sent: list[object] = []

        def cut(*args: Any, **_: Any) -> requests.Response:
            sent.append(args)
            raise requests.ConnectionError("cut")

        monkeypatch.setattr(remote._session, "request", cut)
        with pytest.raises(StoreUnavailable):
            remote.release({"kind": "all"}, reason="r")
        assert len(sent) == 1


def test_a_key_that_may_not_is_told_so(api: Api) -> None:
    """With the word of the problem."""
    with (
        RemoteDialer(api.url, key=api.key("read")) as remote,
        pytest.raises(RemoteRefused, match="scope") as caught,
    ):
        remote.enqueue(CALL, key="k")
    assert caught.value.status == 403
