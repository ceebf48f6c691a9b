"""The demo finds out when something went wrong."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialer.domain.job.job import Event, Job, State
from dialer.domain.job.order import Order
from dialer.lists import read_orders
from dialer.local.demo.script import SCENES, faults, lines, scene_of, world
from dialer.local.demo.verdict import Ending, weigh
from dialer.sandbox import Row

NOW = datetime(2030, 1, 7, 10, tzinfo=UTC)
FROM, TO = "8000000001", "9000000001"


def job(**changed) -> Job:
    """A job of the demo that was placed as its script says."""
    plain = Job(
        id="job-1",
        key="plain-1",
        state=State.PLACED,
        account="default",
        mode="live",
        lane="default/-/-/",
        priority=5,
        tries=1,
        attempts=1,
        content=json.dumps({"from": [f"+91{FROM}"], "to": [f"+91{TO}"]}),
        protected=(f"+91{TO}",),
        customer="to",
        ring_lead=timedelta(0),
        created=NOW,
        entered=NOW,
        due=None,
        not_after=NOW + timedelta(days=1),
        started=NOW,
        call_id="call-1",
        code="",
        reason="accepted by the API",
        events=(Event(NOW, "dialing", "placed", "api", "accepted by the API"),),
    )
    return replace(plain, **changed)


def row(**changed) -> Row:
    """The request that placed it."""
    plain = Row(
        seq=1,
        first_byte_at=NOW,
        head_at=NOW,
        first_byte_ns=0,
        head_ns=0,
        method="POST",
        params={"from": FROM, "to": TO},
        mode="live",
        verdict="200",
        placed=True,
        call_id="call-1",
    )
    return replace(plain, **changed)


def cut_off(job: Job) -> Job:
    """The same job, had its worker been killed."""
    event = Event(NOW, "dialing", "unconfirmed", "reaper", "no word from the worker")
    return replace(job, state=State.UNCONFIRMED, call_id="", events=(event,))


def test_what_went_well_is_confirmed():
    """A job that was placed once, and is in the ledger once, has nothing against it."""
    verdict = weigh(["job-1"], [job()], [row()])
    assert verdict.ok
    assert (verdict.jobs[Ending.AT_ONCE], verdict.rang[Ending.AT_ONCE]) == (1, 1)
    assert (verdict.twice, verdict.lost) == (0, 0)


@pytest.mark.parametrize(
    ("jobs", "rows", "complaint"),
    [
        ([job()], [row(), row(seq=2, call_id="call-2")], "rung twice"),
        ([], [], "1 accepted jobs were lost"),
        ([job(state=State.READY, call_id="")], [], "were lost"),
        ([job(state=State.DEAD, call_id="")], [], "job plain-1 is dead"),
        ([job(state=State.UNCONFIRMED, call_id="")], [row()], "job plain-1 is unconfirmed"),
        ([job()], [], "which nobody placed"),
        ([job()], [row(method="GET")], "must be a POST"),
    ],
)
def test_what_went_wrong_is_said(jobs, rows, complaint):
    """Ringing twice, losing a job, an end that the script does not have: none passes."""
    verdict = weigh(["job-1"], jobs, rows)
    assert not verdict.ok
    assert complaint in " ".join(verdict.complaints)


@pytest.mark.parametrize("rows", [[], [row()]], ids=["had not rung", "had rung"])
def test_killed_workers_calls_may_be_unconfirmed(rows):
    """Whatever was on the killed worker's hands may end unconfirmed, rung or not."""
    verdict = weigh(["job-1"], [cut_off(job())], rows)
    assert verdict.ok
    assert verdict.jobs[Ending.CUT_OFF] == 1
    assert verdict.rang[Ending.CUT_OFF] == len(rows)


@pytest.mark.parametrize(
    ("changed", "ending"),
    [
        ({"tries": 2}, Ending.RETRIED),
        ({"events": (Event(NOW, "dialing", "scheduled", "api", "no agent"),)}, Ending.WAITED),
        ({"events": (Event(NOW, "dialing", "ready", "api", "held"),)}, Ending.WAITED),
        ({"events": (Event(NOW, "dialing", "ready", "worker", "late"),)}, Ending.AT_ONCE),
    ],
)
def test_ways_to_be_placed(changed, ending):
    """A try that was used is a retry; one that was given back is a wait."""
    assert weigh(["job-1"], [job(**changed)], [row()]).jobs == {ending: 1}


def test_file_is_good_and_no_customer_is_in_it_twice():
    """Each line of the demo's file is an order, with a key and a customer of its own."""
    orders = [order for _, order in read_orders(enumerate(map(str.encode, lines(NOW)), 1))]
    assert all(isinstance(order, Order) for order in orders)
    assert len(orders) == sum(scene.calls for scene in SCENES)
    assert len({order.key for order in orders}) == len(orders)
    assert len({order.call.to for order in orders}) == len(orders)
    assert {scene_of(order.key).name for order in orders} == {scene.name for scene in SCENES}


def test_every_outcome_is_in_the_script():
    """The demo's calls end in every state that a call can end in without a person."""
    ends = {scene.ends for scene in SCENES}
    assert ends == {State.PLACED, State.DEAD, State.UNCONFIRMED, State.SKIPPED}
    hit = [number for fault in faults() for number in fault.when.numbers]
    assert len(set(hit)) == len(hit)
    assert world(agent_is_there=True) != world(agent_is_there=False)
