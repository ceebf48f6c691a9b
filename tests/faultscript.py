"""
A bad day, written down twice: what the sandbox does to each number, and where its job must end.

The right-hand side is written from the vendor's page and from DESIGN's settlement
table, by hand. It imports nothing of `dialer`: a table that is computed from the
code it judges agrees with every mistake in it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Documented for Click-to-Call: 1002, 1013, 1014, 1020 and 1501 to 1585 make 89.
VENDOR_CODES = ("1002", "1013", "1014", "1020", *(str(code) for code in range(1501, 1586)))
#: Of version 1 and of the platform around the endpoint.
PLATFORM_CODES = (
    *("105", "111", "1000", "1001", "1003", "1009", "1010", "1015", "1032", "1039", "1043", "1047"),
)
UNKNOWN_CODE = "1999"

ACCOUNT = {"1002", "1013", "1014", "1020", "1015", "1039"}
PROVIDER = {"1501", "1575", "1010"}
AGENT = {
    *("1536", "1537", "1538", "1540", "1541", "1542", "1543", "1544", "1578", "1579", "1043"),
}
AMBIGUOUS = {"1009", "1032", UNKNOWN_CODE}
DND_IN_TO = "1574"

Fault = dict[str, Any]

#: Troubles by where a job ends to which they happen. `place`: whether phones ring first.
ENDS_PLACED: tuple[Fault, ...] = (
    {"do": "number_code"},
    {"do": "bom"},
    {"do": "gzip"},
    {"do": "slow_first_byte", "hold": "300ms"},
    {"do": "trickle", "hold": "1ms"},
)
ENDS_IN_DOUBT: tuple[Fault, ...] = (
    {"do": "drop_before_place"},
    {"do": "place_then_drop"},
    {"do": "reset_before_place"},
    {"do": "reset_after_place"},
    {"do": "slow_first_byte", "hold": "4s"},
    {"do": "trickle", "hold": "100ms"},
    *(
        {"do": do, "place": place}
        for do in (
            *("hang", "cut_body", "truncated_json", "garbage_status_line", "array", "null"),
            *("missing_callid", "error_with_callid", "success_with_error_code"),
            *("html", "empty", "big_body"),
        )
        for place in (True, False)
    ),
    *(
        {"do": "status", "status": status, "place": place}
        for status in (500, 502, 503, 504)
        for place in (True, False)
    ),
)
ENDS_DEAD: tuple[Fault, ...] = tuple(
    {"do": "status", "status": status} for status in (400, 413, 414, 422)
)
STOPS_ACCOUNT: tuple[Fault, ...] = tuple(
    {"do": "status", "status": status} for status in (301, 302, 307, 401, 403, 404, 405, 407, 410)
)
TOO_FAST: tuple[Fault, ...] = ({"do": "status", "status": 429},)


@dataclass(frozen=True)
class Line:
    """
    One line of the script.

    Attributes:
        fault: What the sandbox does, without the numbers.
        ends: The state in which the job must end, by hand from the table.
        code: The last code of its record, "" when nobody gave one.
        requests: POSTs it takes to get there.
        numbers: The customers it happens to; every one of them alike.
    """

    fault: Fault
    ends: str
    code: str
    requests: int
    numbers: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The trouble in a word or two."""
        details = (self.fault.get(k) for k in ("code", "status", "hold"))
        rings = "" if "place" not in self.fault else "rings" if self.fault["place"] else "silent"
        words = [self.fault.get("do", "plain"), *details, rings]
        return " ".join(str(word) for word in words if word)

    def rules(self) -> Iterator[Fault]:
        """The sandbox's rules: one a number, because `times` counts for a rule; none for plain."""
        if not self.fault:
            return
        fault = {key: value for key, value in self.fault.items() if key != "times"}
        for number in self.numbers:
            when: Fault = {"numbers": [number]}
            if "times" in self.fault:
                when["times"] = self.fault["times"]
            yield fault | {"when": when}


def code_line(code: str, *, max_tries: int) -> Line:
    """What one refusal code must come to."""
    fault: Fault = {"do": "code", "code": code}
    if code in ACCOUNT:
        # The account is held, the job stays ready, a person repairs and releases.
        return Line(fault | {"times": 1}, "placed", "", 2)
    if code in AGENT:
        # No try is used, so more refusals than there are tries leave it alive.
        return Line(fault | {"times": max_tries + 1}, "placed", "", max_tries + 2)
    if code in PROVIDER:
        return Line(fault, "dead", code, max_tries)
    if code in AMBIGUOUS:
        return Line(fault, "unconfirmed", code, 1)
    return Line(fault, "dead", code, 1)


def whole_script(*, max_tries: int) -> list[Line]:
    """Every code and every fault that can be aimed at a number; no numbers yet."""
    codes = [*VENDOR_CODES, *PLATFORM_CODES, UNKNOWN_CODE]
    refused_for_a_while: Fault = {"do": "code", "code": "1501", "times": 1}
    return [
        *(code_line(code, max_tries=max_tries) for code in codes),
        Line(refused_for_a_while, "placed", "", 2),
        *(Line(dict(fault), "placed", "", 1) for fault in ENDS_PLACED),
        *(Line(dict(fault), "unconfirmed", "*", 1) for fault in ENDS_IN_DOUBT),
        *(
            Line(fault | {"place": False}, "dead", f"http_{fault['status']}", 1)
            for fault in ENDS_DEAD
        ),
        *(
            Line(fault | {"place": False, "times": 1}, "placed", "", 2)
            for fault in (*STOPS_ACCOUNT, *TOO_FAST)
        ),
    ]


def give_numbers(lines: list[Line], numbers: Iterator[str], each: int = 1) -> None:
    """Hand the next numbers to each line."""
    for line in lines:
        line.numbers.extend(itertools.islice(numbers, each))
