"""
From a row of a list to a contact of a campaign, or to what is wrong with it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from dialer.call import ClickToCall
from dialer.campaign import Campaign
from dialer.contact import Contact
from dialer.errors import InvalidCall
from dialer.leg import SIDES, Side
from dialer.lists.entry import ListError, Rejected, Row
from dialer.number import canonical
from dialer.order import Order
from dialer.parameters import AGENT_CLI
from dialer.place import contact_zones, number_zones

#: Shapes that are remembered; more in one list means that they do not repeat.
_MOST_SHAPES: Final = 4096
_NO_ZONES: Final = (
    "the time zone of each contact is to come from its number, but no column holds the customer's"
    " number: take it from the campaign (--zone-from campaign), or from a column that names it"
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """
    What rows have in common that differ in plain numbers only, once one was found valid.

    Attributes:
        numbers: The numbers of each side that is the same in all of them.
    """

    numbers: Mapping[Side, tuple[str, ...]]


class RowReader:
    """
    Makes contacts for one campaign.

    A row is checked as the call it will become. Rows that differ from one
    found valid only in a plain phone number have only that number checked:
    all other rules have been asked, and none depends on which number it is but
    that nobody is connected with himself.

    Args:
        campaign: Valid.
        allowed_extra: The account's `extra_params`.

    Attributes:
        columns: The columns of the list that are needed, each once.
        customer_column: The column of the customer's number; "" when no column holds it.

    Raises:
        ListError: Zones are to come from the numbers, and no column holds any.
    """

    def __init__(self, campaign: Campaign, *, allowed_extra: Collection[str] = ()) -> None:
        self._campaign = campaign
        self._allowed = frozenset(allowed_extra)
        self._template = template = campaign.template
        self._names = template.names
        self._places = [template.columns[name] for name in self._names]
        zone_column = [campaign.zone_column] if campaign.zone_column else []
        self.columns = tuple(dict.fromkeys([*self._places, *zone_column]))
        # A number that is fixed stands in every row: no contact is known by it.
        self._ours = [
            side
            for side in SIDES
            if campaign.customer in (side, "both") and side in template.columns
        ]
        self.customer_column = template.columns[self._ours[0]] if self._ours else ""
        if campaign.zone_from == "number" and not self._ours:
            raise ListError(_NO_ZONES)
        # A pool may hold AGENT_CLI, which has rules of its own; other ids are all alike.
        pool = {one == AGENT_CLI: turn for turn, one in enumerate(template.caller_ids)}
        self._turns = tuple(pool.values()) or (0,)
        self._plain = [side for side in SIDES if self._is_plain(side)]
        self._others = [name for name in self._names if name not in self._plain]
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def read(self, row: Row) -> Contact | Rejected:
        """
        Return the contact of a row, or what is wrong with it: all that could be checked.
        """
        values = {
            name: row.cells.get(column, "")
            for name, column in zip(self._names, self._places, strict=True)
        }
        try:
            numbers = self._numbers_by_shape(values)
            if numbers is None:
                numbers = self._numbers_by_rules(values)
        except InvalidCall as error:
            return self._rejected(row, error.problems)
        try:
            zones = self._zones(row, numbers)
        except ValueError as error:
            column = self._campaign.zone_column or self.customer_column
            return Rejected(row.line, column, str(error), "zone", row.cells.get(column, ""))
        return Contact(row.line, tuple(values.values()), zones, numbers)

    def _is_plain(self, side: Side) -> bool:
        """The column may hold numbers; ids of agents repeat, and are part of the shape."""
        kind = str(self._template.fixed.get(f"{side}Type", "Number"))
        return side in self._template.columns and kind.lower() == "number"

    def _numbers_by_shape(self, values: Mapping[str, str]) -> tuple[str, ...] | None:
        """Return the customer's numbers that the row has; None where only the rules can tell."""
        shape = self._shapes.get(tuple([values[name] for name in self._others]))
        if shape is None:
            return None
        try:
            plain = {side: (canonical(values[side]),) for side in self._plain}
        except ValueError:  # it is several, or none
            return None
        numbers = {**shape.numbers, **plain}
        if not set(numbers["from"]).isdisjoint(numbers["to"]):
            return None
        return tuple(number for side in self._ours for number in numbers[side])

    def _numbers_by_rules(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """
        Return the customer's numbers that the row has, after the full check.

        Raises:
            InvalidCall: One or more rules are broken.
        """
        for turn in self._turns:
            call = self._template.call(values, row=turn)
            call.check_extra(self._allowed)
        if not call.protected(self._campaign.customer):
            # An order refuses to protect an agent where a person's phone rings.
            Order(call, customer=self._campaign.customer)
        self._remember(values, call)
        return tuple(number for side in self._ours for number in call.protected(side))

    def _remember(self, values: Mapping[str, str], call: ClickToCall) -> None:
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        same = {side: call.protected(side) for side in SIDES if side not in self._plain}
        # One number is like another, but neither like two numbers nor like an agent.
        if all(len(call.protected(side)) == 1 for side in self._plain):
            self._shapes[tuple([values[name] for name in self._others])] = _Shape(same)

    def _zones(self, row: Row, numbers: tuple[str, ...]) -> str:
        if self._campaign.zone_from == "number":
            return number_zones(numbers)
        if self._campaign.zone_column is not None:
            return contact_zones(row.cells.get(self._campaign.zone_column, ""))
        return ""

    def _rejected(self, row: Row, problems: list[tuple[str, str]]) -> Rejected:
        found = [(name.removeprefix("extra_params."), rule) for name, rule in problems]
        columns = [self._blame(name) for name, _ in found]
        (column, *others), ((reason, rule), *rest) = columns, found
        return Rejected(
            row.line,
            column,
            self._named(reason, rule),
            reason,
            row.cells.get(column, ""),
            tuple(
                (one, self._named(name, text))
                for one, (name, text) in zip(others, rest, strict=True)
            ),
        )

    def _blame(self, name: str) -> str:
        """Return the column at fault; "" when the fault is not in one column."""
        columns = self._template.columns
        if name == "customer":
            return self.customer_column
        other = {"from": "to", "to": "from"}.get(name, "")
        return columns.get(name) or columns.get(other, "")

    def _named(self, name: str, rule: str) -> str:
        """Say the parameter too where the column is another's or none."""
        return rule if name in self._template.columns else f"{name} {rule}"
