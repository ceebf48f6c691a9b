"""
The vendor's codes with their texts, and those it has once for `from` and once for `to`.

Source: the vendor's Click to Call page, table "Error Codes", misprints
included (1566 names `fromWebLogin`). Typed here a second time on purpose: the
sandbox shares no table with the client it tests.
"""

from enum import Enum
from typing import Final

from dialer.sandbox.case import LegName

MESSAGES: Final[dict[str, str]] = {
    "1002": "UserId not provided",
    "1013": "Invalid user id",
    "1014": "Token not found",
    "1020": "Invalid token",
    "1501": "Connection Issue",
    "1502": "fromType empty",
    "1503": "fromType Invalid",
    "1504": "toType empty",
    "1505": "toType Invalid",
    "1506": "from parameter not found",
    "1507": "to parameter not found",
    "1508": "invalid mobile number in from parameter",
    "1509": "invalid mobile number in to parameter",
    "1510": "Duplicate Mobile Number exists in from parameter",
    "1511": "Duplicate Mobile Number exists in to parameter",
    "1512": "Invalid Agent Id in from parameter",
    "1513": "Invalid Agent Id in to parameter",
    "1514": "Duplicate Agent Id Exists in from parameter",
    "1515": "Duplicate Agent Id Exists in to parameter",
    "1516": "Multiple Group Ids found in from parameter",
    "1517": "Multiple Group Ids found in to parameter",
    "1518": "Invalid Group Id in from parameter",
    "1519": "Invalid Group Id in to parameter",
    "1520": "Same value exists in from and to parameters",
    "1521": "from and to are empty",
    "1522": "fromStrategy invalid",
    "1523": "toStrategy invalid",
    "1524": "fromRingTime value invalid",
    "1525": "negative value not allowed for fromRingTime",
    "1526": "toRingTime value invalid",
    "1527": "negative value not allowed for toRingTime",
    "1528": "fromRetryCount value invalid",
    "1529": "negative value not allowed for fromRetryCount",
    "1530": "toRetryCount value invalid",
    "1531": "negative value not allowed for toRetryCount",
    "1532": "timeLimit empty",
    "1533": "negative value not allowed for timeLimit",
    "1534": "timeLimit value invalid",
    "1535": "ringTone invalid announcement id",
    "1536": "fromWebLogin none of the agents have this state",
    "1537": "fromWebLogin none of the agents from group have this state",
    "1538": "fromCallLogin none of the agents have this state",
    "1539": "Invalid format",
    "1540": "fromCallLogin none of the agents from group have this state",
    "1541": "toWebLogin none of the agents have this state",
    "1542": "toWebLogin none of the agents from group have this state",
    "1543": "toCallLogin none of the agents have this state",
    "1544": "toCallLogin none of the agents from group have this state",
    "1545": "timeLimitAlert invalid",
    "1546": "alertAudio invalid announcement id",
    "1547": "timeLimitAlert must be less than from timeLimit",
    "1548": "crossed maximum limit of fromRetryCount",
    "1549": "crossed maximum limit of toRetryCount",
    "1550": "crossed maximum limit of fromRingTime",
    "1551": "crossed maximum limit of toRingTime",
    "1552": "crossed maximum limit of from parameter",
    "1553": "crossed maximum limit of to parameter",
    "1554": "invalid CLI in fromCLI",
    "1555": "invalid CLI in toCLI",
    "1556": "since fromStrategy=TO_ALL, so fromCallLogin filter will not work",
    "1557": "since toStrategy=TO_ALL, so toCallLogin filter will not work",
    "1558": "Sticky will only work if out of toType and fromType at-least one have number as value,"
    "not both",
    "1559": "invalid value of stickyTimeType",
    "1560": "invalid value of stickyTimeValue. It must be an integer",
    "1561": "sticky parameter must be set for stickyTimeType, stickyTimeValue and stickyAgentBusy",
    "1562": "invalid value of stickyAgentBusy",
    "1563": "invalid value of queueTimeout. It must be an integer",
    "1564": "invalid fromWebLogin value",
    "1565": "invalid fromCallLogin value",
    "1566": "invalid fromWebLogin value",
    "1567": "invalid toCallLogin value",
    "1568": "queueTimeout will only work if out of toType and fromType at-least one have group"
    " as value",
    "1569": "Value length exceed 50 characters",
    "1570": "Invalid DND Filter Value, valid:from/to/both",
    "1571": "Invalid From Type for DND Checking",
    "1572": "Invalid To Type for DND Checking",
    "1573": "DND number exists in from",
    "1574": "DND number exists in to",
    "1575": "connection Error in DND Api",
    "1576": "Multiple values not allowed in from",
    "1577": "Multiple values not allowed in to",
    "1578": "From-Agent is not available",
    "1579": "To-Agent is not available",
    "1580": "Invalid fromType for AGENT_CLI",
    "1581": "Invalid toType for AGENT_CLI",
    "1582": "From-AGENT_CLI not found",
    "1583": "To-AGENT_CLI not found",
    "1584": "There should be at-least one agent either in TO or FROM",
    "1585": "fromCLI can not be set as AGENT_CLI if toType is group",
}

#: Answers seen or documented elsewhere on the platform, reachable by a fault only.
EXTRA_MESSAGES: Final[dict[str, str]] = {
    "105": "Invalid From Type",
    "1000": "Invalid parameter",
    "1001": "Invalid data type",
    "1009": "Something went wrong",
    "1010": "Error in DB connect",
    "1015": "Permission denied",
    "1032": "Internal server error",
    "1039": "User account suspended",
    "1043": "Agent is not logged in",
    "1047": "Invalid request data",
}


def message(code: str) -> str:
    """The vendor's text for *code*; "Unknown error" for an undocumented one."""
    return MESSAGES.get(code) or EXTRA_MESSAGES.get(code) or "Unknown error"


class Wrong(Enum):
    """Faults of a side, each with its code for `from` and for `to`."""

    TYPE_EMPTY = ("1502", "1504")
    TYPE_INVALID = ("1503", "1505")
    MISSING = ("1506", "1507")
    BAD_NUMBER = ("1508", "1509")
    SAME_NUMBER = ("1510", "1511")
    BAD_AGENT = ("1512", "1513")
    SAME_AGENT = ("1514", "1515")
    MANY_GROUPS = ("1516", "1517")
    BAD_GROUP = ("1518", "1519")
    STRATEGY = ("1522", "1523")
    RING = ("1524", "1526")
    RING_NEGATIVE = ("1525", "1527")
    RING_MAX = ("1550", "1551")
    RETRY = ("1528", "1530")
    RETRY_NEGATIVE = ("1529", "1531")
    RETRY_MAX = ("1548", "1549")
    TOO_MANY = ("1552", "1553")
    NOT_SEVERAL = ("1576", "1577")
    CLI = ("1554", "1555")
    TO_ALL = ("1556", "1557")
    WEB_LOGIN = ("1564", "1566")
    CALL_LOGIN = ("1565", "1567")
    AGENTS_WEB = ("1536", "1541")
    AGENTS_CALL = ("1538", "1543")
    GROUP_WEB = ("1537", "1542")
    GROUP_CALL = ("1540", "1544")
    DND_TYPE = ("1571", "1572")
    DND = ("1573", "1574")
    UNAVAILABLE = ("1578", "1579")
    AGENT_CLI_TYPE = ("1580", "1581")
    AGENT_CLI_MISSING = ("1582", "1583")

    def on(self, leg: LegName) -> str:
        """Code for one of the two sides."""
        return self.value[leg == "to"]
