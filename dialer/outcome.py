"""
What one attempt came to, as a value.

`dialer.client` returns exactly one of these and never raises for the
provider's doing; `dialer.settle` says what each means for the job.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """
    Why the API refused a call, as far as we must tell refusals apart.

    `dialer.codes` gives every code exactly one kind.
    """

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
class Placed:
    """
    The API accepted the call and names it.

    Attributes:
        call_id: The provider's opaque id; "" only in developer mode, where
            nobody is rung and the API may give none.
    """

    call_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The API answered no.

    Attributes:
        code: The provider's code ("1578"), or ours for an answer without one
            ("http_404", "tls_certificate").
        kind: What the code means for us.
        blame: The wire parameter at fault ("from"), or "" when nobody says.
        message: The answer's own words, shortened, free of numbers and token.
        retry_after: How long the provider asked us to wait; None when it did not.
    """

    code: str
    kind: Kind
    blame: str = ""
    message: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """
    No byte of the request can have left this machine; nobody was rung.

    Attributes:
        why: One clause for a person: "connection refused".
        late: The request was ready after its `start_by`; our own slowness
            and nobody's fault, so it is taken back instead of retried.
    """

    why: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """
    Request bytes may have left and no clear answer came; a phone may have rung.

    Attributes:
        why: What was seen on the wire: "no answer within 30s".
        code: The provider's or HTTP's code where the answer had one, else "".
    """

    why: str
    code: str = ""


Outcome = Placed | Refused | NotSent | Doubtful
