"""Next steps for an operator: about dead letters, by their code, and about holds."""

from collections.abc import Iterator

from dialer.diagnosis.explain.facts import Facts, Reason
from dialer.domain.holds.owners import BREAKER
from dialer.domain.holds.words import named, release, set_by
from dialer.domain.job.codes import Kind, lookup

_ADVICE = {
    Kind.REQUEST: "mend the call and enqueue it anew; a redrive alone is refused again",
    Kind.COMPLIANCE: "on a do-not-call register; leave it dead: dialer dead discard",
    Kind.PROVIDER: "the provider's trouble; redrive when it is over",
}
_SHARED = (
    "if all its calls are wrong so: dialer campaign set {} …, then redrive;"
    " if only this contact is: leave it dead"
)
_NO_CODE = "out of tries without an answer; look at one: dialer dead show ID"


def advice(code: str, campaign: str = "") -> str:
    """Return the next step for dead letters of one code, or none, of a campaign or direct calls."""
    if not code:
        return _NO_CODE
    if campaign and lookup(code).kind is Kind.REQUEST:
        return _SHARED.format(campaign)
    return _ADVICE.get(lookup(code).kind, "look at one: dialer dead show ID")


def held(facts: Facts, *scopes: str) -> Iterator[Reason]:
    """Explain the holds on these scopes; those of the breaker have a reason of their own."""
    for hold in facts.holds:
        if hold.scope in scopes and hold.owner != BREAKER:
            since = f" since {facts.at(hold.since)}" if hold.since else ""
            text = f"{named(hold.scope)} is held by {set_by(hold)}{since}: {hold.reason}"
            yield Reason("hold", text, step=release(hold))
