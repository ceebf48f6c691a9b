"""
Owners of holds: persons, and the parts of the system that stop things by themselves.

Each hold is taken off for its owner alone. `MACHINES` says of automatic ones who does
that, and what must come before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Whose hold it is when a person gives no other name.
OPERATOR = "operator"

API = "api"
BREAKER = "breaker"
CLOCK = "clock"
CONFIGURATION = "configuration"
DAMAGED = "damaged"
DURABILITY = "durability"
MISSING = "missing"
MODE = "mode"
RECOVER = "recover"
WITNESS = "witness"

_NAME = re.compile(r"[a-z0-9_-]+")


class End(StrEnum):
    """The remover of a hold, once its cause is gone."""

    PERSON = "person"
    TICK = "tick"
    PROBE = "probe"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Machine:
    """
    A part of the system that sets holds.

    Attributes:
        end: The remover of its holds.
        step: A person's first step; "{}" stands for what is held, without
            its kind. "" where there is nothing to do.
        again: The event that sets one again which was released while its cause lasts;
            "" for none.
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
    CLOCK: Machine(
        End.PERSON,  # the tick too, where the clock is back where it was
        "set the clock right (NTP): then it ends by itself; or make sure that it is right now",
        "the next step of the clock",
    ),
    CONFIGURATION: Machine(
        End.PERSON,
        "correct it with `dialer campaign set`, redrive what was buried",
        "three more refusals in a row",
    ),
    DAMAGED: Machine(
        End.PERSON,
        "`dialer doctor` names what is damaged (ops/runbook.md, damaged)",
        "the next look, while it cannot be read",
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
    """Say which rule the name of a person's hold breaks; "" for none."""
    if owner.casefold() in MACHINES:
        return f'"{owner}" is set and released by the system itself; take another name'
    if not _NAME.fullmatch(owner):
        return "write a name of a-z, 0-9, _ and -, such as operator or night-shift"
    return ""
