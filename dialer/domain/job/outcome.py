"""
Outcome of one attempt, as a value.

`dialer.client` returns exactly one of these and never raises for the provider's doing;
`dialer.domain.job.settle` says what each means for the job.
"""

from dataclasses import dataclass
from datetime import timedelta

from dialer.domain.job.codes import Code, Kind


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
        row: The provider's code and its consequences; a row of our own for
            an answer without one ("http_404").
        message: The answer's own words, shortened, free of numbers and token.
        retry_after: The wait that the provider asked for; None for none.
    """

    row: Code
    message: str = ""
    retry_after: timedelta | None = None

    @property
    def code(self) -> str:
        """The code as text: "1578", "http_404"."""
        return self.row.code

    @property
    def kind(self) -> Kind:
        """The consequence for the job."""
        return self.row.kind


@dataclass(frozen=True, slots=True)
class NotSent:
    """
    No byte of the request can have left this machine; nobody was rung, and the job is taken back.

    Attributes:
        why: One clause for a person: "connection refused".
        late: The request was ready after its `start_by`: our own slowness. Starts that are
            always late must not go round for ever, so the breaker hears of them.
    """

    why: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """
    Request bytes may have left and no clear answer came; a phone may have rung.

    Attributes:
        why: The observation on the wire: "no answer within 30s".
        code: The provider's or HTTP's code where the answer had one, else "".
    """

    why: str
    code: str = ""


Outcome = Placed | Refused | NotSent | Doubtful
