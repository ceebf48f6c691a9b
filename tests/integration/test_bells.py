"""Planning doorbells, and the pacer that rings them."""

import threading
from datetime import timedelta

import pytest
from dispatchkit import Open, route
from storekit import ALWAYS, SECOND, START, Clockwork, windows

from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.domain.account.limits import Limits
from dialer.domain.doorbell import PacerRules, Plan
from dialer.domain.fleet import WORKER_GONE
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful
from dialer.maintenance.upkeep import Upkeep
from dialer.store.doorbells import Doorbells
from dialer.store.maintenance import BOUND

MS = timedelta(milliseconds=1)
RULES = PacerRules(horizon=SECOND, lead=25 * MS, patience=2 * SECOND)
FOUR = Limits(4, 1, 100, 0, 300 * SECOND)


def plan(clockwork: Clockwork, *, limits=FOUR, hours=ALWAYS, worker="w1", capacity=100) -> Plan:
    return clockwork.store.doorbells.plan(
        "default", limits, hours, RULES, worker=worker, record={"pid": 1}, capacity=capacity
    )


def dues(plan: Plan) -> list[timedelta]:
    return [due for _, _, due in plan.bells]


def fill(clockwork: Clockwork, count: int = 20) -> None:
    for _ in range(count):
        clockwork.enqueue()


def test_bells_go_out_just_before_their_slots(clockwork: Clockwork):
    """As many as the meter allows within the horizon, each a little early, the first at once."""
    fill(clockwork)

    assert dues(plan(clockwork)) == [0 * MS, 225 * MS, 475 * MS, 725 * MS, 975 * MS]
    assert plan(clockwork).bells == (), "none twice"


def test_pacers_share_the_bells(clockwork: Clockwork):
    """Two pacers together ring no more than one would."""
    fill(clockwork)
    names = [bell for bell, *_ in plan(clockwork).bells]
    for nth in range(8):
        clockwork.begin(bell=names[nth], limits=FOUR)
        clockwork.forward(SECOND / 4)
        names += [bell for bell, *_ in plan(clockwork, worker=f"w{nth % 3}").bells]

    assert len(names) == len(set(names)) == 5 + 8


def test_answered_bell_makes_room_for_the_next(clockwork: Clockwork):
    """A begin takes its bell away, and the meter then allows one more within the horizon."""
    fill(clockwork)
    bell = plan(clockwork).bells[0][0]
    clockwork.begin(bell=bell, limits=FOUR)
    clockwork.forward(SECOND / 4)

    assert len(plan(clockwork).bells) == 1


def test_lost_bells_are_rung_again(clockwork: Clockwork):
    """A bell that nobody answers is given up after its patience."""
    fill(clockwork)
    assert len(plan(clockwork).bells) == 5
    clockwork.forward(4 * SECOND)

    assert len(plan(clockwork).bells) == 5


@pytest.mark.parametrize(
    ("jobs", "limits", "capacity", "bells"),
    [
        (0, FOUR, 100, 0),
        (2, FOUR, 100, 2),
        (20, Limits(4, 1, 3, 0, SECOND), 100, 3),
        (20, Limits(4, 1, 100, 2, SECOND), 100, 2),
        (20, FOUR, 1, 1),
        (20, Limits(4, 3, 100, 0, SECOND), 100, 7),
    ],
)
def test_no_more_bells_than_anything_allows(clockwork: Clockwork, jobs, limits, capacity, bells):
    """Work, POSTs on the wire, live calls and workers each bound the bells."""
    fill(clockwork, jobs)

    planned = plan(clockwork, limits=limits, capacity=capacity).bells
    assert sum(calls for _, calls, _ in planned) == bells


def test_worker_that_is_gone_carries_nothing(clockwork: Clockwork):
    """The capacity of a silent worker is forgotten, and so is its record."""
    fill(clockwork)
    plan(clockwork, worker="old", capacity=100)
    clockwork.forward(WORKER_GONE + SECOND)
    later = plan(clockwork, worker="new", capacity=2)

    assert len(later.bells) == 2
    assert list(clockwork.store.doorbells.workers()) == ["new"]


def test_hold_and_closed_hours_ring_nothing(clockwork: Clockwork):
    """Where begin would refuse, no bell is rung, and the next look is when it may change."""
    fill(clockwork)
    clockwork.store.holds.set("account:default", owner="a", who="a", reason="b")
    assert (plan(clockwork).bells, plan(clockwork).look_again) == ((), None)
    clockwork.store.holds.release("account:default", owner="a", who="test")
    hour = windows((START + 60 * SECOND, START + 90 * SECOND))
    assert (plan(clockwork, hours=hour).bells, plan(clockwork, hours=hour).look_again) == (
        (),
        60 * SECOND,
    )

    assert plan(clockwork).bells


def test_open_breaker_gets_one_bell_when_a_probe_is_due(clockwork: Clockwork):
    """A probe goes alone."""
    fill(clockwork)
    for _ in range(5):
        clockwork.settle(clockwork.begun(), Doubtful("silence"))
    assert plan(clockwork).bells == ()
    clockwork.forward(5 * SECOND)

    assert len(plan(clockwork).bells) == 1


def test_alarm_is_the_next_due_time(clockwork: Clockwork):
    """A pacer knows when time alone will make a job ready."""
    clockwork.enqueue(not_before=START + 90 * SECOND)

    assert plan(clockwork).alarm == 90 * SECOND


class Quick(Doorbells):
    """Doorbells whose wait for news only notes that it was called."""

    waits = 0

    def wait(self, longest: timedelta) -> bool:
        assert longest > timedelta(0)
        self.waits += 1
        return False


