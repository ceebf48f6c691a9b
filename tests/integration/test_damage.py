"""One damaged thing stops one thing: each key of the layout deleted, retyped and garbled."""

from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field
from dispatchkit import route
from storekit import LIMITS, PLACED, SECOND, Clockwork

from dialer.diagnosis.facts_reader import Explainer
from dialer.diagnosis.status import overview
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.call.customer import CustomerRules
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful
from dialer.maintenance.upkeep import Upkeep
from dialer.store.redis.damage import Damage
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.schema import types
from schedules.calendar import Calendar
from schedules.rule import Rule

RULES = PacerRules(SECOND, SECOND / 20, 2 * SECOND)
GAP = CustomerRules(60 * SECOND)
BARRED = "+919999900000"
HOUR = timedelta(hours=1)
#: A key of each kind, as the world below has it.
KEYS = {
    "seq": "seq",
    "job:": "job:ready",
    "in:": "in:scheduled",
    "lane:": "lane:default/-/-/",
    "ready": "ready",
    "awake:": "awake:default",
    "camps:": "camps:default",
    "resting:": "resting:default",
    "asleep": "asleep",
    "pool:": "pool:default/agent:1",
    "of:": "of:911",
    "posting:": "posting:default",
    "live:": "live:default",
    "busy:": "busy:default/agent:2",
    "sleepers:": "sleepers:default/agent:1",
    "meter:": "meter:default",
    "account:": "account:default",
    "accounts": "accounts",
    "started:": "started:default",
    "campaigns": "campaigns",
    "camp:": "camp:diwali",
    "zones:": "zones:diwali",
    "cal:": "cal:diwali/0",
    "unknown:": "unknown:diwali",
    "blocks:": "blocks:diwali/0",
    "list:": "list:diwali/16383",
    "moved:": "moved:diwali",
    "open:": "open:diwali",
    "steps:": "steps:diwali",
    "feeding": "feeding",
    "pulse:": "pulse:diwali",
    "longest": "longest",
    "rings_since": "rings_since",
    "leaving": "leaving",
    "era": "era",
    "breaker:": "breaker:default",
    "hold:": "hold:account:held",
    "holds": "holds",
    "holdings": "holdings",
    "rung:": "rung:+911",
    "waiting:": "waiting:+911",
    "behind:": "behind:+911",
    "dnc": "dnc",
    "dnc:": "dnc:default",
    "suppressed": "suppressed",
    "released": "released",
    "bell": "bell",
    "bells:": "bells:default",
    "wake": "wake",
    "workers": "workers",
    "wanting": "wanting",
    "capacity": "capacity",
    "fleet": "fleet",
    "successor": "successor",
    "tick": "tick",
    "redrive:": "redrive:default",
    "damaged": "damaged",
}
#: Kept for one call of a script, or read by one command only; or by the HTTP service alone, which
#: no call depends on: a key that cannot be read opens nothing.
ELSEWHERE = {"layout", "said:", "grant:", "takeover:", "metadata:", "import:", "import_rows:"}
ELSEWHERE |= {"apikeys", "apikeys_used", "apikeys_signing"}
#: Without these nobody may be rung: what they say concerns every account.
FOR_ALL = {"seq", "dnc", "era"}
#: Lost without a trace: at worst a rate, a limit or a wait begins anew, or something is not shown.
UNSEEN = frozenset(
    f"{name}:"
    for name in (
        *("meter", "account", "breaker", "pool", "started", "sleepers", "steps", "pulse", "list"),
        *("waiting", "behind", "bells", "redrive", "unknown", "resting", "dnc", "blocks"),
        *("zones", "busy", "live", "hold", "moved"),
    )
) | {
    *(
        "longest",
        "rings_since",
        "released",
        "holdings",
        "bell",
        "wake",
        "workers",
        "wanting",
        "capacity",
    ),
    *("fleet", "successor", "tick", "suppressed", "damaged", "leaving"),
}
#: A ring too many is a wait too many; an entry that cannot be read bars its number all the same;
#: of another life of the store its hold tells.
QUIET = {("rung:", "garbled"), ("dnc", "garbled"), ("era", "deleted")}
DAMAGES = ("deleted", "retyped", "garbled")


