"""What one account, campaign or customer may take while others have work too."""

from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field, number
from storekit import ALWAYS, LIMITS, PLACED, REFUSED, SECOND, Clockwork

from dialer.domain.call.customer import CustomerRules
from dialer.domain.campaign.contact import Contact
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State

RULES = PacerRules(SECOND, SECOND / 20, 2 * SECOND)
GAP = CustomerRules(60 * SECOND)
NUMBER = ("+911",)


def plan(clockwork: Clockwork, account: str, places: int) -> list[str]:
    """The doorbells of one account; the worker can carry so many calls."""
    made = clockwork.store.doorbells.plan(
        account, LIMITS, ALWAYS, RULES, worker="w", record={}, capacity=places
    )
    return [bell for bell, *_ in made.bells]


def fill(clockwork: Clockwork, account: str, count: int = 60) -> None:
    for _ in range(count):
        clockwork.enqueue(account=account, lane=f"{account}/-/-/")


def let_hang(clockwork: Clockwork, accounts: list[str], places: int) -> dict[str, list[Go]]:
    """Accounts whose API does not answer take what they may."""
    going: dict[str, list[Go]] = {account: [] for account in accounts}
    for _ in range(4):
        clockwork.forward(SECOND / 4)
        rung = [
            (account, bell) for account in accounts for bell in plan(clockwork, account, places)
        ]
        for account, bell in rung:
            clockwork.forward(SECOND / 500)
            reply = clockwork.begin(account=account, bell=bell)
            if isinstance(reply, Go):
                going[account].append(reply)
    return going