def pacer(clockwork: Clockwork, ring, **given) -> Pacer:
    time = {"now": 0.0}

    def sleep(seconds: float) -> None:
        time["now"] += seconds
        clockwork.forward(timedelta(seconds=seconds))

    options = {
        "bells": Quick(clockwork.store.server),
        "routes": {"default": route(limits=FOUR)},
        "rules": RULES,
        "worker": WorkerIdentity("w1", {"pid": 1}),
        "ways": Open(100),
        "send": ring,
        "upkeep": Upkeep(clockwork.store, period=10 * SECOND),
        "beside": lambda step: step(),
        "now": lambda: clockwork.now,
        "monotonic": lambda: time["now"],
        "sleep": sleep,
    } | given
    return Pacer(**options)


def test_pacer_rings_each_bell_once_in_order(clockwork: Clockwork):
    """One turn rings what is due within its sleep; the rest waits for later turns."""
    fill(clockwork)
    rung: list[tuple[str, str]] = []
    one = pacer(clockwork, lambda account, bell, _: rung.append((account, bell)))
    for _ in range(3):
        one.turn()

    bells = [int(bell.partition(".")[0]) for _, bell in rung]
    assert bells
    assert bells == sorted(set(bells))
    assert {account for account, _ in rung} == {"default"}


def test_broken_broker_costs_a_bell_and_nothing_else(clockwork: Clockwork):
    """A bell that cannot be sent is rung again after its patience; the pacer lives on."""
    fill(clockwork)

    def broken(account: str, bell: str, calls: int) -> None:
        raise OSError("no broker")

    one = pacer(clockwork, broken)
    one.turn()
    clockwork.forward(10 * SECOND)

    assert len(plan(clockwork).bells) == 5


def test_pacer_wakes_what_is_due(clockwork: Clockwork):
    """A scheduled job whose time has come becomes ready without beat."""
    job_id = clockwork.enqueue(not_before=START + 5 * SECOND)
    clockwork.forward(5 * SECOND)
    pacer(clockwork, lambda *_: None).turn()

    assert clockwork.store.jobs.get(job_id).state == "ready"


def test_pacer_steps_in_for_a_silent_beat(clockwork: Clockwork):
    """When upkeep has not run for two periods a pacer runs it."""
    job_id = clockwork.enqueue()
    clockwork.begun()
    clockwork.store.maintenance.claim_tick(SECOND)
    clockwork.forward(19 * SECOND)
    one = pacer(clockwork, lambda *_: None)
    one.turn()
    clockwork.forward(60 * SECOND)
    one.turn()

    assert clockwork.store.jobs.get(job_id).state == "unconfirmed"


def test_pacer_goes_on_ringing_while_a_crowd_becomes_due(clockwork: Clockwork):
    """However many jobs one moment makes ready, a turn moves a bounded number of them."""
    moment = START + 5 * SECOND
    crowd = [clockwork.job(not_before=moment) for _ in range(2 * BOUND)]
    clockwork.store.jobs.enqueue(crowd, who="test")
    clockwork.forward(5 * SECOND)
    clockwork.store.maintenance.claim_tick(SECOND)
    one = pacer(clockwork, lambda *_: None)
    one.turn()
    assert clockwork.store.jobs.counts()[State.READY] == BOUND

    one.turn()
    assert clockwork.store.jobs.counts()[State.READY] == 2 * BOUND


def test_pacer_listens_for_news_once_its_bells_are_out(clockwork: Clockwork):
    """A slow account must not make a pacer deaf to what is enqueued for another one."""
    fill(clockwork)
    slow = Limits(0.1, 1, 100, 0, 300 * SECOND)
    rung: list[str] = []
    one = pacer(
        clockwork, lambda _, bell, __: rung.append(bell), routes={"default": route(limits=slow)}
    )
    one.turn()

    assert len(rung) == 1
    assert clockwork.now - START < SECOND / 4


def test_ticks_are_not_doubled(clockwork: Clockwork):
    """A second beat finds the round done."""
    upkeep = Upkeep(clockwork.store, period=10 * SECOND)

    assert not upkeep.tick().startswith("skipped")
    assert upkeep.tick().startswith("skipped")
    clockwork.forward(5 * SECOND)
    assert not upkeep.tick().startswith("skipped")


def test_enqueue_wakes_a_sleeping_pacer(real_store):
    """A pacer that sleeps hears of a new job at once, not at its next look."""
    heard = threading.Event()

    def listen() -> None:
        if real_store.doorbells.wait(20 * SECOND):
            heard.set()

    sleeper = threading.Thread(target=listen)
    sleeper.start()
    Clockwork(real_store).enqueue()
    sleeper.join(15)

    assert heard.is_set()


def test_a_pacer_says_what_its_worker_takes(clockwork: Clockwork):
    """Who takes no doorbells carries nothing, so none are rung for it; yet it is there."""
    fill(clockwork)
    takes = [False]
    rung: list[str] = []
    one = pacer(
        clockwork,
        lambda _account, bell, _calls: rung.append(bell),
        worker=WorkerIdentity("w1", {"pid": 1}, lambda: takes[0]),
    )
    one.turn()
    (worker,) = clockwork.store.doorbells.live(clockwork.now)
    assert (worker.capacity, worker.takes, rung) == (0, False, [])

    takes[0] = True
    one.turn()
    (worker,) = clockwork.store.doorbells.live(clockwork.now)
    assert (worker.capacity, worker.takes) == (100, True)
    assert rung
