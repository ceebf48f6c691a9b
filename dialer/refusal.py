"""
What a refusal means beyond its own job: for a number, or for a whole campaign.
"""

import hashlib
import json

from dialer.call import ClickToCall
from dialer.codes import lookup
from dialer.errors import InvalidCall
from dialer.outcome import Kind, Outcome, Refused


def unreadable(error: Exception) -> Refused:
    """Return the refusal of a stored call that cannot be sent at all: it was never on the wire."""
    if isinstance(error, InvalidCall):
        fields = ", ".join(field for field, _ in error.problems)
        return Refused("invalid_call", Kind.REQUEST, message=f"our own check of {fields}")
    return Refused("unreadable_call", Kind.REQUEST, message=type(error).__name__)


def number_to_suppress(content: str, outcome: Outcome) -> str:
    """Return the number that a register forbids, E.164, or "" when the refusal names none."""
    if not isinstance(outcome, Refused) or not lookup(outcome.code).suppresses_to:
        return ""
    # With several numbers the code does not say which one is on the register.
    numbers = ClickToCall.from_content(content).protected("to")
    return numbers[0] if len(numbers) == 1 else ""


def shared_fault(content: str, outcome: Outcome) -> str:
    """
    Name the refused value if it usually stands in every call of a campaign, else "".

    The value itself is hashed: what is kept is only compared.
    """
    if not isinstance(outcome, Refused) or not lookup(outcome.code).shared_value:
        return ""
    blamed = lookup(outcome.code).blame
    call = json.loads(content)
    values = [call.get(name) for name in blamed.split("+")]
    digest = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
    return f"{outcome.code} {blamed} {digest}"
