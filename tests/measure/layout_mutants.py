"""The guards of the layout: what is carried over from the one before, and how records are read."""

from mutant import LUA, Mutant

MIGRATION = "tests/integration/test_migration.py"
RECORD = "tests/unit/store/test_record.py"
PYTHON = "dialer/store/migration.py"
CHECK = "dialer/store/redis/server_check.py"


def carry(promise: str, old: str, new: str) -> Mutant:
    """A guard in the script that carries jobs over."""
    return Mutant(promise, LUA + "carry.lua", old, new, MIGRATION)


MUTANTS = [
    Mutant(
        "nothing is carried beside living workers",
        PYTHON,
        "self._refuse_workers()\n",
        "\n",
        MIGRATION,
    ),
    Mutant(
        "half of a store is opened by nobody",
        PYTHON,
        "self._carry(layout=HALFWAY)",
        "self._carry(layout=LAYOUT)",
        MIGRATION,
    ),
    Mutant(
        "what was begun is carried to its end",
        PYTHON,
        "if layout not in (BEFORE, HALFWAY):",
        "if layout != BEFORE:",
        MIGRATION,
    ),
    carry(
        "a job is carried once",
        "if not old.state or (old.content or '') ~= one.was then",
        "if false then",
    ),
    carry(
        "its digest goes along",
        "fields.digest = string.sub(old.digest",
        "fields.digest = string.sub(''",
    ),
    carry("its history goes along", "put_record(one.id, {}, moves[nth])", ""),
    carry("it is known by its number", "know_numbers(one.id, old.protected or '')", ""),
    carry("a tombstone is one in this layout", "if old.was and old.digest then", "if false then"),
    Mutant(
        "the layout before names its way",
        CHECK,
        "if layout in (BEFORE, HALFWAY):",
        "if False:",
        MIGRATION,
    ),
    Mutant(
        "an accepted call stays as it was, to the byte",
        "dialer/store/redis/record.py",
        '"fromRingTime": 20',
        '"fromRingTime": 25',
        RECORD,
    ),
    Mutant(
        "what is absent stays absent",
        "dialer/store/redis/record.py",
        "return as_content(left | unsaid)",
        "return as_content(left)",
        RECORD,
    ),
]
