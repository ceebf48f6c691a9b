"""
Whether there is room for more: what already happened may use the last of the memory, news may not.
"""

from dialer.errors import StoreRefused
from dialer.store.server import Server


def refuse_when_full(server: Server, full_at: float, *, what: str, then: str) -> None:
    """
    Refuse what would fill the server further.

    Args:
        server: How full it is.
        full_at: Share of `maxmemory` from which it is refused.
        what: What is refused, for a person.
        then: What to do once there is room.

    Raises:
        StoreRefused: It is fuller than that.
    """
    share = server.fullness()
    if share >= full_at:
        raise StoreRefused(
            f"Redis is {share:.0%} full; new {what} are refused from {full_at:.0%} on:"
            f" make room or raise maxmemory, then {then}"
        )