class World:
    """Three accounts, one of them held, a campaign, jobs in every state, and a barred number."""

    def __init__(self, clock: Clockwork) -> None:
        self.field = Field.on(clock)
        self.clock, self.store = clock, clock.store
        hours = OpeningHours(Calendar((Rule.parse("always", zone="Asia/Kolkata"),)))
        self.field.routes.update(
            {
                name: route(account=name, limits=LIMITS, hours=hours)
                for name in ("default", "other", "held")
            }
        )
        self.upkeep = Upkeep(self.store, period=PERIOD, feed=self.field.feeder.tick)
        self.rung: list[str] = []
        self.client, self.prefix = self.store.server.client, self.store.server.keys.prefix
        self.fill()
        self.done = {*self.rung, "dead"}

    def fill(self) -> None:
        clock, store = self.clock, self.store
        Epochs(store.server).begin()
        for name in ("placed", "doubtful", "dialing", "dead"):
            clock.enqueue(name, protected=(f"+91{name}",), priority=9, lane="default/-/-/agent:2")
            go = self.begin("default")
            assert go
            assert go.job_id == name
            if name == "placed":
                clock.settle(go, PLACED)
            elif name in ("doubtful", "dead"):
                clock.settle(go, Doubtful("silence"))
        store.operator.resolve(
            "dead", State.DEAD, who="m", reason="m", quarantine=HOUR, deadline=HOUR
        )
        clock.enqueue("again", protected=("+911",), priority=9)
        assert self.begin("default")
        for nth in range(3):
            clock.enqueue(f"behind{nth}", protected=("+911",), priority=8)
        clock.enqueue("sleeps", lane="default/-/-/agent:1", priority=8)
        store.server.client.hset(self.prefix + "pool:default/agent:1", "until_us", 10**17)
        store.server.client.set(self.prefix + "rings_since", 1)
        self.begin("default")
        clock.enqueue("ready", priority=7, protected=("+912",))
        clock.enqueue("scheduled", not_before=clock.now + 5 * SECOND)
        clock.enqueue("barred", protected=(BARRED,))
        store.suppression.add([BARRED], account=None, who="m", reason="asked")
        store.suppression.add([BARRED], account="default", who="m", reason="asked")
        store.suppression.add(["+915"], account=None, who="m", reason="asked")
        store.suppression.remove(["+915"], account=None, who="m", reason="a slip")
        for account in ("other", "held"):
            clock.enqueue(f"of {account}", account=account, lane=f"{account}/-/-/")
        store.holds.set("account:held", owner="operator", who="m", reason="m")
        self.field.create("diwali", range(30), calls_per_second=1.0)
        self.field.create("holi", range(100, 105))
        store.accounts.store("default", {"max_posting": 500})
        self.client.hset(self.prefix + "breaker:default", mapping={"row": 1, "last": "1"})
        self.client.set(self.prefix + "redrive:default", 1)
        self.client.sadd(self.prefix + "unknown:diwali", "default/diwali/0/x")
        self.client.zadd(self.prefix + "resting:default", {"holi": 10**17})
        self.client.hset(self.prefix + "list:diwali/16383", "1", "1")
        self.client.hset(self.prefix + "moved:diwali", "30", "")
        self.client.hset(self.prefix + "damaged", "x", "1 y")
        self.client.hset(self.prefix + "pulse:diwali", "1:starts", 1)
        for account in ("default", "other"):
            self.plan(account)
        for name in ("successor", "tick"):
            self.client.set(self.prefix + name, 1)

    def plan(self, account: str) -> None:
        self.store.doorbells.plan(
            account,
            LIMITS,
            self.clock.ask().windows,
            RULES,
            worker="w",
            record={"pid": 1},
            capacity=50,
        )

    def begin(self, account: str) -> Go | None:
        """Answer a doorbell of an account."""
        self.clock.forward(SECOND)
        for _ in range(30):
            reply = self.clock.begin(account=account, customer=GAP)
            if reply != No("sorting"):
                break
        if isinstance(reply, Go):
            self.rung.append(reply.job_id)
            return reply
        return None

    def go_on(self, rounds: int = 2) -> None:
        """Let everything happen that happens by itself, for some time."""
        for _ in range(rounds):
            self.clock.forward(PERIOD)
            self.upkeep.tick()
            self.store.maintenance.reap()
            self.store.maintenance.due()
            for account in ("default", "other", "held"):
                self.plan(account)
                for _ in range(6):
                    go = self.begin(account)
                    if go:
                        self.clock.settle(go, PLACED)

    def damage(self, name: str, how: str) -> None:
        """Do what somebody at a prompt may do to a key."""
        key, client = self.prefix + name, self.client
        kind = client.type(key)
        assert kind == types()[name.partition(":")[0] + (":" if ":" in name else "")], name
        if how == "deleted":
            client.delete(key)
        elif how == "retyped":
            client.delete(key)
            client.rpush(key, "x") if kind != "list" else client.set(key, "x")
        elif kind == "string":
            client.set(key, "no such thing")
        elif kind == "hash":
            client.hset(key, mapping=dict.fromkeys(client.hkeys(key), "x"))
        elif kind == "zset":
            client.zadd(key, {"no such thing": 1})
        elif kind == "set":
            client.sadd(key, "no such thing")
        else:
            client.rpush(key, "no such thing")

    def look(self) -> None:
        """Read whatever status, listings and the doctor read."""
        explainer = Explainer(self.store, self.field.routes, 60 * SECOND, HOUR)
        overview(explainer, None)
        self.store.holds.history()
        list(self.store.jobs.select())
        list(self.store.campaigns.every())
        if self.client.type(self.prefix + "dnc") == "hash":
            list(self.store.suppression.entries())


