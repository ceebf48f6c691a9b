"""
The only place from which a phone can be made to ring.

`Client.place` sends one request to the Click-to-Call API and says, as a
value, what became of it. Inside, each module knows one thing: `endpoint` where
and as whom we ask, `exchange` when bytes may leave and how long we listen,
`wire` the sockets below `requests`, `answer` what the provider's words mean.
"""

from dialer.client.client import Client
from dialer.client.endpoint import Endpoint

__all__ = ["Client", "Endpoint"]
