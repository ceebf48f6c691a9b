"""
What a look at an installation found.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        level: How it is.
        name: A stable word for what was looked at.
        text: What was seen, one sentence.
        step: What to do about it; "" when nothing.
    """

    level: Level
    name: str
    text: str
    step: str = ""
