"""
The only place from which a phone can be made to ring.

`Client.place` sends one request to the Click-to-Call API and returns its outcome. Inside,
`exchange` knows when bytes may leave and how long we listen, `wire` the sockets below
`requests`, `answer` the meaning of the provider's words.
"""

from dialer.client.client import Client
from dialer.domain.account.endpoint import Endpoint

__all__ = ["Client", "Endpoint"]
