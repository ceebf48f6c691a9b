"""Contacts as the store keeps them: packed in blocks, known again by their customers."""

import base64
import hashlib
import json
import zlib
from collections.abc import Collection, Sequence

from dialer.domain.campaign.contact import Contact, Listed


def customers(contact: Contact) -> tuple[str, ...]:
    """Identity of a contact, in digits: its numbers, or else a digest of its values."""
    if contact.numbers:
        return tuple(number.removeprefix("+") for number in contact.numbers)
    said = hashlib.sha256(json.dumps(contact.values).encode()).digest()
    # No number begins with 0 once it has its country code.
    return (f"0{int.from_bytes(said[:6], 'big'):015d}",)


def first_ones(customers: Sequence[tuple[str, ...]], listed: Collection[int]) -> list[int]:
    """
    Indexes of the contacts that share no customer with one before, without those *listed*.

    One that shares them only with listed contacts counts as new: those are not added.
    """
    seen: set[str] = set()
    first = []
    for place, names in enumerate(customers):
        if place not in listed and seen.isdisjoint(names):
            seen.update(names)
            first.append(place)
    return first


def pack(rows: Sequence[tuple[str, ...]]) -> str:
    """One block of the values of contacts."""
    # Column by column: alike stands beside alike, and packs better.
    columns = list(zip(*rows, strict=True))
    text = json.dumps([len(rows), columns], separators=(",", ":"), ensure_ascii=False)
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def unpack(packed: str) -> list[Listed]:
    """Contacts of a block that has the number of its first one before it."""
    first, _, block = packed.partition(":")
    count, columns = json.loads(zlib.decompress(base64.b85decode(block)))
    rows = zip(*columns, strict=True) if columns else iter([()] * count)
    return [Listed(int(first) + i, tuple(values)) for i, values in enumerate(rows)]


def cursor_of(text: str) -> tuple[int, int]:
    """Cursor as block and index in it, from 0."""
    block, _, place = text.partition(":")
    return int(block), int(place)


def written(cursor: tuple[int, int]) -> str:
    """Cursor as the store keeps it."""
    return f"{cursor[0]}:{cursor[1]}"
