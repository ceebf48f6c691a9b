"""
The codes that the vendor has twice, once for `from` and once for `to`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SideCodes:
    """One code for each thing that can be wrong with a side, by what is wrong."""

    type_empty: str
    type_invalid: str
    missing: str
    bad_number: str
    same_number: str
    bad_agent: str
    same_agent: str
    many_groups: str
    bad_group: str
    strategy: str
    ring: str
    ring_negative: str
    ring_max: str
    retry: str
    retry_negative: str
    retry_max: str
    too_many: str
    not_several: str
    cli: str
    to_all: str
    web_login: str
    call_login: str
    agents_web: str
    agents_call: str
    group_web: str
    group_call: str
    dnd_type: str
    dnd: str
    unavailable: str
    agent_cli_type: str
    agent_cli_missing: str


# In the order of the fields; five to a line, which the formatter would not keep.
# fmt: off
_PAIRS: Final = (
    ("1502", "1504"), ("1503", "1505"), ("1506", "1507"), ("1508", "1509"), ("1510", "1511"),
    ("1512", "1513"), ("1514", "1515"), ("1516", "1517"), ("1518", "1519"), ("1522", "1523"),
    ("1524", "1526"), ("1525", "1527"), ("1550", "1551"), ("1528", "1530"), ("1529", "1531"),
    ("1548", "1549"), ("1552", "1553"), ("1576", "1577"), ("1554", "1555"), ("1556", "1557"),
    ("1564", "1566"), ("1565", "1567"), ("1536", "1541"), ("1538", "1543"), ("1537", "1542"),
    ("1540", "1544"), ("1571", "1572"), ("1573", "1574"), ("1578", "1579"), ("1580", "1581"),
    ("1582", "1583"),
)
# fmt: on
CODES: Final = {
    "from": SideCodes(*(pair[0] for pair in _PAIRS)),
    "to": SideCodes(*(pair[1] for pair in _PAIRS)),
}
