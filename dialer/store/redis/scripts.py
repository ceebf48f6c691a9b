"""
The Lua scripts as callables: loaded as package data, composed, registered.

A script is one file. It reaches the server in this order: its `#!lua` line, the arrows of
`dialer.domain.job.job.TRANSITIONS`, the clock, the parts that each script has, those that its
head declares (`-- uses: meter, gate`), and its own body, whose reply goes out together with
what it told of its moves.

Its arguments are one JSON object, by name; its head says what each is (`ask.account`). A value
that is stored as it comes, or compared, is text: Lua's numbers would not come out as they
went in.
"""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Self
from uuid import uuid4

from redis.exceptions import RedisError

from dialer.domain.job.job import TRANSITIONS, State

_FOLDER = files("dialer.store") / "lua"
#: Files that each script begins with.
_ALWAYS = ("damage", "prologue", "record", "lanes", "waiting", "life")
#: Files of which each script declares those that it uses.
DECLARED = ("meter", "gate", "breaker", "customer", "accept")
#: Files that are parts of scripts and none themselves.
PARTS = ("clock", *_ALWAYS, *DECLARED)

#: Scripts whose answer a person reads. Where it is lost on its way the connection sends the call
#: again, and the same answer is given once more, as if it had come at once.
# fmt: off
ANSWERED = frozenset({
    "api_key", "append", "contact", "define", "enqueue", "forget", "hold", "redrive", "resolve",
    "shift", "steer", "suppress",
})
# fmt: on

#: What is put around a body. An error must stay one, and not become part of a list.
_BODY = """local function body()
{}
end
local said = KEYS[2] and redis.call('GET', KEYS[2])
if said then
  return {{cjson.decode(said), TOLD, of_itself()}}
end
local done, reply = pcall(rescued, body)
written_down()
if not done then
  error(reply, 0)
end
if type(reply) == 'table' and reply.err then
  return reply
end
if KEYS[2] then
  redis.call('SET', KEYS[2], cjson.encode(reply), 'EX', 3600)
end
return {{reply, TOLD, of_itself()}}"""


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def names() -> list[str]:
    """Names of the scripts, without the parts they share."""
    stems = (entry.name.removesuffix(".lua") for entry in _FOLDER.iterdir())
    return sorted(stem for stem in stems if stem not in PARTS)


@cache
def read(name: str) -> str:
    """Text of one Lua file."""
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


def uses(name: str) -> list[str]:
    """
    Parts that a script declares, in the order in which they are loaded.

    Raises:
        ValueError: It declares another name.
    """
    line = re.search(r"^-- uses: (.+)$", read(name), re.MULTILINE)
    declared = line[1].split(", ") if line else []
    return sorted(declared, key=DECLARED.index)


@cache
def arrows() -> str:
    """States and arrows of a job's life for Lua, as "|begin from ready|…"."""
    states = ", ".join(f"{state} = true" for state in State)
    ends = [
        f"{verb} {way} {state}"
        for verb, arrow in TRANSITIONS.items()
        for way, among in zip(("from", "to"), arrow, strict=True)
        for state in sorted(among)
    ]
    return f"local STATES = {{{states}}}\nlocal ARROWS = '|{'|'.join(ends)}|'\n"


def compose(name: str, *, clock: str, shebang: bool) -> str:
    """
    Text of a script for the server, with Lua of *clock* that defines `server_time()`.

    fakeredis does not understand the `#!lua` line: no *shebang*.
    """
    first, _, body = read(name).partition("\n")
    parts = [first] if shebang else []
    parts.append(f"local MAY_WRITE = {str('no-writes' not in first).lower()}")
    parts += [arrows(), clock, *map(read, _ALWAYS), *map(read, uses(name))]
    return "\n".join([*parts, _BODY.format(body)])


