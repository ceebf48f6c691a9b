"""
Normalisation of a call before its check: names, numbers and ids in their one form.

Problems are collected instead of raised, so that a bad line is described whole.
"""

from collections.abc import Mapping
from typing import Any, Final

from dialer.domain.call.leg import SIDES
from dialer.domain.call.number import canonical
from dialer.domain.call.parameters import CREDENTIALS, WIRE, Problem, read_leg_type, unknown
from dialer.text.characters import visible
from dialer.text.reading import matching, quoted, read_list, read_text, shown

_WIRE_NAMES: Final = frozenset(WIRE.values())
_EXTRA: Final = "extra_params"

# What a draft holds in the place of a side that was refused.
_NOBODY: Final = ("0",)

_read_id = matching(r"[0-9]{1,20}", "is no agent or group id; write its digits")


def named(data: Mapping[Any, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return *data* by wire names, without None, and the problems of the names."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in data.items():
        wire = WIRE.get(name, name) if isinstance(name, str) else shown(str(name))
        if wire in CREDENTIALS:
            problems.append((wire, "belongs to the account, never to a call"))
        elif wire not in _WIRE_NAMES and wire != _EXTRA:
            problems.append((shown(wire), unknown(wire)))
        elif wire in values:
            problems.append((wire, "is given twice"))
        elif value is not None:
            values[wire] = value
    if _EXTRA in values:
        values[_EXTRA], found = _read_extra(values[_EXTRA])
        problems += found
    return values, problems


def _read_extra(value: object) -> tuple[dict[str, str], list[Problem]]:
    """Return the well-formed undocumented parameters, and the problems of others."""
    if not isinstance(value, Mapping):
        return {}, [(_EXTRA, "must map names to texts")]
    extra: dict[str, str] = {}
    problems: list[Problem] = []
    for name, text in value.items():
        try:
            extra[_extra_name(name)] = read_text(text)
        except ValueError as error:
            problems.append((f"{_EXTRA}.{shown(str(name))}", str(error)))
    return extra, problems


def _extra_name(name: object) -> str:
    text = matching(r"[A-Za-z][A-Za-z0-9_]*", "is no parameter name")(name)
    if text in CREDENTIALS:
        raise ValueError("belongs to the account, never to a call")
    if text in _WIRE_NAMES or text in WIRE or text == _EXTRA:
        raise ValueError("is documented; give it as a parameter of its own")
    return text


def settle_sides(values: dict[str, Any], *, landlines: bool) -> list[Problem]:
    """Put numbers and ids into their one form, in place; return their problems."""
    problems: list[Problem] = []
    for side in SIDES:
        try:
            number = read_leg_type(values.get(f"{side}Type", "Number")) == "Number"
            members = read_list(values[side])
        except (KeyError, ValueError):
            continue  # the field itself says so
        settled: list[str] = []
        for member in members:
            try:
                settled.append(_settle(member, number=number, landlines=landlines))
            except ValueError as error:
                problems.append((side, str(error)))
        values[side] = settled or members
    return problems


def _settle(member: object, *, number: bool, landlines: bool) -> str:
    if not number:
        return _read_id(member)
    try:
        return canonical(member, landlines=landlines)  # type: ignore[arg-type] # it refuses other types itself
    except ValueError as error:
        # Unseen characters would hide the number from whoever masks it; the rule names them.
        seen = visible(member) if isinstance(member, str) else member
        raise ValueError(f"{quoted(seen)} {error}") from None


def stand_in(values: dict[str, Any], broken: set[str]) -> dict[str, Any]:
    """Return *values* with stand-ins for *broken* ones, so that the others can still be checked."""
    kept = {name: value for name, value in values.items() if name not in broken}
    return kept | {side: _NOBODY for side in SIDES if side in broken}
