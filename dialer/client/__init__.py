"""
The only place from which a phone can be made to ring.

`Client.place` sends one request to the Click-to-Call API and returns its outcome. Inside,
`pool` keeps the `connection`s that stand, `exchange` knows when bytes may leave and how long
we listen, `adapter` and `wire` what is above and below `requests`, `answer` the meaning of the
provider's words.
"""

from dialer.client.client import Client
from dialer.client.connection import Connection
from dialer.client.pool import Pool, Trouble
from dialer.domain.account.endpoint import Endpoint

__all__ = ["Client", "Connection", "Endpoint", "Pool", "Trouble"]
