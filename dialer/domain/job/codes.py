# ruff: noqa: E501 - a table is read down: one row is one line, however long the vendor's words
"""
Answer codes of the API and their meaning, one table read top to bottom.

No code appears anywhere else in this package: decisions ask for the `kind` of a row or
for one of its flags.

Sources:
    Sarv.com, "Click to Call API", v2, the table of error codes: the 89 codes
    1002 to 1585, with the vendor's own words (also where these are doubled).

    The same page's example of an error: 105, a remnant of v1; and 111, seen
    in one public v1 client.

    docs.deepcall.com, four pages on sister endpoints: 1000 to 1047, which
    belong to the whole platform. Codes 15xx are *not* shared: another
    endpoint uses the same numbers for other things.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from types import MappingProxyType

#: The code of an accepted call; only with the status "success" and a call id.
SUCCESS = "200"

_LONGEST_CODE = 32


class Kind(StrEnum):
    """Kinds of refusals, as far as they must be told apart; every code has exactly one."""

    #: The provider's own trouble before any phone rang; try again soon.
    PROVIDER = "provider"
    #: No agent can take the call now; try again later, no try used.
    AGENT = "agent"
    #: Too fast or too many at once; lower the rate, no try used.
    CAPACITY = "capacity"
    #: Credentials or configuration are wrong for every call; stop the account.
    ACCOUNT = "account"
    #: This call is wrong and will stay wrong; dead letter.
    REQUEST = "request"
    #: The number is on a do-not-call register; dead letter, never again.
    COMPLIANCE = "compliance"
    #: A refusal nobody documented; it may have rung, a person decides.
    UNKNOWN = "unknown"
    #: A fault that may come after the phone rang; a person decides.
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Code:
    """
    One row: a code and its consequences.

    Attributes:
        code: As text; the API sends text, its sister pages numbers.
        meaning: The vendor's words, unchanged.
        kind: The consequence for the job.
        blame: The wire parameters at fault, joined by "+"; "" when none is named.
        note: The reason for the kind, where it is not obvious.
        shared_value: The blamed value usually stands in a campaign's
            template. Three of these in a row, with the same value, stop the
            campaign, or one typing error makes 10,000 dead jobs.
        suppresses_to: The register forbids the number in `to`; where `to` is
            one number it goes on the do-not-call list.
        raises_alert: A person should look now: our own leg is on a register.
        holds_user_id: Wrong for the whole user id: all its accounts are held.
    """

    code: str
    meaning: str
    kind: Kind
    blame: str = ""
    note: str = ""
    _: KW_ONLY
    shared_value: bool = False
    suppresses_to: bool = False
    raises_alert: bool = False
    holds_user_id: bool = False


PROVIDER, AGENT, ACCOUNT = Kind.PROVIDER, Kind.AGENT, Kind.ACCOUNT
REQUEST, COMPLIANCE, AMBIGUOUS = Kind.REQUEST, Kind.COMPLIANCE, Kind.AMBIGUOUS

# fmt: off
_ROWS = (
    # The page's own table.
    Code("1002", "UserId not provided", ACCOUNT, "user_id", note="our client sent none: a deployment fault"),
    Code("1013", "Invalid user id", ACCOUNT, "user_id", holds_user_id=True),
    Code("1014", "Token not found", ACCOUNT, "token", note="other Sarv pages swap 1014 and 1020"),
    Code("1020", "Invalid token", ACCOUNT, "token", note="the token of one campaign"),
    Code("1501", "Connection Issue", PROVIDER, note="stands before every check of a parameter, so before any ring"),
    Code("1502", "fromType empty", REQUEST, "fromType"),
    Code("1503", "fromType Invalid", REQUEST, "fromType"),
    Code("1504", "toType empty", REQUEST, "toType"),
    Code("1505", "toType Invalid", REQUEST, "toType"),
    Code("1506", "from parameter not found", REQUEST, "from"),
    Code("1507", "to parameter not found", REQUEST, "to"),
    Code("1508", "invalid mobile number in from parameter", REQUEST, "from"),
    Code("1509", "invalid mobile number in to parameter", REQUEST, "to", note="a bad number, not a do-not-call request"),
    Code("1510", "Duplicate Mobile Number exists in from parameter", REQUEST, "from"),
    Code("1511", "Duplicate Mobile Number exists in to parameter", REQUEST, "to"),
    Code("1512", "Invalid Agent Id in from parameter", REQUEST, "from", shared_value=True),
    Code("1513", "Invalid Agent Id in to parameter", REQUEST, "to", shared_value=True),
    Code("1514", "Duplicate Agent Id Exists in from parameter", REQUEST, "from", shared_value=True),
    Code("1515", "Duplicate Agent Id Exists in to parameter", REQUEST, "to"),
    Code("1516", "Multiple Group Ids found in from parameter", REQUEST, "from", shared_value=True),
    Code("1517", "Multiple Group Ids found in to parameter", REQUEST, "to"),
    Code("1518", "Invalid Group Id in from parameter", REQUEST, "from", shared_value=True),
    Code("1519", "Invalid Group Id in to parameter", REQUEST, "to", shared_value=True),
    Code("1520", "Same value exists in from and to parameters", REQUEST, "from+to"),
    Code("1521", "from and to are empty", REQUEST, "from+to"),
    Code("1522", "fromStrategy invalid", REQUEST, "fromStrategy"),
    Code("1523", "toStrategy invalid", REQUEST, "toStrategy"),
    Code("1524", "fromRingTime value invalid", REQUEST, "fromRingTime"),
    Code("1525", "negative value not allowed for fromRingTime", REQUEST, "fromRingTime"),
    Code("1526", "toRingTime value invalid", REQUEST, "toRingTime"),
    Code("1527", "negative value not allowed for toRingTime", REQUEST, "toRingTime"),
    Code("1528", "fromRetryCount value invalid", REQUEST, "fromRetryCount"),
    Code("1529", "negative value not allowed for fromRetryCount", REQUEST, "fromRetryCount"),
    Code("1530", "toRetryCount value invalid", REQUEST, "toRetryCount"),
    Code("1531", "negative value not allowed for toRetryCount", REQUEST, "toRetryCount"),
    Code("1532", "timeLimit empty", REQUEST, "timeLimit"),
    Code("1533", "negative value not allowed for timeLimit", REQUEST, "timeLimit"),
    Code("1534", "timeLimit value invalid", REQUEST, "timeLimit"),
    Code("1535", "ringTone invalid announcement id", REQUEST, "ringTone", shared_value=True),
    Code("1536", "fromWebLogin none of the agents have this state", AGENT, "fromWebLogin"),
    Code("1537", "fromWebLogin none of the agents from group have this state", AGENT, "fromWebLogin"),
    Code("1538", "fromCallLogin none of the agents have this state", AGENT, "fromCallLogin"),
    Code("1539", "Invalid format", REQUEST, note="names no parameter"),
    Code("1540", "fromCallLogin none of the agents from group have this state", AGENT, "fromCallLogin"),
    Code("1541", "toWebLogin none of the agents have this state", AGENT, "toWebLogin"),
    Code("1542", "toWebLogin none of the agents from group have this state", AGENT, "toWebLogin"),
    Code("1543", "toCallLogin none of the agents have this state", AGENT, "toCallLogin"),
    Code("1544", "toCallLogin none of the agents from group have this state", AGENT, "toCallLogin"),
    Code("1545", "timeLimitAlert invalid", REQUEST, "timeLimtAlert"),
    Code("1546", "alertAudio invalid announcement id", REQUEST, "alertAudio", shared_value=True),
    Code("1547", "timeLimitAlert must be less than from timeLimit", REQUEST, "timeLimtAlert"),
    Code("1548", "crossed maximum limit of fromRetryCount", REQUEST, "fromRetryCount"),
    Code("1549", "crossed maximum limit of toRetryCount", REQUEST, "toRetryCount"),
    Code("1550", "crossed maximum limit of fromRingTime", REQUEST, "fromRingTime"),
    Code("1551", "crossed maximum limit of toRingTime", REQUEST, "toRingTime"),
    Code("1552", "crossed maximum limit of from parameter", REQUEST, "from", note="a count of values, not a capacity", shared_value=True),
    Code("1553", "crossed maximum limit of to parameter", REQUEST, "to", note="a count of values, not a capacity"),
    Code("1554", "invalid CLI in fromCLI", REQUEST, "fromCLI", shared_value=True),
    Code("1555", "invalid CLI in toCLI", REQUEST, "toCLI", note="toCLI itself is undocumented", shared_value=True),
    Code("1556", "since fromStrategy=TO_ALL, so fromCallLogin filter will not work", REQUEST, "fromStrategy+fromCallLogin", note="reads like a warning, is listed as an error"),
    Code("1557", "since toStrategy=TO_ALL, so toCallLogin filter will not work", REQUEST, "toStrategy+toCallLogin", note="reads like a warning, is listed as an error"),
    Code("1558", "Sticky will only work if out of toType and fromType at-least one have number as value,not both", REQUEST, "sticky+fromType+toType"),
    Code("1559", "invalid value of stickyTimeType", REQUEST, "stickyTimeType"),
    Code("1560", "invalid value of stickyTimeValue. It must be an integer", REQUEST, "stickyTimeValue"),
    Code("1561", "sticky parameter must be set for stickyTimeType, stickyTimeValue and stickyAgentBusy", REQUEST, "sticky"),
    Code("1562", "invalid value of stickyAgentBusy", REQUEST, "stickyAgentBusy"),
    Code("1563", "invalid value of queueTimeout. It must be an integer", REQUEST, "queueTimeout"),
    Code("1564", "invalid fromWebLogin value", REQUEST, "fromWebLogin"),
    Code("1565", "invalid fromCallLogin value", REQUEST, "fromCallLogin"),
    Code("1566", "invalid fromWebLogin value", REQUEST, "fromWebLogin+toWebLogin", note="by its place this is toWebLogin"),
    Code("1567", "invalid toCallLogin value", REQUEST, "toCallLogin"),
    Code("1568", "queueTimeout will only work if out of toType and fromType at-least one have group as value", REQUEST, "queueTimeout+fromType+toType"),
    Code("1569", "Value length exceed 50 characters", REQUEST, note="names no parameter"),
    Code("1570", "Invalid DND Filter Value, valid:from/to/both", REQUEST, note="the DND filter has no documented name"),
    Code("1571", "Invalid From Type for DND Checking", REQUEST, "fromType"),
    Code("1572", "Invalid To Type for DND Checking", REQUEST, "toType"),
    Code("1573", "DND number exists in from", COMPLIANCE, "from", note="often the agent's own phone", raises_alert=True),
    Code("1574", "DND number exists in to", COMPLIANCE, "to", suppresses_to=True),
    Code("1575", "connection Error in DND Api", PROVIDER, note="retried with the filter, never without it"),
    Code("1576", "Multiple values not allowed in from", REQUEST, "from", shared_value=True),
    Code("1577", "Multiple values not allowed in to", REQUEST, "to"),
    Code("1578", "From-Agent is not available", AGENT, "from"),
    Code("1579", "To-Agent is not available", AGENT, "to"),
    Code("1580", "Invalid fromType for AGENT_CLI", REQUEST, "fromCLI+fromType", shared_value=True),
    Code("1581", "Invalid toType for AGENT_CLI", REQUEST, "toCLI+toType", shared_value=True),
    Code("1582", "From-AGENT_CLI not found", REQUEST, "fromCLI", note="the agent has no CLI", shared_value=True),
    Code("1583", "To-AGENT_CLI not found", REQUEST, "toCLI", note="the agent has no CLI", shared_value=True),
    Code("1584", "There should be at-least one agent either in TO or FROM", REQUEST, "fromType+toType", shared_value=True),
    Code("1585", "fromCLI can not be set as AGENT_CLI if toType is group", REQUEST, "fromCLI+toType", shared_value=True),

    # Version 1 of the API.
    Code("105", "Invalid From Type", REQUEST, "fromType", note="the page's example; 1503 in v2"),
    Code("111", "number not valid", REQUEST, "from+to", note="a bad number, not a do-not-call request"),

    # The whole platform, before an endpoint runs.
    Code("1000", "invalid parameter", REQUEST, note="some pages use it for wrong credentials"),
    Code("1001", "invalid data type", REQUEST),
    Code("1003", "agentId does not exist", REQUEST),
    Code("1009", "something went wrong", AMBIGUOUS, note="may come after the phone rang"),
    Code("1010", "error in DB connect", PROVIDER),
    Code("1015", "permission denied", ACCOUNT, "token"),
    Code("1032", "internal server error", AMBIGUOUS, note="may come after the phone rang"),
    Code("1039", "user account suspended", ACCOUNT, "user_id", holds_user_id=True),
    Code("1043", "agent is not logged in", AGENT, "from+to"),
    Code("1047", "invalid request data", REQUEST),
)
# fmt: on

#: Every code we know, in the order of the table.
CODES: Mapping[str, Code] = MappingProxyType({row.code: row for row in _ROWS})


def lookup(code: str | int) -> Code:
    """
    Return the row of *code*; one of `Kind.UNKNOWN` for a code that is not documented.

    Total: never raises. An unknown code is cut to 32 characters; "200" is unknown too,
    because success is no refusal.
    """
    text = _text(code)
    return CODES.get(text) or undocumented(text[:_LONGEST_CODE])


def undocumented(code: str, kind: Kind = Kind.UNKNOWN) -> Code:
    """Return the row of a code that is not in the table, such as ours for an HTTP status."""
    return Code(code, "not documented", kind)


def _text(code: str | int) -> str:
    try:
        return str(code).strip()
    except ValueError:  # Python refuses to write out an integer of thousands of digits
        return "an absurdly long integer"
