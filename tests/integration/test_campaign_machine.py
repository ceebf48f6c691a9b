"""Campaigns as a state machine: any order of operators, feeders, workers and passing time."""

import json
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from budgets import examples
from campaignkit import PERIOD, Field
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from storekit import BREAKER, MOVABLE_CLOCK, REFUSED, SECOND, START, Clockwork, no_wait

from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent, Placed
from dialer.errors import CampaignNotFound, CampaignRefused, StateConflict
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.damage import Damage
from dialer.store.redis.notation import stamp
from dialer.store.redis.server import Server
from dialer.store.redis.witness import Witness

NAMES = st.sampled_from(["one", "two"])
OUTCOMES = st.sampled_from([Placed("c"), NotSent("refused"), Doubtful("x"), *REFUSED.values()])
ZONES = st.sampled_from(["", "Asia/Dubai", "Asia/Dubai+Asia/Kolkata"])
HOURS = st.sampled_from(["always", "always", "daily 11:00-12:00", "daily 20:00-21:00"])
CALLS = st.sampled_from(
    [
        {"from": "7", "fromType": "Group"},
        {"from": "7,8", "fromType": "Agent"},
        {"from": "9000099999"},
    ]
)
INDEXES = [
    *("open:one", "awake:default/one", "camps:default", "feeding", "campaigns", "asleep"),
    *(
        "posting:default/one",
        "lane:default/one/0/group:7",
        "ready",
        "in:scheduled",
        "in:placed",
        "accounts",
    ),
]
#: Where whoever changes a campaign dies: before any look, or in the middle of one; "" for nowhere.
DEATHS = st.sampled_from(["", "", "look", "behind", "remake", "write_hours", "look_again"])
SCOPES = st.sampled_from(
    [
        *("campaign:one", "campaign:two"),
        *("pool:default/agent:7", "pool:default/agent:8", "pool:default/group:7"),
    ]
)
OPEN = (State.SCHEDULED, State.READY)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Killed(BaseException):
    """The end of a process, in the middle of what it did."""


