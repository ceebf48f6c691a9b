"""
Customers: from when one may be called again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.customer import CustomerRules
from dialer.store.server import Server, instant


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    From when a job's customers may be rung, as far as gap and caps go.

    Attributes:
        since: Now or later; None when a cap leaves no room at all.
        rule: What waits: gap, cap, do_not_call (of contacts only), or "" for nothing.
    """

    since: datetime | None
    rule: str


#: A contact's numbers, E.164, and how often each of them may ring.
Asked = tuple[tuple[str, ...], tuple[int, ...]]


class Customers:
    """
    Reads the rings that were reserved for customers.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def allow(self, job_id: str, rules: CustomerRules) -> Allowed:
        """
        Ask from when the customers of a job may be rung.

        Args:
            job_id: The job.
            rules: What holds for its account.
        """
        at, rule = self._server.run("allows", job_id, rules.as_words())
        return Allowed(None if at == "never" else instant(at), rule)

    def allow_contacts(
        self,
        account: str,
        contacts: Sequence[Asked],
        rules: CustomerRules,
        campaign: CustomerRules,
    ) -> list[Allowed]:
        """
        Ask for contacts that are no jobs yet from when they may be rung.

        Args:
            account: Whose do-not-call list counts beside everybody's.
            contacts: For each its numbers, E.164, and how often each may ring; at
                most a few hundred.
            rules: What holds for the account.
            campaign: What their campaign adds.
        """
        flat = [
            text
            for numbers, rings in contacts
            for text in (",".join(numbers), ",".join(map(str, rings)))
        ]
        reply = self._server.run(
            "allow_contacts", account, rules.as_words(), campaign.caps_as_words(), *flat
        )
        return [
            Allowed(None if at == "never" else instant(at), rule)
            for at, rule in zip(reply[::2], reply[1::2], strict=True)
        ]
