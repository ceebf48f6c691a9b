"""From a row of a list to a contact of a campaign, or to the rules that it breaks."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from dialer.domain.call.call import ClickToCall
from dialer.domain.call.leg import SIDES
from dialer.domain.call.number import canonical_or_same
from dialer.domain.call.number_zones import contact_zones, number_zones
from dialer.domain.call.parameters import AGENT_CLI
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.metadata import METADATA, metadata_of, read_metadata
from dialer.domain.job.order import Order
from dialer.errors import InvalidCall
from dialer.lists.entry import ListError, Rejected, Row

_NO_ZONES: Final = (
    "the time zone of each contact is to come from its number, but no column holds the customer's"
    " number: take it from the campaign (--zone-from campaign), or from a column that names it"
)


class RowReader:
    """
    Reader of contacts for one campaign; a row is checked as the call it will become.

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
        self._calls = CallFactory(campaign, self._check)
        self._places = [template.columns[name] for name in template.names]
        self._keeps = any(name.startswith(METADATA) for name in template.names)
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

    def read(self, row: Row) -> Contact | Rejected:
        """Contact of a row, or the row with every rule that could be checked and is broken."""
        values = tuple([row.cells.get(column, "") for column in self._places])
        try:
            numbers = self._numbers(values)
        except InvalidCall as error:
            return self._rejected(row, error.problems)
        try:
            zones = self._zones(row, numbers)
        except ValueError as error:
            column = self._campaign.zone_column or self.customer_column
            return Rejected(row.line, column, str(error), "zone", row.cells.get(column, ""))
        return Contact(row.line, values, zones, numbers)

    def without(self, contact: Contact, known: Collection[str]) -> Contact | None:
        """
        Contact without its *known* numbers (E.164), in the same zones.

        None where a cell would hold no number any more, or the call would break a rule.
        """
        values = dict(zip(self._template.names, contact.values, strict=True))
        for side in self._ours:
            kept = [one for one in values[side].split(",") if canonical_or_same(one) not in known]
            values[side] = ",".join(kept)
            if len(kept) == 1 and f"{side}Strategy" in values:
                values[f"{side}Strategy"] = ""
        try:
            numbers = self._numbers(tuple(values.values()))
        except InvalidCall:
            return None
        return replace(contact, values=tuple(values.values()), numbers=numbers)

    def _numbers(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The customer's numbers in the row; InvalidCall where rules are broken."""
        if self._keeps:
            self._check_metadata(values)
        for turn in self._turns:
            sides = self._calls.profile(values, turn).sides
        return tuple([number for side in self._ours for number in sides[side]])

    def _check_metadata(self, values: tuple[str, ...]) -> None:
        metadata = metadata_of(dict(zip(self._template.names, values, strict=True)))
        try:
            read_metadata(metadata)
        except ValueError as error:
            longest = max(metadata, key=lambda name: len(metadata[name]))
            raise InvalidCall([(METADATA + longest, str(error))]) from None

    def _check(self, call: ClickToCall) -> None:
        call.check_extra(self._allowed)
        if not call.protected(self._campaign.customer):
            # An order refuses to protect an agent where a person's phone rings.
            Order(call, customer=self._campaign.customer)

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
        """Column at fault; "" when the fault is not in one column."""
        columns = self._template.columns
        if name == "customer":
            return self.customer_column
        other = {"from": "to", "to": "from"}.get(name, "")
        return columns.get(name) or columns.get(other, "")

    def _named(self, name: str, rule: str) -> str:
        """Rule with its parameter where the column is another's or none."""
        return rule if name in self._template.columns else f"{name} {rule}"
