"""
Contacts as the store keeps them: packed in blocks, known again by their customers.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from dialer.contact import Contact


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A contact as its list holds it.

    Attributes:
        row: Its number in the list, from 1.
        values: What its columns hold, in the order of `Template.names`.
    """

    row: int
    values: tuple[str, ...]


def customers(contact: Contact) -> tuple[str, ...]:
    """Return what a contact is known by, in digits: its numbers, or else what it says."""
    if contact.numbers:
        return tuple(number.removeprefix("+") for number in contact.numbers)
    said = hashlib.sha256(json.dumps(contact.values).encode()).digest()
    # No number begins with 0 once it has its country code.
    return (f"0{int.from_bytes(said[:6], 'big'):015d}",)


def repeats(customers: Sequence[tuple[str, ...]]) -> set[int]:
    """Return the places at which somebody stands who stood before."""
    seen: set[str] = set()
    repeats: set[int] = set()
    for place, names in enumerate(customers):
        if seen.isdisjoint(names):
            seen.update(names)
        else:
            repeats.add(place)
    return repeats


def pack(rows: Sequence[tuple[str, ...]]) -> str:
    """Write the values of contacts as one block."""
    # Column by column: alike stands beside alike, and packs better.
    columns = list(zip(*rows, strict=True))
    text = json.dumps([len(rows), columns], separators=(",", ":"), ensure_ascii=False)
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def unpack(packed: str) -> list[Listed]:
    """Read a block with the number of its first contact before it."""
    first, _, block = packed.partition(":")
    count, columns = json.loads(zlib.decompress(base64.b85decode(block)))
    rows = zip(*columns, strict=True) if columns else iter([()] * count)
    return [Listed(int(first) + i, tuple(values)) for i, values in enumerate(rows)]


def cursor_of(text: str) -> tuple[int, int]:
    """Read a cursor: block and place in it, from 0."""
    block, _, place = text.partition(":")
    return int(block), int(place)


def written(cursor: tuple[int, int]) -> str:
    """Write a cursor as the store keeps it."""
    return f"{cursor[0]}:{cursor[1]}"
