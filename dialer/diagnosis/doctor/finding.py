"""A finding about an installation."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """Severity of one named thing, a sentence of what was seen, and the next step; "" for none."""

    level: Level
    name: str
    text: str
    step: str = ""
