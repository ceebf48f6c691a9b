"""
What a person may do: about dead letters, by the code they died of, and about holds.
"""

from dialer.codes import lookup
from dialer.outcome import Kind
from dialer.owners import MACHINES, End
from dialer.store.holds import EVERYTHING, Hold

_ADVICE = {
    Kind.REQUEST: "mend the call and enqueue it anew; a redrive alone is refused again",
    Kind.COMPLIANCE: "on a do-not-call register; leave it dead: dialer dead discard",
    Kind.PROVIDER: "the provider's trouble; redrive when it is over",
}
_SHARED = (
    "if all its calls are wrong so: dialer campaign set {} …, then redrive;"
    " if only this contact is: leave it dead"
)
#: For a store that is full.
MAKE_ROOM = "make room or raise maxmemory (ops/runbook.md, Redis is full)"
_NO_CODE = "out of tries without an answer; look at one: dialer dead show ID"


def advice(code: str, campaign: str = "") -> str:
    """
    Say what to do about dead letters of one code.

    Args:
        code: "" for those without.
        campaign: Whose contacts they are; "" for direct calls.
    """
    if not code:
        return _NO_CODE
    if campaign and lookup(code).kind is Kind.REQUEST:
        return _SHARED.format(campaign)
    return _ADVICE.get(lookup(code).kind, "look at one: dialer dead show ID")


def release(hold: Hold) -> str:
    """
    Say what ends a hold: what is to be done first, and the command that releases it then.
    """
    command, machine = release_command(hold.scope, hold.owner), MACHINES.get(hold.owner)
    if machine is None or not machine.step:
        return command
    step = machine.step.format(hold.scope.partition(":")[2])
    if machine.end is End.RECOVERY:
        return step
    if machine.end is End.TICK:
        return f"{step}; the next tick ends it then, and so does: {command}"
    return f"{step}, then: {command}"


def release_command(scope: str, owner: str) -> str:
    """
    Write the command that takes one owner's hold off a scope.
    """
    # The kind of a scope is the name of its option.
    kind, _, name = scope.partition(":")
    where = "--all" if scope == EVERYTHING else f"--{kind} {name}"
    return f"dialer hold release {where} --owner {owner}"


def set_by(hold: Hold) -> str:
    """
    Write who set a hold, once where owner and person are the same.
    """
    return hold.owner if hold.who in ("", hold.owner) else f"{hold.owner} ({hold.who})"
