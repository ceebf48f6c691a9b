"""
Customers: from when one may be called again.
"""

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
        rule: What waits: gap, cap, or "" for nothing.
    """

    since: datetime | None
    rule: str


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
