"""
A provider that answers at once: the same body for each POST, over kept connections.

    python provider.py [CERTIFICATE]

Prints its port. `GET /count` says how many POSTs it has answered, and `GET /arrivals` when which
came, by the machine's monotonic clock. It costs little, so that what is measured beside it is not
it.
"""

import asyncio
import json
import ssl
import sys
import time
from typing import ClassVar
from urllib.parse import parse_qs

BODY = b'{"callid":"bench%d","status":"success","code":"200"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection; requests follow each other on it."""

    #: When each came, and with what.
    came: ClassVar[list[tuple[float, bytes]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.read = transport, b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = self.read[:end].lower()
            _, _, length = head.partition(b"content-length:")
            size = end + 4 + int(length.partition(b"\r\n")[0] or 0)
            if len(self.read) < size:
                return
            body, self.read = self.read[end + 4 : size], self.read[size:]
            self.answer(head, body)

    def answer(self, head: bytes, form: bytes) -> None:
        target = head.split(None, 2)[1]
        if target == b"/arrivals":
            body = json.dumps(dict(map(_arrival, self.came))).encode()
        elif target == b"/count":
            body = json.dumps({"count": len(self.came)}).encode()
        else:
            # Ours has its parameters in the address, peers have them in the body.
            self.came.append((time.monotonic(), target.partition(b"?")[2] or form))
            body = BODY % len(self.came)
        self.transport.write(HEAD % len(body) + body)


def _arrival(one: tuple[float, bytes]) -> tuple[str, float]:
    return parse_qs(one[1].decode())["to"][0], one[0]


async def main() -> None:
    secure = None
    if len(sys.argv) > 1:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(sys.argv[1])
    server = await asyncio.get_running_loop().create_server(
        Answering, "127.0.0.1", 0, ssl=secure, backlog=1000
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
