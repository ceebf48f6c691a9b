"""
The text of a call between two plain numbers, and the numbers apart.

Calls of one kind differ in nothing else, so what is found out about a frame holds for all of them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

#: In the canonical JSON of a call no quote stands unescaped in a text, so this is no part of one.
_PLAIN: Final = re.compile(r'"(from|to)":\["(\+[0-9]{5,15})"\]')
_FROM, _TO = '"from":[]', '"to":[]'


def as_content(parameters: Mapping[str, Any]) -> str:
    """Write parameters as `ClickToCall.content` does."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Frame(NamedTuple):
    """The text of a call before, between and behind its two numbers, E.164."""

    text: str

    @classmethod
    def of(cls, content: str) -> tuple["Frame", str, str] | None:
        """Take a call's content apart: frame, from, to; None where it has not two plain numbers."""
        parts = _PLAIN.split(content)
        if parts[1::3] != ["from", "to"] or _FROM in content or _TO in content:
            return None
        before, _, from_, between, _, to, behind = parts
        return cls(f"{before}{_FROM}{between}{_TO}{behind}"), from_, to

    def around(self, from_: str, to: str) -> str:
        """Return the content of a call of this frame between two numbers."""
        before, _, rest = self.text.partition(_FROM)
        between, _, behind = rest.partition(_TO)
        return f'{before}"from":["{from_}"]{between}"to":["{to}"]{behind}'
