"""Accounts in the store: their stored limits and their standing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.domain.account.limits import Limits
from dialer.domain.account.standing import Standing
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import instant, moment
from dialer.store.redis.server import Noun

#: Limits that may be stored over the settings, by the names of the settings.
STORABLE = ("calls_per_second", "burst", "max_posting", "max_live_calls")


class Accounts(Noun):
    """Stored limits and standing of accounts."""

    def store(self, account: str, limits: Mapping[str, float]) -> None:
        """Store checked limits, some of `STORABLE`: they win over the settings on every worker."""
        self._client.hset(
            self._keys.account(account), mapping={k: str(v) for k, v in limits.items()}
        )
        self._server.wake_pacer()

    def clear(self, account: str, limits: Sequence[str] = STORABLE) -> None:
        """Delete stored limits; the settings hold again."""
        self._client.hdel(self._keys.account(account), *limits)
        self._server.wake_pacer()

    def standing(self, account: str, configured: Limits) -> Standing:
        """Standing of *account* by the rules of `begin`, over its limits in the settings."""
        ask = {"account": account, "limits": limits_asked(configured)}
        words = self._server.run("standing", ask)
        if not words:
            return Standing(configured, {}, 0.0, 0, 0, "damaged", None, moment(0), 0.0)
        slot, rate, burst, max_posting, max_live, share, posting, live, *words = words
        tripped, probe, used, *stored = words
        return Standing(
            limits=Limits(
                float(rate), int(burst), int(max_posting), int(max_live), configured.assumed_call
            ),
            stored=dict(zip(stored[::2], stored[1::2], strict=True)),
            rate_share=float(share),
            posting=int(posting),
            live=int(live),
            breaker="open" if int(tripped) else "closed",
            next_probe=instant(probe),
            next_slot=moment(slot),
            used_per_second=float(used),
        )

    def pool_sleeps_until(self, account: str, pool: str) -> datetime | None:
        """When *pool*, as a lane names it, is asked again; None when it was never asked in vain."""
        value = self._client.hget(self._keys.pool(account, pool), "until_us")
        with readable(f"pool:{account}/{pool}"):
            return instant(value)


def limits_asked(limits: Limits) -> dict[str, float]:
    """Limits of the settings as `meter.lua` reads them."""
    return {name: getattr(limits, name) for name in STORABLE}
