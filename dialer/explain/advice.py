"""
What a person may do: about dead letters, by the code they died of, and about holds.
"""

from dialer.codes import lookup
from dialer.outcome import Kind
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
#: What must come before the release of a hold that the system set itself.
_FIRST = {
    "configuration": "correct it with `dialer campaign set`, redrive what was buried, then: ",
    "api": "correct the settings, restart the workers, then: ",
    "mode": 'write mode = "live" again and restart the workers, or cancel the jobs, then: ',
    "recover": "do what `dialer recover` lists, then: ",
    "witness": "read ops/runbook.md, witness, before: ",
}
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
    Write the command that releases a hold, behind what must be done before it.
    """
    if hold.owner == "durability":
        return "mend the server's settings (ops/runbook.md, durability); it goes on by itself"
    if hold.owner == "missing":
        # Released by hand it would be back with the next tick.
        name = hold.scope.removeprefix("account:")
        return f"write [accounts.{name}] back and restart the workers, or cancel its jobs"
    return _FIRST.get(hold.owner, "") + release_command(hold.scope, hold.owner)


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
