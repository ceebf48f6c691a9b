"""
The Lua scripts as callables: loaded as package data, composed, registered.

A script is one file. What reaches the server is, in this order: its `#!lua`
line, the arrows of `dialer.job.TRANSITIONS`, the clock, the prologue, the lanes
and the moves, the other parts where the script needs them, and its own body,
whose reply goes out together with what it told of its moves.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from dialer.job import TRANSITIONS

_FOLDER = files("dialer.store") / "lua"
#: Files that are parts of scripts and none themselves.
PARTS = ("clock", "prologue", "lanes", "life", "meter", "breaker", "customer", "accept")
#: Parts that only some scripts need, with what shows that they do.
_ON_DEMAND = {
    "meter": ("limits_of(",),
    "breaker": ("tell_breaker(",),
    "customer": ("_rings", "customer_"),
    "accept": ("accept(", "FIELDS"),
}

#: What is put around a body. An error must stay one, and not become part of a list.
_BODY = """local function body()
{}
end
local reply = body()
return type(reply) == 'table' and reply.err and reply or {{reply, TOLD}}"""

Argument = str | int | float


def names() -> list[str]:
    """
    List the scripts by name, without the parts they share.
    """
    stems = (entry.name.removesuffix(".lua") for entry in _FOLDER.iterdir())
    return sorted(stem for stem in stems if stem not in PARTS)


def read(name: str) -> str:
    """
    Read one Lua file as it stands on disk.
    """
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


def arrows() -> str:
    """
    Render the arrows of a job's life as a Lua table.
    """
    rows = []
    for verb, (sources, targets) in TRANSITIONS.items():
        source = ", ".join(f"{state} = true" for state in sorted(sources))
        target = ", ".join(f"{state} = true" for state in sorted(targets))
        rows.append(f"  {verb} = {{from = {{{source}}}, to = {{{target}}}}},")
    return "local ARROWS = {\n" + "\n".join(rows) + "\n}\n"


def compose(name: str, *, clock: str, shebang: bool) -> str:
    """
    Put a script together as the server shall see it.

    Args:
        name: The script.
        clock: Lua that defines `server_time()`.
        shebang: Keep the `#!lua` line; fakeredis does not understand it.
    """
    first, _, body = read(name).partition("\n")
    parts = [first] if shebang else []
    parts += [arrows(), clock, read("prologue"), read("lanes"), read("life")]
    for part, signs in _ON_DEMAND.items():
        if any(sign in body for sign in signs):
            parts.append(read(part))
    return "\n".join([*parts, _BODY.format(body)])


class Scripts:
    """
    Every script of the store, ready to run against one server.

    Args:
        client: The connection they run on.
        prefix: What every key starts with.
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
        self._prefix = prefix
        self._scripts = {
            name: client.register_script(
                compose(name, clock=clock or read("clock"), shebang=shebang)
            )
            for name in names()
        }

    def run(self, name: str, args: Sequence[Argument]) -> tuple[list[str], list[str]]:
        """
        Run one script once.

        Returns:
            Its reply, and what it told of its moves, for `dialer.store.moves`.

        Raises:
            redis.exceptions.RedisError: As the server or the connection gave it.
        """
        reply, told = self._scripts[name](keys=[self._prefix], args=args)
        return reply, told
