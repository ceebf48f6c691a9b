"""
One contact of a campaign: what the list said of it, and what follows from that.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """
    One accepted row of a list; it becomes a job only when it is about to be dialled.

    Attributes:
        line: Where it stood in the file: the line of its first character, from 1.
        values: What its columns hold, in the order of `Template.names`,
            without spaces around; "" for absent.
        zones: IANA names it may be in, sorted, joined by "+", at most four;
            "" for the campaign's own zone.
        numbers: Its customer's numbers that the row holds, E.164; none when only
            agents are rung, or a number that is the same in every call.
    """

    line: int
    values: tuple[str, ...]
    zones: str
    numbers: tuple[str, ...]
