"""
The hours of zone groups, as the feeder writes them for `begin`.
"""

from dialer.store.server import Server, translated


def known(server: Server, campaign: str, group: str) -> bool:
    """
    Say whether anybody has written the hours of a zone group lately; without them it is closed.

    Args:
        server: Where they are kept.
        campaign: The campaign.
        group: The number of the group.

    Raises:
        StoreUnavailable: Redis did not answer.
    """
    with translated():
        return bool(server.client.exists(server.keys.calendar(campaign, group)))
