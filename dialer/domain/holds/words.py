"""Holds in words: their extent, their owner, and their end."""

from dialer.domain.call.agents import NUMBERS, whom
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.owners import MACHINES, End
from dialer.domain.holds.scope import EVERYTHING, Scope

#: For a store that is full.
MAKE_ROOM = "make room or raise maxmemory (ops/runbook.md, Redis is full)"


def release(hold: Hold) -> str:
    """Say how a hold ends: the first step, and the command that releases it then."""
    command, machine = release_command(hold.scope, hold.owner), MACHINES.get(hold.owner)
    if machine is None or not machine.step:
        return command
    step = machine.step.format(Scope.parse(hold.scope).what)
    if machine.end is End.RECOVERY:
        return step
    if machine.end is End.TICK:
        return f"{step}; the next tick ends it then, and so does: {command}"
    return f"{step}, then: {command}"


def release_command(scope: str, owner: str) -> str:
    """Write the command that takes one owner's hold off a scope."""
    # The kind of a scope is the name of its option.
    read = Scope.parse(scope)
    where = "--all" if scope == EVERYTHING else f"--{read.kind} {read.what}"
    return f"dialer hold release {where} --owner {owner}"


def named(scope: str) -> str:
    """Write a scope as people do: "account default", "agent 11 of account default"."""
    kind, name, pool = Scope.parse(scope)
    if kind == "pool":
        # A number is told from others by its digest alone.
        those = pool.replace(":", " ") if pool.startswith(NUMBERS) else whom(pool)
        return f"{those} of account {name}"
    return "everything" if scope == EVERYTHING else f"{kind} {name}"


def set_by(hold: Hold) -> str:
    """Write the setter of a hold, once where owner and person are the same."""
    return hold.owner if hold.who in ("", hold.owner) else f"{hold.owner} ({hold.who})"
