"""Customers: when each may be called again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dialer.domain.call.customer import Allowed, CustomerRules
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import instant, micros
from dialer.store.redis.server import Noun

_NOTHING = timedelta(0)


def rules_asked(rules: CustomerRules) -> dict[str, object]:
    """Rules as `customer.lua` reads them."""
    return {"gap_us": micros(rules.gap), "caps": rules.caps_as_words()}


class Customers(Noun):
    """Rings that were reserved for customers."""

    def allow(self, job_id: str, rules: CustomerRules) -> Allowed:
        """Earliest ring of a job's customers; *rules* hold for its account."""
        ask = {"job": job_id, "customer": rules_asked(rules)}
        at, rule = self._server.run("allows", ask)
        return Allowed(None if at == "never" else instant(at), rule)

    def counted_from(self, rules: CustomerRules, now: datetime) -> datetime | None:
        """
        Start of what is known of rings that the longest cap of *rules* counts.

        Rings are kept for the longest period of any rule when they were reserved: a longer one
        that is set today cannot see further back.

        Returns:
            None when all that count are known, or no customer was rung yet.
        """
        keys, period = self._keys, max((cap.per for cap in rules.caps), default=_NOTHING)
        longest, since = self._client.mget(keys.longest, keys.rings_since)
        if longest is None:
            return None
        with readable("longest or rings_since"):
            start = now if micros(period) > int(longest) else instant(since)
        return start if start and start > now - period else None

    def allow_contacts(
        self,
        account: str,
        contacts: Sequence[tuple[Sequence[str], Sequence[int]]],
        rules: CustomerRules,
        campaign: CustomerRules,
    ) -> list[Allowed]:
        """
        Earliest rings of contacts that are no jobs yet.

        Args:
            account: Whose do-not-call list counts beside the one of all.
            contacts: For each its numbers, E.164, and how often each may ring; at
                most a few hundred.
            rules: What holds for the account.
            campaign: What their campaign adds.
        """
        reply = self._server.run(
            "allow_contacts",
            {
                "account": account,
                "customer": rules_asked(rules),
                "caps": campaign.caps_as_words(),
                "contacts": [
                    {"numbers": ",".join(numbers), "rings": ",".join(map(str, rings))}
                    for numbers, rings in contacts
                ],
            },
        )
        return [
            Allowed(None if at == "never" else instant(at), rule)
            for at, rule in zip(reply[::2], reply[1::2], strict=True)
        ]
