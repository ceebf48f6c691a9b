"""What a process makes of a master that it meets, without any server."""

from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError

from dialer.errors import StoreUnavailable, StoreUnsafe
from dialer.store.redis import event_log as moves
from dialer.store.redis.sentinel import GRACE, SLOW, Takeover
from dialer.store.redis.server import Server


class Memory:
    """A server's memory, and connections to it that answer what `meet` asks."""

    def __init__(self, life: str, seq: int, *, role: str = "master", full: bool = False) -> None:
        self.life, self.role, self.full = life, role, full
        self.values = {"{dialer}:seq": str(seq)}

    def connection(self) -> SimpleNamespace:
        said: list[tuple[object, ...]] = []
        return SimpleNamespace(
            host="h",
            port=1,
            on_connect_check_health=lambda **_: None,
            send_command=lambda *words, **_: said.append(words),
            read_response=lambda: self.answer(*said.pop()),
        )

    def answer(self, command: str, *words: object) -> object:
        if command == "INFO":
            return f"# Replication\r\nrole:{self.role}\r\nmaster_replid:{self.life}\r\n"
        if command == "SET":
            if self.full:
                raise OutOfMemoryError
            return self.values.setdefault(str(words[0]), str(words[1]))
        return self.values.get(str(words[0]))


def process(seen: int, now: float = 0.0) -> Takeover:
    takeover = Takeover(monotonic=lambda: now)
    takeover.witnessed = lambda: seen
    return takeover


def test_a_master_that_knows_as_much_has_forgotten_nothing():
    """A restart, or a failover that lost no move."""
    one = process(seen=7)

    one.meet(Memory("a", 7).connection())

    assert one.forgotten() == ""
    assert one.master == "h:1"


def test_a_master_that_knows_less_has_forgotten():
    """The reason says what was seen and what is known."""
    one = process(seen=8)

    one.meet(Memory("a", 7).connection())

    assert "transition 8 was seen, h:1 took over at 7" in one.forgotten()
    one.told()
    assert one.forgotten() == ""


@pytest.mark.parametrize("full", [False, True])
def test_moves_since_hide_the_gap_only_from_a_full_server(full):
    """The first who meets a master writes its number down; on a full one nothing is begun."""
    memory = Memory("a", 7, full=full)
    process(seen=3).meet(memory.connection())
    memory.values["{dialer}:seq"] = "50"
    late = process(seen=8)

    late.meet(memory.connection())

    assert bool(late.forgotten()) is not full


def test_another_connection_to_the_same_master_is_no_news():
    """A process compares once for each life of a master."""
    one, memory = process(seen=8), Memory("a", 7)
    one.meet(memory.connection())
    one.told()

    one.meet(memory.connection())

    assert one.forgotten() == ""


def test_a_replica_is_not_used():
    """Sentinel may be late, and so may be a connection."""
    with pytest.raises(RedisConnectionError, match="is a replica"):
        process(seen=0).meet(Memory("a", 7, role="slave").connection())


def test_a_server_without_jobs_is_asked_for_its_role_only():
    """The broker has no moves to forget, and nothing is written into it."""
    takeover, memory = Takeover(), Memory("a", 7)

    takeover.meet(memory.connection())

    assert memory.values.keys() == {"{dialer}:seq"}
    takeover.check()


def test_calls_begin_when_everybody_had_time_to_speak():
    """For the time of grace `check` refuses, and names the master."""
    now = [100.0]
    takeover = Takeover(monotonic=lambda: now[0])
    takeover.witnessed = lambda: 0
    takeover.check()
    takeover.meet(Memory("a", 7).connection())

    with pytest.raises(StoreUnavailable, match="new master, h:1"):
        takeover.check()
    now[0] += GRACE.total_seconds()
    takeover.check()


def test_each_master_is_asked_whether_it_forgets_before_a_call_begins():
    """One that took over with other settings grants nothing until it is mended; asked once then."""
    now, asked, unsafe = [100.0], [], [True]
    takeover = Takeover(monotonic=lambda: now[0])
    takeover.witnessed = lambda: 0

    def fit() -> None:
        asked.append(takeover.master)
        if unsafe:
            raise StoreUnsafe("appendfsync is everysec", "appendfsync is everysec")

    takeover.fit = fit
    for life in ("a", "b"):
        takeover.meet(Memory(life, 7).connection())
        with pytest.raises(StoreUnavailable):
            takeover.check()
        now[0] += GRACE.total_seconds()
        for _ in range(2):
            with pytest.raises(StoreUnsafe):
                takeover.check()
        unsafe.clear()
        takeover.check()
        takeover.check()
        assert len(asked) == 3
        asked.clear()
        unsafe.append(True)


def test_a_slow_log_is_no_slow_master(monkeypatch):
    """The lines of what a script moved are written, but not while its reply is timed."""
    now, told = [100.0], []

    def write_slowly(rows: list[str]) -> None:
        now[0] += 2 * SLOW.total_seconds()
        told.extend(rows)

    monkeypatch.setattr(moves, "write", write_slowly)
    takeover, memory = Takeover(monotonic=lambda: now[0]), Memory("a", 7)
    scripts = SimpleNamespace(
        register_script=lambda _: lambda **_: [["7"], ["hold\tset"], ["1", "", "7", "0", "0"]]
    )
    server = Server(scripts)  # type: ignore[arg-type]  # all that it is asked for
    server._takeover = takeover
    connection = memory.connection()
    takeover.meet(connection)

    assert server.run("hold") == ["7"]
    assert told == ["hold\tset"]
    assert not takeover.doubtful(connection)


@pytest.mark.parametrize(("seconds", "doubted"), [(0.9, False), (1.1, True)])
def test_a_reply_that_took_long_puts_the_master_in_doubt(seconds, doubted):
    """Whoever hung may be the master no more; each connection is made again before it is used."""
    now = [100.0]
    takeover, memory = Takeover(monotonic=lambda: now[0]), Memory("a", 7)
    old = memory.connection()
    takeover.meet(old)

    with takeover.timed():
        now[0] += seconds

    assert takeover.doubtful(old) is doubted
    takeover.meet(old)
    assert not takeover.doubtful(old)
