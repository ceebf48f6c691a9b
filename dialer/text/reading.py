"""
Readers of one value as a person or a program wrote it.

Each takes anything, returns the value in its one type, and raises ValueError with the
rule alone, without the field's name. JSON's types are taken at their word: a boolean is
no number, a float is neither, and an empty text is not "nothing".
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Annotated, Final, TypeVar

from pydantic import AllowInfNan, BeforeValidator

#: The vendor takes no value longer than this, lists after joining (code table: "1569").
LONGEST_VALUE: Final = 50

_LONGEST_QUOTE: Final = 60
_MOST_MEMBERS: Final = 100

#: What pydantic says of a value -> how a rule of ours says it.
_IN_OUR_WORDS: Final = (
    (re.compile(r"^(?:Value|Assertion) error, "), ""),
    (re.compile(r"^Input should be a valid integer\b.*"), "must be a whole number"),
    (re.compile(r"^Input should be a valid number\b.*"), "must be a number"),
    (re.compile(r"^Input should be "), "must be "),
    (re.compile(r"\bgreater than or equal to\b"), "at least"),
    (re.compile(r"\bless than or equal to\b"), "at most"),
)

T = TypeVar("T")


def plainly(message: str) -> str:
    """Return pydantic's message as the end of a sentence: "must be at least 1"."""
    for theirs, ours in _IN_OUR_WORDS:
        message = theirs.sub(ours, message)
    return message


def quoted(value: object) -> str:
    """Return *value* as its writer recognises it in an error, cut to 60 characters."""
    return f'"{shown(value)}"' if isinstance(value, str) else _plain(value)


def shown(text: str) -> str:
    """Return *text* on one line, cut to 60 characters, unprintable ones escaped."""
    cut = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the one of *known* that *name* is probably a slip in; "" when none is close."""
    spelling = {one.lower(): one for one in known}
    close = get_close_matches(shown(name).strip().lower(), spelling, n=1, cutoff=cutoff)
    return spelling[close[0]] if close else ""


def read_list(value: object) -> tuple[object, ...]:
    """
    Return the members of an array, of a text "120,300", or of a single value.

    Raises:
        ValueError: The list or a member is empty, or there are more than 100.
    """
    if isinstance(value, str):
        members: tuple[object, ...] = tuple(member.strip() for member in value.split(","))
    else:
        members = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not members or any(member is None or member == "" for member in members):
        raise ValueError("is empty or holds an empty value; leave it out instead")
    if len(members) > _MOST_MEMBERS:
        raise ValueError(f"holds {len(members)} values")
    return members


def read_text(value: object, *, longest: int = LONGEST_VALUE) -> str:
    """
    Return a text; a whole number is read as its digits.

    Raises:
        ValueError: Empty, another type, longer than *longest*, unprintable, or with spaces around.
    """
    text = str(read_whole(value)) if isinstance(value, int) else value
    if not isinstance(text, str):
        raise ValueError(f"must be text, not {quoted(value)}")  # noqa: TRY004 - readers promise ValueError
    if not text.strip():
        raise ValueError("is empty; leave it out instead")
    if len(text) > longest or not text.isprintable() or text != text.strip():
        raise ValueError(f"must be 1 to {longest} printable characters, no space around them")
    return text


def read_whole(value: object) -> int:
    """
    Return a whole number of at most 15 digits, from an integer or its text.

    Raises:
        ValueError: Anything else: true, 1.5, "", "1e3".
    """
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value, re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**15:
        raise ValueError(f"must be a whole number, not {quoted(value)}")
    return value


def read_boolean(value: object) -> bool:
    """
    Return a boolean, from true and false or their text.

    Raises:
        ValueError: Anything else, such as "yes" or 1.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    raise ValueError(f"must be true or false, not {quoted(value)}")


def no_switch(value: object) -> object:
    """Return *value* unless it is true or false, which pydantic would read as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must not be true or false")  # noqa: TRY004 - pydantic collects only ValueError
    return value


#: Numbers that a switch is not taken for.
Whole = Annotated[int, BeforeValidator(no_switch)]
Number = Annotated[float, AllowInfNan(allow_inf_nan=False), BeforeValidator(no_switch)]


def one_of(*choices: str) -> Callable[[object], str]:
    """Return a reader of one of *choices* in any case; it gives the spelling listed here."""
    spelling = {choice.lower(): choice for choice in choices}

    def read(value: object) -> str:
        if isinstance(value, str) and value.lower() in spelling:
            return spelling[value.lower()]
        raise ValueError(f"must be {' or '.join(choices)}, not {quoted(value)}")

    return read


def within(low: int, high: int, unit: str) -> Callable[[object], int]:
    """Return a reader of a whole number from *low* to *high*, both allowed."""

    def read(value: object) -> int:
        number = read_whole(value)
        if low <= number <= high:
            return number
        raise ValueError(f"must be {low} to {high} {unit}, not {number}")

    return read


def matching(pattern: str, rule: str) -> Callable[[object], str]:
    """Return a reader of text that matches *pattern* whole; *rule* is its message."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> str:
        text = read_text(value)
        if compiled.fullmatch(text):
            return text
        raise ValueError(f"{quoted(text)} {rule}")

    return read


def each(member: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of a list (as `read_list`) of members that *member* reads."""

    def read(value: object) -> tuple[T, ...]:
        return tuple(member(one) for one in read_list(value))

    return read


def _plain(value: object) -> str:
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float) and abs(value) < 10**15:
        return str(value)
    return f"a {type(value).__name__}"
