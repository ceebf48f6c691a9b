"""A reply is lost on its way, and the connection sends the call again: the answer is the same."""

import re
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from campaignkit import Field, campaign, number
from proxy import Proxy
from storekit import BREAKER, MOVABLE_CLOCK, REFUSED, SECOND, START, Clockwork, whole_state

from dialer.domain.api_key import ApiKey, ApiScope
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.errors import StoreRefused
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.operator import Moved
from dialer.store.redis import scripts
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

DAY = timedelta(days=1)
BY = {"who": "asha", "reason": "a test"}


class Losing(Proxy):
    """Loses the reply to one script that ran, each time it is armed."""

    def __init__(self, port: int) -> None:
        super().__init__(port, lambda: "")
        self.armed = False

    def _carry(self, chunk: bytes, client: socket.socket, server: socket.socket) -> bool:
        server.sendall(chunk)
        if self.armed and b"EVALSHA" in chunk:
            server.settimeout(2)
            reply = server.recv(65536)
            if not reply.startswith(b"-NOSCRIPT"):
                self.armed = False
                return False
            client.sendall(reply)
        return True


@pytest.fixture
def field(scratch_clockwork: Clockwork) -> Field:
    """A store with room for campaigns, and the hand on its clock."""
    return Field.on(scratch_clockwork)


