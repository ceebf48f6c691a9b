"""Campaigns as a state machine: any order of operators, feeders, workers and passing time."""

from contextlib import suppress
from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from storekit import BREAKER, MOVABLE_CLOCK, REFUSED, SECOND, START, Clockwork

from dialer.embedded import EmbeddedServer
from dialer.errors import CampaignNotFound, CampaignRefused, StateConflict
from dialer.job import State
from dialer.outcome import Doubtful, NotSent, Placed
from dialer.store import Store
from dialer.store.dialling import Go
from dialer.store.server import Server, connect

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
OPEN = (State.SCHEDULED, State.READY)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class CampaignMachine(RuleBasedStateMachine):
    """Two campaigns of one account, and whatever may happen to them."""

    server: Server

    @initialize(data=st.data())
    def begin_anew(self, data) -> None:
        """Start with two campaigns that run, and nothing else in the store."""
        self.server.client.flushdb()
        self.server.witnessed = 0
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

    @rule(name=NAMES, hours=HOURS, weight=st.integers(1, 5), hour=st.integers(4, 40))
    def edit(self, name, hours, weight, hour) -> None:
        """Change hours, weight and end; the feeder may look at once, or with the next tick."""
        with suppress(CampaignNotFound, CampaignRefused):
            made = self.store.campaigns.get(name)
            changed = {"calling_hours": hours, "weight": weight, "ends": START + hour * HOUR}
            self.store.campaigns.replace(made.model_copy(update=changed), who="m")
            if weight % 2:
                self.field.feeder.look(name)

    @rule(name=NAMES, hold=st.booleans())
    def hold(self, name, hold) -> None:
        """Hold a campaign, or let it go."""
        if hold:
            self.store.holds.set(f"campaign:{name}", owner="m", who="m", reason="m")
            self.held.add(name)
        else:
            self.store.holds.release(f"campaign:{name}", owner="m", who="test")
            self.held.discard(name)

    @rule(by=st.sampled_from([SECOND, PERIOD, MINUTE, MINUTE, 20 * MINUTE, 3 * HOUR]))
    def let_time_pass(self, by) -> None:
        """Move the clock."""
        self.field.clock.forward(by)

    @rule()
    def tick(self) -> None:
        """Run a round of upkeep."""
        self.store.rounds.due()
        self.store.rounds.reap()
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
        assert name not in self.held
        assert now < progress.ends
        campaign = self.store.campaigns.get(name)
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
        self.store.dialling.take_back(data.draw(st.sampled_from(self.going)).token, "late")

    @precondition(lambda self: self.going)
    @rule(data=st.data(), verb=st.sampled_from(["redrive", "discard", "cancel", "again"]))
    def decide(self, data, verb) -> None:
        """Let a person decide about one job."""
        job_id = data.draw(st.sampled_from(self.going)).job_id
        desk = self.store.desk
        if verb == "redrive":
            desk.redrive([job_id], who="m", per_second=1, deadline=HOUR)
        elif verb == "again":
            with suppress(StateConflict):
                desk.resolve(
                    job_id, State.READY, who="m", reason="m", quarantine=MINUTE, deadline=HOUR
                )
        else:
            getattr(desk, verb)([job_id], who="m", reason="m")

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def the_books_balance(self) -> None:
        """Each contact is in one place, and every index says the same."""
        client = self.server.client
        for name in self.store.campaigns.names():
            counts = self.field.counts(name)  # it compares the sum with what was fed
            record = client.hgetall(self.server.keys.camp(name))
            ids = {
                state: {
                    one
                    for one in client.zrange(self.server.keys.index(state), 0, -1)
                    if one.startswith(f"{name}:")
                }
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
            awake = client.zscore(self.server.keys.campaign_awake("default", name), lane)
            assert (awake is not None) != (lane in asleep)
            progress = self.store.campaigns.progress(name)
            if awake is None or progress.state != "running" or name in self.held:
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


def test_campaigns_in_any_order(scratch_server: EmbeddedServer):
    """No call that must not be, no contact lost or counted twice, nothing asleep for ever."""

    class OnServer(CampaignMachine):
        server = Server(connect(scratch_server.url), clock=MOVABLE_CLOCK)

    run = settings(
        max_examples=60,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        print_blob=True,
    )
    run_state_machine_as_test(OnServer, settings=run)
    OnServer.server.close()


pytestmark = pytest.mark.timeout(200)