@pytest.mark.parametrize("places", [4, 12, 50])
@pytest.mark.parametrize("slow", [1, 2, 3])
def test_slow_accounts_leave_room_for_one_more(clockwork: Clockwork, places, slow):
    """Each may hold nine tenths, all of them together never everything."""
    accounts = [f"slow{nth}" for nth in range(slow)]
    for account in ["quick", *accounts]:
        fill(clockwork, account)
    plan(clockwork, "quick", places)
    going = let_hang(clockwork, accounts, places)
    assert all(len(some) <= max(1, places * 9 // 10) for some in going.values())
    assert 0 < sum(map(len, going.values())) < places
    assert all(going.values()) == (slow < places)

    for _ in range(5):
        clockwork.forward(3 * SECOND)  # the bells that nobody answered are given up
        for account in accounts:
            plan(clockwork, account, places)
        assert plan(clockwork, "quick", places)
        clockwork.settle(clockwork.begun(account="quick"), PLACED)


def test_account_that_is_alone_has_all_places(clockwork: Clockwork):
    """Nothing is kept free for nobody: who has no work, or is held, has no share."""
    clockwork.enqueue(account="held", lane="held/-/-/")
    clockwork.store.holds.set("account:held", owner="m", who="m", reason="m")
    plan(clockwork, "held", 10)
    plan(clockwork, "idle", 10)
    fill(clockwork, "slow")
    assert len(let_hang(clockwork, ["slow"], 10)["slow"]) == 10


def own_lanes(field: Field, count: int, **fields: object) -> None:
    """Start a campaign in which every row rings a number of its own first."""
    field.create(
        "diwali", call={}, columns={"to": "mobile", "from": "agent"}, start=False, **fields
    )
    for first in range(0, count, 500):
        rows = [
            Contact(n, (number(n), f"8{n:09d}"), "", (number(n),))
            for n in range(first, min(count, first + 500))
        ]
        field.clock.store.contacts.append("diwali", "", rows)


@pytest.mark.parametrize("stop", ["hold", "account"])
def test_held_campaign_with_a_lane_a_row_is_fed_as_far_as_it_was_wanted(
    scratch_clockwork: Clockwork, stop
):
    """However long it is held: jobs are counted, and not the first hundred lanes."""
    field = Field.on(scratch_clockwork, calls_per_second=30.0)
    own_lanes(field, 4000)
    scope = "campaign:diwali" if stop == "hold" else "account:default"
    scratch_clockwork.store.holds.set(scope, owner="m", who="m", reason="m")
    field.steer("start", "diwali")
    for _ in range(20):
        scratch_clockwork.forward(PERIOD)
        field.tick()
    assert field.counts("diwali")["ready"] == 30 * 30 + 20


def test_lanes_of_a_changed_campaign_are_woken_bit_by_bit(
    scratch_clockwork: Clockwork, monkeypatch
):
    """No step looks at more than some of those that sleep; who comes next goes on."""
    field = Field.on(scratch_clockwork, calls_per_second=30.0)
    own_lanes(field, 900, calling_hours="daily 03:00-04:00")
    store, keys = scratch_clockwork.store, scratch_clockwork.store.server.keys
    field.steer("start", "diwali")
    lanes = {f"default/diwali/0/number:{nth}": 10**17 for nth in range(900)}
    store.server.client.zadd(keys.asleep, lanes)
    store.server.client.zadd(keys.asleep, {f"other/diwali/0/{n}": 10**17 for n in range(900)})
    made = store.campaigns.get("diwali").model_copy(update={"calling_hours": "always"})
    monkeypatch.setattr("dialer.store.campaigns.Campaigns.wake", lambda *_: False)
    store.campaigns.replace(made, who="m")  # it died here
    monkeypatch.undo()
    calls = 0
    while store.campaigns.wake("diwali"):
        calls += 1
        assert calls < 20
    asleep = store.server.client.zrange(keys.asleep, 0, -1)
    assert calls >= 2
    assert len(asleep) == 900
    assert all(lane.startswith("other/") for lane in asleep)


class TestCustomerWhoIsWaitedFor:
    """Of the jobs that gap or cap puts off, the first one is woken, and the others stay."""

    def behind(self, clockwork: Clockwork, count: int = 30) -> list[str]:
        """Many jobs for one number, one of which has just rung it; in rank order."""
        clockwork.enqueue("now", protected=NUMBER, priority=9)
        ids = [clockwork.enqueue(protected=NUMBER, priority=8 - nth % 3) for nth in range(count)]
        clockwork.settle(clockwork.begun(customer=GAP), PLACED)
        for _ in range(5):
            clockwork.begin(customer=GAP)
        return [one for rest in (0, 1, 2) for one in ids[rest::3]]

    def woken(self, clockwork: Clockwork) -> list[str]:
        """Who is ready when everything that is due was looked at."""
        clockwork.store.maintenance.due()
        return [job.id for job in clockwork.store.jobs.select(State.READY)]

    def test_one_is_woken_each_time_and_all_have_their_turn(self, clockwork: Clockwork):
        """In the order of their ranks, each a gap after the other, none looked at in between."""
        rest = self.behind(clockwork, 12)
        while rest:
            clockwork.forward(30 * SECOND)
            assert self.woken(clockwork) == []
            clockwork.forward(31 * SECOND)
            assert self.woken(clockwork) == rest[:1]
            go = clockwork.begun(customer=GAP)
            assert go.job_id == rest.pop(0)
            clockwork.settle(go, PLACED)

    @pytest.mark.parametrize("how", ["cancelled", "refused", "late"])
    def test_who_goes_lets_the_next_one_pass(self, clockwork: Clockwork, how):
        """Cancelled, put off by a refusal, or too late: the next one has its turn."""
        rest = self.behind(clockwork, 6)
        if how == "cancelled":
            clockwork.store.operator.cancel([rest[0]], who="m", reason="m")
            assert self.woken(clockwork) == rest[1:2]
            return
        clockwork.forward(61 * SECOND)
        assert self.woken(clockwork) == rest[:1]
        if how == "late":
            clockwork.store.operator.cancel([rest[0]], who="m", reason="m")
        else:
            clockwork.settle(clockwork.begun(customer=GAP), REFUSED[Kind.PROVIDER])
        assert self.woken(clockwork) == rest[1:2]
        assert clockwork.begun(customer=GAP).job_id == rest[1]

    def test_better_one_that_comes_later_is_woken_first(self, clockwork: Clockwork):
        """The rank decides, not who came first."""
        self.behind(clockwork, 6)
        best = clockwork.enqueue(protected=NUMBER, priority=9)
        clockwork.begin(customer=GAP)
        clockwork.forward(61 * SECOND)
        assert self.woken(clockwork) == [best]

    def test_those_behind_look_for_themselves_when_the_first_is_held_up(self, clockwork: Clockwork):
        """A first one that cannot be dialled holds up the others for minutes, not for ever."""
        clockwork.enqueue("now", protected=NUMBER, priority=9)
        first = clockwork.enqueue(protected=NUMBER, account="slow", lane="slow/-/-/", priority=8)
        second = clockwork.enqueue(protected=NUMBER)
        clockwork.settle(clockwork.begun(customer=GAP), PLACED)
        clockwork.begin(account="slow", customer=GAP)
        clockwork.begin(customer=GAP)
        clockwork.store.holds.set("account:slow", owner="m", who="m", reason="m")
        clockwork.forward(61 * SECOND)
        assert self.woken(clockwork) == [first]
        clockwork.forward(timedelta(minutes=11))
        assert second in self.woken(clockwork)
        assert clockwork.begun(customer=GAP).job_id == second
