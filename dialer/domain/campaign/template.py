"""The template of a campaign's calls: fixed parameters, and columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from dialer.domain.call.call import ClickToCall
from dialer.domain.call.leg import SIDES
from dialer.domain.call.parameters import CREDENTIALS, WIRE, Parameters, Problem, unknown
from dialer.domain.job.metadata import METADATA, column_problems
from dialer.errors import InvalidCall

#: Stand-ins for the sides a column fills, to check what is fixed before any row is read;
#: several, so that a strategy has whom to choose from and none is a number that is fixed.
_NUMBERS: Final = tuple(f"+9190000000{nth:02d}" for nth in range(8))
_IDS: Final = tuple(str(nth) for nth in range(900_001, 900_009))
_DOCUMENTED: Final = frozenset(WIRE.values())


@dataclass(frozen=True, slots=True)
class Template:
    """
    Parameters by wire name, each fixed or taken from a column; never both.

    A column "metadata.<name>" is no parameter: what it holds is kept beside the call.

    Attributes:
        fixed: Wire name -> the same value in every call. A name that is not
            the vendor's is an undocumented parameter, which the account must allow.
            A strategy says how to ring several values, where a row has several.
        columns: Wire name -> the column of the list that holds its value. An
            empty cell means that the parameter is absent in that call.
        caller_ids: Values of `fromCLI`, used in turn by the number of the row;
            empty to leave `fromCLI` to the other two.
    """

    fixed: Mapping[str, Any]
    columns: Mapping[str, str]
    caller_ids: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that columns fill, sorted: the order of a contact's values."""
        return tuple(sorted(self.columns))

    @property
    def parameters(self) -> list[str]:
        """The columns that are parameters of the call."""
        return [name for name in self.columns if not name.startswith(METADATA)]

    def call(self, values: Mapping[str, object], *, row: int = 0) -> ClickToCall:
        """
        Return the call for one contact.

        Args:
            values: Wire name -> the value of its column; "" and None are absent.
            row: The number of the contact in its list; chooses the caller id.

        Raises:
            InvalidCall: One or more rules are broken; all are named by parameter.
        """
        given = dict(self.fixed) | {
            name: value
            for name, value in values.items()
            if value not in ("", None) and not name.startswith(METADATA)
        }
        for side in SIDES:
            # A strategy is for several values; this row has one.
            if f"{side}Strategy" in self.fixed and side in values and "," not in str(values[side]):
                del given[f"{side}Strategy"]
        if self.caller_ids:
            given["fromCLI"] = self.caller_ids[row % len(self.caller_ids)]
        extra = {name: given.pop(name) for name in list(given) if name not in _DOCUMENTED}
        if extra:
            given["extra_params"] = extra
        return ClickToCall.model_validate(given)

    def problems(self, allowed_extra: Collection[str]) -> list[Problem]:
        """Return the problems of the template itself, whatever its rows will hold."""
        found: list[Problem] = column_problems(self.columns)
        for name in {**self.fixed, **dict.fromkeys(self.parameters)}:
            if name in CREDENTIALS:
                found.append((name, "belongs to the account, never to a call"))
            elif name not in _DOCUMENTED and name not in allowed_extra:
                found.append((name, unknown(name, allowed_extra)))
        both = [name for name in self.fixed if name in self.columns]
        found += [(name, "is fixed, and a column fills it too") for name in both]
        found += [
            (side, "is missing: write its value, or name the column that holds it")
            for side in SIDES
            if side not in self.fixed and side not in self.columns
        ]
        if self.caller_ids and ("fromCLI" in self.fixed or "fromCLI" in self.columns):
            found.append(("fromCLI", "is given beside the pool of caller ids"))
        return found or self._check_fixed(allowed_extra)

    def _check_fixed(self, allowed_extra: Collection[str]) -> list[Problem]:
        found: list[Problem] = []
        for row in range(max(1, len(self.caller_ids))):
            try:
                self.call(self._samples(), row=row).check_extra(allowed_extra)
            except InvalidCall as error:
                found += [one for one in error.problems if one not in found]
        # What a column fills is checked row by row; so is what must agree with it.
        agreeing = {*self.parameters} <= {*SIDES}
        return [
            (name, rule)
            for name, rule in found
            if name not in self.columns and (agreeing or self._wrong_alone(name))
        ]

    def _samples(self) -> dict[str, str]:
        taken = {str(value) for value in self.fixed.values()}
        free = {
            "Number": [one for one in _NUMBERS if all(one[-10:] not in text for text in taken)],
            "Agent": [one for one in _IDS if one not in taken],
        }
        samples: dict[str, str] = {}
        for side in SIDES:
            if side not in self.columns:
                continue
            kind = str(self.fixed.get(f"{side}Type", "Number")).title()
            pool = free["Number" if kind == "Number" else "Agent"]
            count = 2 if f"{side}Strategy" in self.fixed and kind != "Group" else 1
            samples[side] = ",".join(pool.pop(0) for _ in range(count))
        return samples

    def _wrong_alone(self, name: str) -> bool:
        try:
            Parameters.model_validate({"from": "1", "to": "2"} | {name: self.fixed.get(name)})
        except ValidationError:
            return True
        return False