@pytest.fixture
def losing(scratch_server: EmbeddedServer) -> Iterator[Losing]:
    """What loses replies in front of the server."""
    proxy = Losing(scratch_server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def store(field: Field, scratch_server: EmbeddedServer, losing: Losing) -> Iterator[Store]:
    """The same store behind a connection that loses replies."""
    url = scratch_server.url.replace(f":{scratch_server.port}/", f":{losing.port}/")
    server = Server(connect(url), clock=MOVABLE_CLOCK)
    server.witness.clock = field.clock.store.server.witness.clock
    yield Store.on(server, BREAKER)
    server.close()


def waiting(field: Field) -> str:
    return field.clock.enqueue()


def dead(field: Field) -> str:
    job_id = field.clock.enqueue()
    field.clock.settle(field.clock.begun(), REFUSED[Kind.REQUEST])
    return job_id


def unconfirmed(field: Field) -> str:
    job_id = field.clock.enqueue()
    field.clock.settle(field.clock.begun(), REFUSED[Kind.UNKNOWN])
    return job_id


def moved(job_id: str) -> Moved:
    return Moved([job_id], {})


def cancel(field: Field, store: Store):
    job_id = waiting(field)
    return lambda: store.operator.cancel([job_id], **BY), moved(job_id)


def discard(field: Field, store: Store):
    job_id = dead(field)
    return lambda: store.operator.discard([job_id], **BY), moved(job_id)


def redrive(field: Field, store: Store):
    job_id = dead(field)
    return lambda: store.operator.redrive([job_id], who="asha", per_second=1, deadline=DAY), moved(
        job_id
    )


def resolving(target: State):
    def resolve(field: Field, store: Store):
        job_id = unconfirmed(field)
        field.clock.forward(DAY)
        return lambda: store.operator.resolve(
            job_id, target, **BY, quarantine=SECOND, deadline=DAY
        ), timedelta(0)

    return resolve


def resolve_early(field: Field, store: Store):
    job_id = unconfirmed(field)
    return lambda: store.operator.resolve(
        job_id, State.READY, **BY, quarantine=DAY, deadline=DAY
    ), DAY


def hold_set(field: Field, store: Store):
    return lambda: store.holds.set("all", owner="asha", **BY), None


def hold_release(field: Field, store: Store):
    field.clock.store.holds.set("all", owner="asha", **BY)
    field.clock.store.holds.set("all", owner="other", **BY)
    return lambda: store.holds.release("all", owner="asha", who="asha"), (True, 1)


def suppress_add(field: Field, store: Store):
    return lambda: store.suppression.add([number(1), number(2)], account=None, **BY), 2


def suppress_remove(field: Field, store: Store):
    field.clock.store.suppression.add([number(1)], account=None, **BY)
    return lambda: store.suppression.remove([number(1), number(2)], account=None, **BY), 1


def enqueue(field: Field, store: Store):
    jobs = [field.clock.job(), field.clock.job()]
    return lambda: store.jobs.enqueue(jobs, who="asha"), ["created", "created"]


def create(field: Field, store: Store):
    return lambda: store.campaigns.create(campaign("diwali", START), who="asha"), None


def change(field: Field, store: Store):
    made = field.create("diwali", [1]).model_copy(update={"weight": 7})
    version = field.clock.store.campaigns.progress("diwali").version
    return lambda: store.campaigns.replace(made, who="asha", version=version), None


def steering(*verbs: str):
    def steer(field: Field, store: Store):
        field.create("diwali", [1], start=False)
        for verb in verbs[:-1]:
            field.steer(verb, "diwali")
        return lambda: store.campaigns.steer(verbs[-1], "diwali", **BY), True

    return steer


def steer_in_vain(field: Field, store: Store):
    field.create("diwali", [1])
    return lambda: store.campaigns.steer("start", "diwali", **BY), False


def append(field: Field, store: Store):
    field.create("diwali", [1])
    contacts = [Contact(n, (number(n),), "", (number(n),)) for n in (2, 3)]
    return lambda: store.contacts.append("diwali", "", contacts), [True, True]


def forget(field: Field, store: Store):
    field.create("diwali", [1, 2], start=False)
    field.steer("cancel", "diwali")
    return lambda: store.contacts.forget("diwali", who="asha"), 2


def create_key(field: Field, store: Store):
    del field
    scopes = frozenset({ApiScope.READ})
    key = ApiKey("abcdefgh", "shop", "0" * 64, scopes, None, reveal=False, created=START)
    return lambda: store.api_keys.create(key), True


def revoke_key(field: Field, store: Store):
    create_key(field, store)[0]()
    return lambda: store.api_keys.revoke("abcdefgh"), True


VERBS = {
    "key create": create_key,
    "key revoke": revoke_key,
    "cancel": cancel,
    "discard": discard,
    "redrive": redrive,
    "resolve placed": resolving(State.PLACED),
    "resolve dead": resolving(State.DEAD),
    "resolve again": resolving(State.READY),
    "resolve too early": resolve_early,
    "hold set": hold_set,
    "hold release": hold_release,
    "suppress add": suppress_add,
    "suppress remove": suppress_remove,
    "enqueue": enqueue,
    "campaign create": create,
    "campaign set": change,
    "campaign start": steering("start"),
    "campaign pause": steering("start", "pause"),
    "campaign resume": steering("start", "pause", "resume"),
    "campaign cancel": steering("start", "cancel"),
    "campaign start, already": steer_in_vain,
    "campaign import": append,
    "campaign forget": forget,
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_lost_reply_is_given_again(field, losing, store, verb):
    """Whoever asked hears what was done, and not that it was done already."""
    ask, expected = verb(field, store)
    losing.armed = True

    assert ask() == expected
    assert not losing.armed, "no reply was lost"


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_call_that_is_sent_twice_is_made_once(clockwork, monkeypatch, verb):
    """The repeat of a call changes nothing and is answered alike, a new one is judged anew."""
    field = Field.on(clockwork)
    ask, _ = verb(field, clockwork.store)
    run, told = clockwork.store.server.run, []

    def twice(script, *args):
        token = f"call{len(told)}"
        first = run(script, *args, token=token)
        state = whole_state(clockwork.store)
        told.append(script)
        clockwork.forward(SECOND)
        assert run(script, *args, token=token) == first
        keys = clockwork.store.server.keys
        moved_clock = {f"{keys.prefix}test-clock", keys.era}
        after = whole_state(clockwork.store)
        assert {k: v for k, v in state.items() if k not in moved_clock} == {
            k: v for k, v in after.items() if k not in moved_clock
        }
        return first

    monkeypatch.setattr(clockwork.store.server, "run", twice)
    ask()
    assert set(told) - {"leaving", "wake"} == {told[0]}
    assert told[0] in scripts.ANSWERED


def test_each_script_that_answers_somebody_keeps_its_reply():
    """No script that a person or a producer hears of is left out, and none is tried by no verb."""
    heard = set()
    for module in ("campaigns", "contacts", "operator", "holds", "jobs", "suppression", "api_keys"):
        text = (scripts._FOLDER.parent / f"{module}.py").read_text()
        heard |= set(re.findall(r'(?:run|run_each|_batches)\(\s*"(\w+)"', text))
    assert heard - {"counts", "campaign_standing", "wake"} == scripts.ANSWERED


def test_error_is_no_reply(clockwork):
    """A script that fails keeps nothing: what it is sent again is tried again."""
    server = clockwork.store.server
    with pytest.raises(StoreRefused):
        server.run("hold", {"verb": "set"}, token="one")
    assert not server.client.keys("*said*")
