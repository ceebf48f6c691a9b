"""
Whose a hold is: a person's, or that of a part of the system which stops something by itself.

Each hold is taken off for its owner alone. `MACHINES` says of those that nobody
set by hand who does that, and what must come before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Whose hold it is when a person gives no other name.
OPERATOR = "operator"

API = "api"
BREAKER = "breaker"
CONFIGURATION = "configuration"
DURABILITY = "durability"
MISSING = "missing"
MODE = "mode"
RECOVER = "recover"
WITNESS = "witness"

_NAME = re.compile(r"[a-z0-9_-]+")


class End(StrEnum):
    """Who takes a hold off once its cause is gone."""

    PERSON = "person"
    TICK = "tick"
    PROBE = "probe"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Machine:
    """
    A part of the system that sets holds.

    Attributes:
        end: Who takes them off.
        step: What a person does first; "{}" stands for what is held, without
            its kind. "" where there is nothing to do.
        again: What sets one again that was released while its cause lasts;
            "" where nothing does.
    """

    end: End
    step: str = ""
    again: str = ""


#: Owners whose holds follow rules of their own; ops/runbook.md has a heading for each.
MACHINES: Mapping[str, Machine] = {
    API: Machine(
        End.PERSON,
        "correct the settings, restart the workers",
        "the next call that the API refuses for the account's own sake",
    ),
    BREAKER: Machine(End.PROBE, again="the next faults"),
    CONFIGURATION: Machine(
        End.PERSON,
        "correct it with `dialer campaign set`, redrive what was buried",
        "three more refusals in a row",
    ),
    DURABILITY: Machine(
        End.TICK,
        "mend the server's settings (ops/runbook.md, durability)",
        "the next tick, while the server may forget",
    ),
    MISSING: Machine(
        End.TICK,
        "write [accounts.{}] back and restart the workers, or cancel its jobs",
        "the next tick, while its jobs wait and no settings name it",
    ),
    MODE: Machine(
        End.PERSON,  # the tick too, where the settings say live again
        'write mode = "live" again and restart the workers, or cancel the jobs',
        "the next job that shall ring, while the settings say developer",
    ),
    RECOVER: Machine(End.PERSON, "do what `dialer recover` lists"),
    WITNESS: Machine(
        End.RECOVERY,
        "dialer recover --who NAME takes it over (ops/runbook.md, witness)",
        "a process that remembers more than the store",
    ),
}


def name_problem(owner: str) -> str:
    """
    Say which rule the name of a person's hold breaks; "" for none.
    """
    if owner.casefold() in MACHINES:
        return f'"{owner}" is set and released by the system itself; take another name'
    if not _NAME.fullmatch(owner):
        return "write a name of a-z, 0-9, _ and -, such as operator or night-shift"
    return ""
