"""A campaign is changed in one step: no call of a withdrawn definition, whoever dies in between."""

import json
from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field
from storekit import PLACED, REFUSED, START, Clockwork

from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent
from dialer.store.redis.record import LETTERS

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OLD, NEW = "21", "22"
CALL = {"from": OLD, "fromType": "Group"}


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """One account, and one campaign of four contacts that runs."""
    made = Field.on(clockwork)
    made.create("diwali", range(4), call=CALL, ends=START + 3 * DAY)
    return made


def define(field: Field, **update: object) -> None:
    """Change the definition, and die before anybody looks."""
    campaigns = field.clock.store.campaigns
    update = update or {"call": CALL | {"from": NEW}}
    campaigns.replace(campaigns.get("diwali").model_copy(update=update), who="asha")


def rung(go: Go) -> str:
    """Which group a call rings."""
    return str(json.loads(go.content)["from"][0])


def open_hours(field: Field) -> None:
    """Write the hours without making anything anew, as a feeder might that died then."""
    store = field.clock.store
    (group,) = store.contacts.groups("diwali")
    span = {group.number: [(START, field.clock.now + 30 * DAY)]}
    store.feeding.write_hours("diwali", store.campaigns.progress("diwali"), span, DAY)


# Whoever dies between the change and what follows it


def test_no_old_call_leaves_between_the_change_and_the_feeder(field):
    """The command died after its one write, and the hours are known all the same."""
    define(field)
    open_hours(field)
    assert field.dial() == No("empty")
    assert field.counts("diwali") == {"scheduled": 4}
    reasons = {job.reason for job in field.clock.store.jobs.select(State.SCHEDULED)}
    assert reasons == {"definition: its campaign was changed since it was made"}


def test_any_tick_makes_them_anew_and_ready_at_once(field):
    """What `begin` has put aside costs the queue nothing, and waits for nothing else."""
    define(field)
    open_hours(field)
    assert field.dial() == No("empty")
    field.feeder.tick()
    assert field.counts("diwali") == {"ready": 4}
    begun = field.dial_all()
    assert [rung(go) for go in begun] == [NEW] * 4
    assert field.clock.store.campaigns.progress("diwali").renewed


def test_a_tick_that_dies_after_a_batch_is_ended_by_the_next(field, monkeypatch):
    """Some are made anew, the others are passed over."""
    monkeypatch.setattr("dialer.feeding.rerender.BATCH", 1)
    feeding, remake = field.clock.store.feeding, field.clock.store.feeding.remake
    define(field)

    def once(*args, **words):
        monkeypatch.setattr(feeding, "remake", killed)
        return remake(*args, **words)

    def killed(*args, **words):
        raise KeyboardInterrupt

    monkeypatch.setattr(feeding, "remake", once)
    with pytest.raises(KeyboardInterrupt):
        field.feeder.tick()
    open_hours(field)
    assert [rung(go) for go in field.dial_all()] == [NEW]
    monkeypatch.setattr(feeding, "remake", remake)
    field.tick()
    assert [rung(go) for go in field.dial_all()] == [NEW] * 3


def test_a_bounded_round_goes_on_with_the_next(field, monkeypatch):
    """More jobs than one look makes anew: the next tick makes the rest."""
    monkeypatch.setattr("dialer.feeding.rerender.MOST", 3)
    define(field)
    field.feeder.look("diwali")
    assert not field.clock.store.campaigns.progress("diwali").renewed
    field.clock.forward(PERIOD)
    field.tick()
    assert [rung(go) for go in field.dial_all()] == [NEW] * 4


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_steering_makes_nothing_anew(field, verb):
    """A definition's version is changed by nothing but a definition."""
    store = field.clock.store
    before = store.campaigns.progress("diwali").version
    made = store.campaigns.get("diwali")
    field.steer("pause", "diwali")
    if verb == "resume":
        field.steer("resume", "diwali")
    assert store.campaigns.progress("diwali").version == before
    assert store.campaigns.progress("diwali").renewed
    # And who has read it before does not have to read it again.
    store.campaigns.replace(made.model_copy(update={"weight": 2}), who="b", version=before)


def test_a_paused_campaign_is_made_anew_too(field):
    """Whoever looks at its jobs sees what will be rung."""
    field.steer("pause", "diwali")
    define(field)
    field.feeder.tick()
    contents = {job.content for job in field.clock.store.jobs.select(State.READY)}
    assert {json.loads(content)["from"][0] for content in contents} == {NEW}


# What was on the wire, doubtful or dead meanwhile


@pytest.mark.parametrize("outcome", [REFUSED[Kind.PROVIDER], REFUSED[Kind.AGENT], NotSent("x")])
@pytest.mark.parametrize("looked", [True, False])
def test_a_retry_after_the_change_is_made_anew(field, outcome, looked):
    """It was on the wire during the change; no second attempt is by the withdrawn definition."""
    wire = field.clock.begun()
    define(field)
    if looked:
        field.feeder.look("diwali")
    field.clock.settle(wire, outcome)
    field.clock.forward(PERIOD)
    field.tick()
    field.clock.forward(HOUR)
    field.tick()
    begun = {go.job_id: rung(go) for go in field.dial_all()}
    assert begun == dict.fromkeys([f"diwali:{row}:1" for row in range(1, 5)], NEW)


