"""One guard, and how it is taken away."""

from dataclasses import dataclass

LUA = "dialer/store/lua/"
LIFE = "tests/integration/test_store_life.py"


@dataclass(frozen=True)
class Mutant:
    """
    One guard removed.

    Attributes:
        promise: What it keeps.
        file: Where it stands.
        old: Its text, which stands there once.
        new: What takes its place.
        tests: Those that must notice.
    """

    promise: str
    file: str
    old: str
    new: str
    tests: str = LIFE
