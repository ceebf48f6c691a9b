"""
The record of a job as it is written, read back by full names.

What a record usually says is not written down, so that a waiting job is small. What is usual
never changes in a layout: it is what the jobs that lie there were accepted with. `lua/record.lua`
holds the same tables, and a test compares them.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from dialer.domain.call.frame import Frame, as_content

#: Fields that each record has, by their letters.
NAMES: Final[Mapping[str, str]] = {
    "s": "state",
    "l": "lane",
    "m": "mode",
    "c": "content",
    "p": "protected",
    "r": "rank",
    "t": "created_us",
    "d": "digest",
    "k": "key",
    "a": "not_after_us",
    "u": "due_us",
    "g": "ring_us",
    "h": "lead_us",
    "v": "version",
}
LETTERS: Final = {name: letter for letter, name in NAMES.items()}
#: What a field says that is not there.
USUAL: Final[Mapping[str, str]] = {
    "mode": "live",
    "customer": "to",
    "rings": "1",
    "also": "",
    "key": "",
    "lead_us": "30000000",
    "ring_us": "50000000",
    "due_us": "0",
    "tries": "0",
    "misses": "0",
    "attempt": "0",
    "token": "",
    "settled": "",
    "code": "",
    "call_id": "",
}
#: What a call says that its text in the record leaves out. Not the defaults of `ClickToCall`,
#: which another version may change: an accepted job keeps its own.
_CALL: Final[Mapping[str, object]] = {
    "fromRetryCount": 0,
    "fromRingTime": 20,
    "fromType": "Number",
    "toRetryCount": 0,
    "toRingTime": 20,
    "toType": "Number",
}
#: What its text in the record calls by letters; of a leg only a list.
_SHORT: Final[Mapping[str, str]] = {"from": "f", "to": "t", "timeLimit": "l"}
_FULL: Final = {letter: name for name, letter in _SHORT.items()}
#: A leg of one plain number, as its text in the record has it; calls of one kind differ in no more.
_PLAIN: Final = re.compile(r'"(f|t)":"(\+[0-9]{5,15})"')
#: Characters of a digest that are kept: 60 bits tell the calls of one key apart.
DIGEST: Final = 12
_DAY_US: Final = 86_400_000_000
_PRIORITY: Final = 100_000_000_000_000
#: The longest value that Redis keeps packed in a hash, bytes.
_PIECE: Final = 64
_EVENTS: Final = 32
_BUCKETS: Final = 16_384


def read_record(written: Mapping[str, str]) -> dict[str, str]:
    """
    Record by full names, with what is usual filled in; `log` has a line for each move.

    Raises:
        KeyError, ValueError: It lacks what each record has.
    """
    record = dict(USUAL)
    for field in written:
        record[NAMES.get(field, field)] = _whole(written, field)
    created = int(record["created_us"])
    record.setdefault("entered_us", str(created))
    record.setdefault("not_after_us", str(created + _DAY_US))
    record["account"] = record["lane"].partition("/")[0]
    record["priority"] = str(9 - int(record["rank"]) // _PRIORITY)
    record.setdefault("protected", _numbers(record["content"], record["customer"]))
    record.setdefault("talk_us", _talk(record["content"]))
    record["content"] = full_content(record["content"])
    events = _events(written, created)
    record["log"] = "\n".join(events)
    record["reason"] = next((why for why in map(_reason, reversed(events)) if why), "accepted")
    return record


def short_content(text: str) -> str:
    """Return a call's content without what is usual; `full_content` gives the same text back."""
    if apart := Frame.of(text):
        frame, from_, to = apart
        short = _shortened(frame.text)
        if short.count('"f":[]') == short.count('"t":[]') == 1:
            return short.replace('"f":[]', f'"f":"{from_}"').replace('"t":[]', f'"t":"{to}"')
    return _shortened(text)


def full_content(text: str) -> str:
    """Return a call's content as it was accepted; damaged text as it is."""
    parts = _PLAIN.split(text)
    if parts[1::3] == ["f", "t"]:
        before, _, from_, between, _, to, behind = parts
        full = _completed(f'{before}"f":[]{between}"t":[]{behind}')
        if full.count('"from":[]') == full.count('"to":[]') == 1:
            return Frame(full).around(from_, to)
    return _completed(text)


@lru_cache(maxsize=4096)
def _shortened(text: str) -> str:
    call = _read_call(text)
    if call is None:
        return text
    left = dict(_in_short(*one) for one in call.items() if _CALL.get(one[0], _CALL) != one[1])
    unsaid = {name: None for name in _CALL if name not in call}
    return as_content(left | unsaid)


@lru_cache(maxsize=4096)
def _completed(text: str) -> str:
    said = _read_call(text)
    if said is None:
        return text
    call = {**_CALL, **dict(map(_in_full, said.items()))}
    return as_content({name: value for name, value in call.items() if value is not None})


def _in_short(name: str, value: object) -> tuple[str, object]:
    if name == "timeLimit":
        return _SHORT[name], value
    if name in _SHORT and isinstance(value, list):
        alone = len(value) == 1 and isinstance(value[0], str)
        return _SHORT[name], value[0] if alone else value
    return name, value


def _read_call(text: str) -> dict[str, object] | None:
    try:
        call = json.loads(text)
    except ValueError:
        return None
    return call if isinstance(call, dict) else None


def _in_full(one: tuple[str, object]) -> tuple[str, object]:
    name, value = one
    if name not in _FULL:
        return one
    return _FULL[name], [value] if isinstance(value, str) else value


def bucket_of(number: str) -> int:
    """Return the bucket of a number (E.164) in the index by numbers."""
    digits = number[-9:]
    return int(digits) % _BUCKETS if digits.lstrip("+").isdecimal() else 0


def stands_in_bucket(number: str) -> str:
    """Return how a number stands in its bucket."""
    return number.removeprefix("+")


def _numbers(content: str, side: str) -> str:
    # As `record.lua` has it: no quote stands unescaped in a text of JSON.
    leg = f'"{_SHORT.get(side, side)}":'
    found = re.search(rf'{leg}"([^"]*)"', content) or re.search(rf"{leg}\[([^\]]*)\]", content)
    return found[1].replace('"', "") if found else ""


def _talk(content: str) -> str:
    found = re.search(r'"l":([0-9]+)', content)
    return f"{found[1]}000000" if found else "0"


def _whole(written: Mapping[str, str], field: str) -> str:
    pieces, nth = [written[field]], 1
    # A character has up to four bytes, so a piece that another one follows is this long.
    while len(pieces[-1].encode()) > _PIECE - 4:
        pieces.append(written.get(f"{field}.{nth}", ""))
        nth += 1
    return "".join(pieces)


def _events(written: Mapping[str, str], created: int) -> list[str]:
    moves = int(written.get("n", 1 if "e0" in written else 0))
    events = []
    if "e0" in written:  # it stays, and says who made the job
        state, _, who = _whole(written, "e0").partition("\t")
        events.append(f"{created}\t\t{state or 'ready'}\t{who}\taccepted")
    later = range(max(1, moves - _EVENTS + 1), moves)
    return events + [_whole(written, f"e{1 + (nth - 1) % (_EVENTS - 1)}") for nth in later]


def _reason(event: str) -> str:
    _, source, target, _, why = event.split("\t", 4)
    return why if source != target else ""
