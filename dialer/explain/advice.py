"""
What a person may do about dead letters, by the code they died of.
"""

from dialer.codes import lookup
from dialer.outcome import Kind

_ADVICE = {
    Kind.REQUEST: "mend the call and enqueue it anew; a redrive alone is refused again",
    Kind.COMPLIANCE: "on a do-not-call register; leave it dead: dialer dead discard",
    Kind.PROVIDER: "the provider's trouble; redrive when it is over",
}
_NO_CODE = "out of tries without an answer; look at one: dialer dead show ID"


def advice(code: str) -> str:
    """
    Say what to do about dead letters of one code, "" for those without.
    """
    if not code:
        return _NO_CODE
    return _ADVICE.get(lookup(code).kind, "look at one: dialer dead show ID")
