"""The wire of the door: heads of requests have a limit of size and of time."""

import asyncio
import json
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dialer.api.problems import MEDIA, TYPE, WORDS

#: The longest request line and headers together; a little above what `Door` names in words.
_LONGEST: Final = 32 * 2**10
#: A head that is not whole by then ends its connection: whoever trickles holds nothing.
_WITHIN: Final = 10.0


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for a head for ever, however long it gets."""

    _head = 0
    _timer: asyncio.TimerHandle | None = None
    _late: bool = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # It would log addresses with their queries; `Door` logs the route's template.
        self.access_log = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take data in; refuse a head that goes on and on."""
        if self._timer is not None:
            self._head += len(data)
        super().data_received(data)
        if self._timer is not None and self._head > _LONGEST:
            self._refuse("headers-too-large", f"send a head of at most {_LONGEST} bytes")

    def on_message_begin(self) -> None:
        """Begin to wait for the next head."""
        super().on_message_begin()
        if self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Have the head."""
        self._head_is_here()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse("malformed", f"{msg.rstrip('.').lower()}; send HTTP/1.1")

    def _await_head(self) -> None:
        self._head = 0
        self._timer = self.loop.call_later(_WITHIN, self._too_late)

    def _head_is_here(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        if self._head:
            detail = f"the head was not here within {_WITHIN:g} s; send it again, at once"
            self._refuse("request-timeout", detail)
        else:
            self.transport.close()

    def _refuse(self, word: str, detail: str) -> None:
        self._head_is_here()
        if self.transport.is_closing():
            return
        status, title = WORDS[word]
        problem = {"type": TYPE + word, "title": title, "status": status, "detail": detail}
        body = json.dumps({**problem, "request_id": "", "errors": []}).encode()
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: {MEDIA}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