def test_what_is_given_back_after_the_change_is_made_anew(field):
    """A start that was late: it is ready at once, and not by the old definition."""
    wire = field.clock.begun()
    define(field)
    field.feeder.look("diwali")
    assert field.clock.store.attempts.release([wire], "late")[0]
    begun = field.dial_all()
    assert wire.job_id not in {go.job_id for go in begun}
    field.tick()
    begun += field.dial_all()
    assert {go.job_id: rung(go) for go in begun} == dict.fromkeys(
        [f"diwali:{row}:1" for row in range(1, 5)], NEW
    )


def test_to_ring_again_and_to_redrive_are_made_anew_whoever_dies(field):
    """A person decides, the command dies; what waits then is passed over until it is anew."""
    desk = field.clock.store.operator
    doubtful, dead = field.clock.begun(), field.clock.begun()
    field.clock.settle(doubtful, Doubtful("no answer"))
    field.clock.settle(dead, REFUSED[Kind.REQUEST])
    define(field)
    field.feeder.look("diwali")
    field.clock.forward(HOUR)
    for go in field.dial_all():
        field.clock.settle(go, PLACED)
    words = {"who": "asha", "reason": "checked", "quarantine": MINUTE, "deadline": HOUR}
    desk.resolve(doubtful.job_id, State.READY, **words)
    desk.redrive([dead.job_id], who="asha", per_second=10, deadline=HOUR)
    field.clock.forward(timedelta(seconds=1))
    field.clock.store.maintenance.due()
    assert field.dial() == No("empty")
    field.tick()
    assert {go.job_id: rung(go) for go in field.dial_all()} == {
        doubtful.job_id: NEW,
        dead.job_id: NEW,
    }


def test_jobs_of_a_store_written_before_are_made_anew_once(field):
    """They carry no version: nobody knows by which definition they were made."""
    server = field.clock.store.server
    for row in range(1, 5):
        server.client.hdel(server.keys.job(f"diwali:{row}:1"), LETTERS["version"])
    server.client.hdel(server.keys.camp("diwali"), "renewed", "called")
    assert field.dial() == No("empty")
    field.tick()
    assert len(field.dial_all()) == 4


# What comes back late to a campaign that is over


@pytest.mark.parametrize("over", ["cancelled", "ended"])
@pytest.mark.parametrize("kind", [Kind.PROVIDER, Kind.AGENT, Kind.CAPACITY])
def test_a_late_refusal_is_taken_out_with_the_next_tick(field, over, kind):
    """Its lease was over, its campaign too; its answer came all the same."""
    late = field.clock.begun()
    field.clock.forward(2 * MINUTE)
    field.clock.store.maintenance.reap()
    if over == "cancelled":
        field.steer("cancel", "diwali")
    else:
        field.clock.forward(3 * DAY)
    field.tick()
    field.clock.forward(HOUR)
    field.clock.settle(late, REFUSED[kind])
    field.tick()
    assert State.SCHEDULED not in field.counts("diwali")
    assert State.READY not in field.counts("diwali")


def test_what_comes_back_while_the_feeder_looks_is_not_put_off(field, monkeypatch):
    """It came after the sweep and before the feeder said when to look again."""
    late, store = field.clock.begun(), field.clock.store
    field.clock.forward(2 * MINUTE)
    store.maintenance.reap()
    sweep = store.feeding.sweep

    def overtaken(campaign, most):
        found = sweep(campaign, most)
        field.clock.settle(late, REFUSED[Kind.PROVIDER])
        return found

    monkeypatch.setattr(store.feeding, "sweep", overtaken)
    field.steer("cancel", "diwali")
    monkeypatch.undo()
    assert field.counts("diwali")["scheduled"] == 1
    field.tick()
    assert "scheduled" not in field.counts("diwali")


def test_what_is_given_back_to_a_cancelled_campaign_is_taken_out(field):
    """Late to leave, and nobody wants it any more."""
    wire = field.clock.begun()
    field.steer("cancel", "diwali")
    field.clock.store.attempts.release([wire], "late")
    field.tick()
    assert field.counts("diwali") == {"cancelled": 4}


def test_a_redrive_that_a_cancel_overtakes_is_taken_out(field):
    """Dead, redriven, cancelled: in this order, and the other way round it is refused."""
    dead, desk = field.clock.begun(), field.clock.store.operator
    field.clock.settle(dead, REFUSED[Kind.REQUEST])
    desk.redrive([dead.job_id], who="a", per_second=1, deadline=HOUR)
    field.steer("cancel", "diwali")
    assert field.counts("diwali") == {"cancelled": 4}
    assert desk.redrive([dead.job_id], who="a", per_second=1, deadline=HOUR).done == []