class Scripts:
    """
    Every script of the store, ready to run against one server.

    Args:
        client: The connection they run on.
        prefix: First part of every key.
        clock: Another clock for tests; the server's time when None.
        shebang: Whether the server understands the `#!lua` line.
    """

    def __init__(
        self,
        client: Any,
        *,
        prefix: str,
        clock: str | None = None,
        shebang: bool = True,
    ) -> None:
        self._client, self._prefix = client, prefix
        self._clock, self._shebang = clock, shebang
        #: Those that were asked for; a command runs few of them.
        self._scripts: dict[str, Any] = {}

    def run(
        self,
        name: str,
        ask: Mapping[str, object],
        caller: Mapping[str, object],
        *,
        token: str = "",
    ) -> tuple[list[str], list[str], Sequence[Any]]:
        """
        Run one script once, however often the connection sends it.

        *ask* are its arguments by the names in its head, *caller* is `Asked.caller`; *token* names
        this call of one that is `ANSWERED`, a new one unless given.

        Returns:
            Its reply; its rows for `dialer.store.redis.event_log`; and the store's word on
            itself, for `Seen.read`.

        Raises:
            redis.exceptions.RedisError: As the server or the connection gave it.
        """
        keys = [self._prefix]
        if name in ANSWERED:
            keys.append(said_key(self._prefix, token or uuid4().hex))
        reply, told, seen = self._script(name)(
            keys=keys, args=[_written({**ask, "caller": caller})]
        )
        return reply, told, seen

    def flight(self, name: str) -> "Flight":
        """Return a way to have several calls of one script of `ANSWERED` on their way."""
        return Flight(self._client.connection_pool, self._script(name).sha, self._prefix)

    def _script(self, name: str) -> Any:
        if name not in self._scripts:
            text = compose(name, clock=self._clock or read("clock"), shebang=self._shebang)
            self._scripts[name] = self._client.register_script(text)
        return self._scripts[name]


class Flight:
    """
    One connection on which calls are sent before earlier ones are answered.

    A call that fails here, in whatever way, may have been run: it is to be asked for again by its
    token, and is run once then.
    """

    def __init__(self, pool: Any, sha: str, prefix: str) -> None:
        self._pool, self._sha, self._prefix = pool, sha, prefix
        self._line: Any = None
        #: For each call that is not answered: whether it is on the way on the open connection.
        self._waiting: deque[bool] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting:
            self._drop()
        if self._line:
            self._pool.release(self._line)

    def send(self, ask: Mapping[str, object], caller: Mapping[str, object], token: str) -> None:
        """Send a call; where that fails `read` says so."""
        keys = [self._prefix, said_key(self._prefix, token)]
        self._waiting.append(True)
        try:
            self._line = self._line or self._pool.get_connection()
            if not self._line.is_connected:  # sending would open it again, with nothing to read
                self._drop()
                return
            text = _written({**ask, "caller": caller})
            command = ("EVALSHA", self._sha, len(keys), *keys, text)
            # A PING now would be given the reply to an earlier call.
            self._line.send_command(*command, check_health=False)
        except RedisError:
            self._drop()

    @property
    def lost(self) -> bool:
        """Whether a call without a reply is no longer on its way: nothing may overtake it."""
        return not all(self._waiting)

    def read(self) -> tuple[list[str], list[str], Sequence[Any]] | None:
        """Read the reply to the oldest call that has none; None where it does not come."""
        if not self._waiting.popleft():
            return None
        try:
            reply, told, seen = self._line.read_response()
        except RedisError:
            self._drop()
            return None
        return reply, told, seen

    def _drop(self) -> None:
        """Close the connection: replies to what was sent on it are replies to nothing else."""
        self._waiting = deque(False for _ in self._waiting)
        if self._line:
            self._line.disconnect()
            self._pool.release(self._line)
            self._line = None


def said_key(prefix: str, token: str) -> str:
    """Key of the reply to one call of a script."""
    return f"{prefix}said:{token}"