@pytest.fixture
def world(scratch_clockwork: Clockwork) -> World:
    return World(scratch_clockwork)


def test_each_key_of_the_layout_is_tried():
    """A new key gets its damage tried, or a reason why not."""
    assert {*KEYS, *ELSEWHERE} == {*types()}


def test_sound_store_is_said_to_be_sound(world: World):
    """The world of these tests, as it is and after a while, holds nothing that does not belong."""
    world.client.hdel(world.prefix + "damaged", "x")
    world.client.delete(world.prefix + "list:diwali/16383", world.prefix + "resting:default")
    world.go_on(1)
    assert list(Damage(world.store.server).look()) == []
    world.clock.forward(2 * HOUR)
    world.go_on(5)
    assert list(Damage(world.store.server).look()) == []


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("head", KEYS)
def test_one_damaged_key_stops_one_thing(world: World, head: str, how: str):
    """The others' calls go on, nobody is rung twice or in spite of a stop, and it is named."""
    name = KEYS[head]
    world.damage(name, how)
    named = {one.name for one in Damage(world.store.server).look()}
    world.look()
    world.rung.clear()
    world.go_on()
    world.look()

    assert len(world.rung) == len(set(world.rung)), "rung twice"
    assert not world.done.intersection(world.rung), "rung again"
    assert not {"barred", "of held"}.intersection(world.rung), "rung in spite of a stop"
    if head not in FOR_ALL:
        assert "of other" in world.rung, "another account was stopped"
    noted = world.client.hkeys(world.prefix + "damaged") if head != "damaged" else []
    found = {*named, *noted, *(one.name for one in Damage(world.store.server).look())}
    by_its_records = any(one.startswith(("job:", "camp:", "hold:")) for one in found)
    assert (
        name in found
        or by_its_records
        or (head, how) in QUIET
        or (head in UNSEEN and how != "retyped")
    ), found


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize(
    "head",
    [
        "in:",
        "lane:",
        "ready",
        "awake:",
        "camps:",
        "asleep",
        "of:",
        "posting:",
        "open:",
        "accounts",
        "campaigns",
        "feeding",
        "rung:",
    ],
)
def test_indexes_are_made_anew_from_the_records(world: World, head: str, how: str):
    """After a repair nothing is damaged any more, and everything that may be rung is."""
    world.client.hdel(world.prefix + "damaged", "x")
    world.client.delete(world.prefix + "list:diwali/16383", world.prefix + "resting:default")
    world.damage(KEYS[head], how)
    damage = Damage(world.store.server)
    assert list(damage.look(mend=True)) or (head, how) in QUIET
    again = list(damage.look(mend=True))
    assert [one for one in again if not one.mended] == []
    assert list(damage.look()) == []

    world.rung.clear()
    world.go_on(12)
    assert {"ready", "scheduled", "of other", "behind0"} <= {*world.rung}
    assert len(world.rung) == len(set(world.rung))
    assert not world.done.intersection(world.rung)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("state", ["placed", "dialing", "doubtful", "ready"])
def test_job_whose_record_was_lost_is_not_made_again(world: World, state: str, how: str):
    """The same line handed in again rings nobody, whatever an operator did to the record."""
    world.damage(f"job:{state}", how)
    job = world.clock.job(state, protected=("+91again",))
    for _ in range(2):
        (answer,) = world.store.jobs.enqueue([job], who="m")
        assert answer.startswith("conflict")
        world.go_on(1)


def test_hold_whose_record_is_gone_is_released_by_name(world: World):
    """Whose it was nobody knows, so only a person takes it off."""
    world.damage("hold:account:held", "deleted")
    (hold,) = world.store.holds.all()
    assert (hold.scope, hold.owner) == ("account:held", "damaged")
    assert world.store.holds.release(hold.scope, owner="operator", who="m") == (False, 0)
    assert world.begin("held") is None
    assert world.store.holds.release(hold.scope, owner="damaged", who="m")[0]
    assert world.begin("held")


def test_job_that_cannot_be_read_is_not_moved(world: World):
    """Whoever asks for it is told, and the others of the same request are moved."""
    world.damage("job:ready", "garbled")
    moved = world.store.operator.cancel(["ready", "barred"], who="m", reason="m")
    assert (moved.done, moved.refused) == (["barred"], {"ready": "damaged"})


def test_nobody_is_rung_while_a_do_not_call_list_lacks_numbers(world: World):
    """What was on a list that somebody deleted nobody knows, until a person has seen to it."""
    world.store.suppression.add(["+912"], account=None, who="m", reason="asked")
    world.damage("dnc", "deleted")
    world.rung.clear()
    world.go_on()
    assert world.rung == []
    world.store.suppression.add([BARRED, "+912"], account=None, who="m", reason="asked")
    list(Damage(world.store.server).look(mend=True))
    world.go_on()
    assert "of other" in world.rung
    assert "ready" not in world.rung