class CampaignMachine(RuleBasedStateMachine):
    """Two campaigns of one account, and whatever may happen to them."""

    server: Server

    @initialize(data=st.data())
    def begin_anew(self, data) -> None:
        """Start with two campaigns that run, and nothing else in the store."""
        self.server.client.flushdb()
        self.server.witness = Witness()
        self.field = Field.on(Clockwork(Store.on(self.server, BREAKER)), calls_per_second=2.0)
        self.store = self.field.clock.store
        self.going: list[Go] = []
        self.held: set[str] = set()
        self.next = 40
        for nth, name in enumerate(("one", "two")):
            self.field.create(
                name,
                range(nth * 20, nth * 20 + 20),
                call=data.draw(CALLS),
                calling_hours=data.draw(HOURS),
                max_live_calls=data.draw(st.integers(0, 2)),
                max_posting=data.draw(st.integers(0, 2)),
                ends=START + 30 * HOUR,
            )

    @rule(name=NAMES, zones=ZONES, count=st.integers(1, 30), again=st.booleans())
    def add(self, name, zones, count, again) -> None:
        """Add contacts, some of which may be there."""
        first = max(0, self.next - 10) if again else self.next
        with suppress(CampaignNotFound, CampaignRefused):
            self.field.add(name, range(first, first + count), zones)
        self.next = max(self.next, first + count)

    @rule(
        name=NAMES, verb=st.sampled_from(["start", "pause", "resume", "resume", "resume", "cancel"])
    )
    def steer(self, name, verb) -> None:
        """Decide something."""
        with suppress(CampaignNotFound, CampaignRefused):
            self.store.campaigns.steer(verb, name, who="m")

    @rule(name=NAMES, hours=HOURS, weight=st.integers(1, 5), hour=st.integers(4, 40), death=DEATHS)
    def edit(self, name, hours, weight, hour, death) -> None:
        """Change hours, weight and end, and what calls show: whoever does it may die at once."""
        with suppress(CampaignNotFound, CampaignRefused):
            made = self.store.campaigns.get(name)
            call = {**made.call, "fromCLI": f"9{weight % 2 + 1}11111111"}
            changed = {"calling_hours": hours, "weight": weight, "ends": START + hour * HOUR}
            self.store.campaigns.replace(made.model_copy(update=changed | {"call": call}), who="m")
            self.look(name, death)

    @rule(weight=st.integers(1, 5))
    def edit_what_is_on_the_wire(self, weight) -> None:
        """Change a campaign during one of its calls, which is given back, and dial on."""
        before = len(self.going)
        self.dial(1)
        for go in self.going[before:]:
            name = go.job_id.split(":")[0]
            self.edit(name, self.store.campaigns.get(name).calling_hours, weight, 40, "")
            self.store.attempts.release([go], "late")
            self.dial(2)

    def look(self, name, death) -> None:
        """Let the feeder look at a campaign, or die in the middle of it."""
        if death not in ("", "look"):
            step = patch.object(self.store.feeding, death, side_effect=Killed)
            with step, suppress(Killed):
                self.field.feeder.look(name)
        elif not death:
            self.field.feeder.look(name)

    @rule(scope=SCOPES, hold=st.booleans())
    def hold(self, scope, hold) -> None:
        """Hold a campaign or somebody whom it rings, or let it go."""
        if hold:
            self.store.holds.set(scope, owner="m", who="m", reason="m")
            self.held.add(scope)
        else:
            self.store.holds.release(scope, owner="m", who="test")
            self.held.discard(scope)

    @rule(by=st.sampled_from([SECOND, PERIOD, MINUTE, MINUTE, 20 * MINUTE, 3 * HOUR]))
    def let_time_pass(self, by) -> None:
        """Move the clock."""
        self.field.clock.forward(by)

    @rule()
    def tick(self) -> None:
        """Run a round of upkeep."""
        self.store.maintenance.due()
        self.store.maintenance.reap()
        self.field.feeder.tick()

    @rule(first=st.integers(1, 4), second=st.integers(0, 4), outcome=OUTCOMES)
    def work(self, first, second, outcome) -> None:
        """Begin calls, and let all of them end alike before the next ones."""
        self.dial(first)
        for go in self.going[-first:]:
            self.field.clock.settle(go, outcome)
        self.dial(second)

    @rule(most=st.integers(1, 8))
    def dial(self, most) -> None:
        """Begin what may be begun."""
        for _ in range(most):
            self.field.clock.forward(SECOND)
            reply = self.field.dial()
            if not isinstance(reply, Go):
                break
            self.judge(reply)
            self.going.append(reply)

    def judge(self, go: Go) -> None:
        """A call that was begun must have been allowed."""
        name = go.job_id.split(":")[0]
        progress, now = self.store.campaigns.progress(name), self.field.clock.now
        assert progress.state == "running"
        assert f"campaign:{name}" not in self.held
        call = json.loads(go.content)
        rung = {
            f"pool:default/{call.get('fromType', 'Number').lower()}:{one}" for one in call["from"]
        }
        assert self.held.isdisjoint(rung)
        assert now < progress.ends
        campaign = self.store.campaigns.get(name)
        shown = json.loads(go.content).get("fromCLI", "")
        assert shown[-10:] == str(campaign.call.get("fromCLI", ""))
        number = self.store.jobs.get(go.job_id).lane.split("/")[2]
        assert campaign.calendar(self.store.contacts.zones(name, number)).is_open(now)
        attempts = [one for one in self.going if one.job_id == go.job_id]
        assert all(one.token != go.token for one in attempts)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), outcome=OUTCOMES)
    def settle(self, data, outcome) -> None:
        """Write down what came of an attempt, perhaps late, perhaps once more."""
        go = data.draw(st.sampled_from(self.going))
        self.field.clock.settle(go, outcome)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def take_back(self, data) -> None:
        """Undo an attempt that sent nothing, if it is still its turn."""
        self.field.clock.release(data.draw(st.sampled_from(self.going)))

    @precondition(lambda self: self.going)
    @rule(data=st.data(), verb=st.sampled_from(["redrive", "discard", "cancel", "again"]))
    def decide(self, data, verb) -> None:
        """Let a person decide about one job."""
        job_id = data.draw(st.sampled_from(self.going)).job_id
        desk = self.store.operator
        if verb == "redrive":
            desk.redrive([job_id], who="m", per_second=1, deadline=HOUR)
        elif verb == "again":
            with suppress(StateConflict):
                desk.resolve(
                    job_id, State.READY, who="m", reason="m", quarantine=MINUTE, deadline=HOUR
                )
        else:
            getattr(desk, verb)([job_id], who="m", reason="m")

    @rule(index=st.sampled_from(INDEXES), how=st.sampled_from(["deleted", "retyped", "garbled"]))
    def damage(self, index, how) -> None:
        """What is made from the records is made anew from them, whatever became of it."""
        key = self.server.keys.prefix + index
        if how == "garbled":
            books = {"n:ready": "x", "n:placed": "x", "q:0": "x"}
            self.server.client.hset(self.server.keys.camp("one"), mapping=books)
        else:
            self.server.client.delete(key)
        if how == "retyped":
            self.server.client.set(key, "x")
            self.store.maintenance.claim_tick(SECOND)
        for _ in range(2):
            list(Damage(self.server).look(mend=True))
        assert not [one for one in Damage(self.server).look() if one.name != "damaged"]

    def ids(self, state: State) -> list[str]:
        """Jobs that an index says to be in a state; of ready ones the lanes."""
        client, keys = self.server.client, self.server.keys
        indexes = [keys.index(state)]
        if state is State.READY:
            indexes = list(client.scan_iter(match=f"{keys.prefix}lane:*"))
        return [one for index in indexes for one in client.zrange(index, 0, -1)]

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def the_books_balance(self) -> None:
        """Each contact is in one place, and every index says the same."""
        client = self.server.client
        for name in self.store.campaigns.names():
            counts = self.field.counts(name)  # it compares the sum with what was fed
            record = client.hgetall(self.server.keys.camp(name))
            ids = {
                state: {one for one in self.ids(state) if one.startswith(f"{name}:")}
                for state in State
            }
            assert {str(s): len(found) for s, found in ids.items() if found} == {
                state: count for state, count in counts.items() if state != "waiting"
            }
            queued = set().union(*(ids[state] for state in OPEN))
            assert self.store.contacts.open_ids(name) == queued
            groups = self.store.contacts.groups(name)
            assert sum(group.queued for group in groups) == len(queued)
            assert sum(group.rows for group in groups) == int(record["rows"])
            assert sum(group.fed for group in groups) == int(record["fed"])
            posting = set(client.zrange(self.server.keys.posting(f"default/{name}"), 0, -1))
            assert posting == ids[State.DIALING]

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def nobody_sleeps_for_ever(self) -> None:
        """A lane with work is awake or will wake; a campaign with such a lane has its turn."""
        client, prefix = self.server.client, self.server.keys.prefix
        lanes = {key.removeprefix(f"{prefix}lane:") for key in client.keys(f"{prefix}lane:*")}
        asleep = set(client.zrange(f"{prefix}asleep", 0, -1))
        turns = {
            *client.zrange(f"{prefix}camps:default", 0, -1),
            *client.zrange(f"{prefix}resting:default", 0, -1),
        }
        for lane in lanes:
            name = lane.split("/")[1]
            awake = client.zscore(self.server.keys.awake("default", name), lane)
            assert (awake is not None) != (lane in asleep)
            progress = self.store.campaigns.progress(name)
            if awake is None or progress.state != "running" or f"campaign:{name}" in self.held:
                continue
            over = progress.ends <= self.field.clock.now
            assert name in turns or over or progress.counts[State.DIALING]

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def the_feeder_looks_after_what_is_open(self) -> None:
        """Whoever has contacts to feed, or jobs to take out, is looked at again."""
        feeding = set(self.server.client.zrange(self.server.keys.feeding, 0, -1))
        for name in self.store.campaigns.names():
            progress = self.store.campaigns.progress(name)
            over = progress.state == "cancelled" or progress.ends <= self.field.clock.now
            wanted = progress.queued if over else progress.open
            if wanted and progress.state in ("running", "cancelled"):
                assert name in feeding
            behind = self.store.feeding.behind(progress, 1)
            if behind or (over and progress.queued):
                self.is_looked_at_soon(name)

    def is_looked_at_soon(self, name) -> None:
        """What only the feeder ends does not wait for its next regular look."""
        due = self.server.client.zscore(self.server.keys.feeding, name)
        assert due <= stamp(self.field.clock.now + PERIOD)


def test_campaigns_in_any_order(scratch_server: EmbeddedServer):
    """No call that must not be, no contact lost or counted twice, nothing asleep for ever."""

    class OnServer(CampaignMachine):
        server = Server(connect(scratch_server.url), clock=MOVABLE_CLOCK, sleep=no_wait)

    run_state_machine_as_test(OnServer, settings=examples(20, 120, steps=40))
    OnServer.server.close()
