"""The server: how scripts are run on Redis, and its clock and memory."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from dialer.domain.holds.owners import WITNESS
from dialer.errors import StoreFull
from dialer.store.redis import event_log
from dialer.store.redis.connection import Client
from dialer.store.redis.failures import Translating, translated
from dialer.store.redis.keys import Keys
from dialer.store.redis.notation import moment
from dialer.store.redis.scripts import Flight, Scripts
from dialer.store.redis.sentinel import takeover_of
from dialer.store.redis.witness import Asked, Noticed, Seen, Witness

log = logging.getLogger("dialer.store")

#: Arguments of a script that has none.
_NONE: Mapping[str, object] = {}
#: What `notice.lua` did about a step, for the log.
_NOTICED = {
    "lived through": "lived through",
    "healed": "what was stamped in the future is brought back to now",
    "held": "everything is held until it is right again, or a person says that it is right",
    "stranger": "it is not the clock of this machine, which dials and ends nothing",
}


class Server:
    """
    One Redis that holds the truth, with its scripts.

    Args:
        client: A connection that decodes replies to text.
        clock: Another Lua clock for tests.
        shebang: Whether the server understands the `#!lua` line of scripts.
        fullness: Stands in for the server's own word on its memory.
        full_at: Share of `maxmemory` from which news is refused.
        sleep: Waits so many seconds.

    Attributes:
        fullness: Asks for the used share of `maxmemory`.
        witness: This process's memory of the store.
    """

    def __init__(
        self,
        client: Client,
        *,
        clock: str | None = None,
        shebang: bool = True,
        fullness: Callable[[], float] | None = None,
        full_at: float = 0.8,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self.fullness = fullness or (lambda: _memory_share(client))
        self._full_at = full_at
        self.keys = Keys()
        self.client = client
        self.witness = Witness()
        self._noticed = ""
        self._takeover = takeover_of(client)
        if self._takeover:
            self._takeover.witnessed = lambda: self.witness.seq
        self._scripts = Scripts(client, prefix=self.keys.prefix, clock=clock, shebang=shebang)

    def run(self, script: str, ask: Mapping[str, object] = _NONE, *, token: str = "") -> list[str]:
        """
        Run a script, at once or after a few quick repeats of a lost connection.

        Every script is idempotent, so a repeat after a lost reply is safe, and one of
        `scripts.ANSWERED` is answered alike.

        Args:
            script: Which.
            ask: Its arguments by the names in its head; what is stored as it comes is text.
            token: Names the call; a new one unless given.

        Raises:
            StoreUnavailable: The server did not answer; it may have run the script.
            StoreRefused: The server is full or not usable; nothing was changed.
        """
        self._doubt(script)
        reply, noticed = self._run_once(script, ask, token=token)
        if noticed:
            self._write_down(noticed)
        # The master may have changed meanwhile; what it granted then must not be used.
        self._doubt(script)
        return reply

    def run_each(
        self, script: str, asks: Iterable[Mapping[str, object]], *, ahead: int = 0
    ) -> Iterator[list[str]]:
        """
        Run a script of `scripts.ANSWERED` for each of *asks*, in order, as `run`.

        What *asks* raises comes after the replies to all that it gave before.

        Args:
            script: Which.
            asks: Read lazily.
            ahead: How many are sent before the reply to an earlier one is read. One whose reply
                does not come is sent again by itself, and so are those behind it, before any new
                one. None behind Sentinel, where each reply is
                looked at before the next is sent.
        """
        many, broken = iter(asks), None
        sent: deque[tuple[Mapping[str, object], str, Asked]] = deque()
        with self._scripts.flight(script) as flight:
            while not broken:
                try:
                    ask = next(many, None)
                except BaseException as error:  # noqa: BLE001 - raised again behind the replies
                    broken, ask = error, None
                if ask is None:
                    break
                if not ahead or self._takeover:
                    yield self.run(script, ask)
                    continue
                token, asked = uuid4().hex, self.witness.ask()
                sent.append((ask, token, asked))
                flight.send(ask, asked.caller, token)
                while len(sent) > ahead or (sent and flight.lost):
                    yield self._landed(script, flight, *sent.popleft())
            while sent:
                yield self._landed(script, flight, *sent.popleft())
        if broken:
            raise broken

    def _landed(
        self, script: str, flight: Flight, ask: Mapping[str, object], token: str, asked: Asked
    ) -> list[str]:
        """Read the next reply in flight, or ask again for it."""
        answer = flight.read()
        if answer is None:
            return self.run(script, ask, token=token)
        reply, told, seen = answer
        noticed = self.witness.hear(Seen.read(seen), asked)
        event_log.write(told)
        if noticed:
            self._write_down(noticed)
        return reply

    def _write_down(self, noticed: Noticed) -> None:
        """Let the store stop or heal what follows; logged once, as long as it lasts."""
        (word, by), _ = self._run_once("notice", noticed.ask())
        self.witness.written_down()
        if word == self._noticed:
            return
        self._noticed = word
        if word == "forgotten":
            log.warning("the store has forgotten what it acknowledged; everything is held")
        elif word != "nothing":
            step = timedelta(microseconds=abs(int(by)))
            went = f"went {'back' if int(by) < 0 else 'on'} by {step}" if step else "is in doubt"
            log.warning("the store's clock %s: %s", went, _NOTICED[word])

    def _run_once(
        self, script: str, ask: Mapping[str, object], *, token: str = ""
    ) -> tuple[list[str], Noticed | None]:
        asked = self.witness.ask()
        with translated(), self._takeover.timed() if self._takeover else nullcontext():
            reply, told, seen = self._scripts.run(script, ask, asked.caller, token=token)
        noticed = self.witness.hear(Seen.read(seen), asked)
        # Outside of what is timed: a slow log is no slow master.
        event_log.write(told)
        return reply, noticed

    def _doubt(self, script: str) -> None:
        """Stop everything where a new master has forgotten something; none begins on it at once."""
        if not self._takeover:
            return
        if reason := self._takeover.forgotten():
            hold = {"verb": "set", "scope": "all", "owner": WITNESS, "who": WITNESS}
            self._run_once("hold", {**hold, "reason": reason})
            self._takeover.told()
        if script == "begin":
            self._takeover.check()

    def refuse_when_full(self, what: str, then: str) -> None:
        """
        Refuse news of a kind on a server that fills up; the rest is for what already happened.

        Raises:
            StoreRefused: It is fuller than `full_at`; the text says what to do and *then*.
        """
        share = self.fullness()
        if share >= self._full_at:
            raise StoreFull(
                f"Redis is {share:.0%} full; new {what} are refused from {self._full_at:.0%} on:"
                f" make room or raise maxmemory, then {then}"
            )

    def wake_pacer(self) -> None:
        """Wake one sleeping pacer."""
        with translated():
            self.client.rpush(self.keys.wake, "1")
            self.client.ltrim(self.keys.wake, 0, 0)

    def watch(self, fit: Callable[[], None]) -> None:
        """Have *fit* refuse each master that takes over, before a call begins on it."""
        if self._takeover:
            self._takeover.fit = fit

    def time(self) -> datetime:
        """
        Time of the server, on whose clock alone all processes agree.

        Raises:
            StoreUnavailable: It did not answer.
        """
        with translated():
            seconds, micro = self.client.time()
        return moment(seconds * 1_000_000 + micro)

    def await_leaving(self) -> None:
        """
        Wait until no call that has been granted can still leave, so that a stop is true.

        At most `pacer.lookahead` and `wire.start_by`, and not at all where none was granted
        lately. Whose call it is does not matter: to know that takes longer than to wait.

        Raises:
            StoreUnavailable: The server did not answer; the stop itself is written down.
        """
        (left,) = self.run("leaving")
        if int(left):
            self._sleep(int(left) / 1_000_000)

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


class Noun:
    """View of one noun of the store."""

    def __init__(self, server: Server) -> None:
        self._server, self._keys = server, server.keys
        self._client: Client = Translating(server.client)

    def _for_each(
        self,
        command: str,
        keys: Iterable[str],
        *args: object,
        damaged: bool = False,
        **options: object,
    ) -> list[Any]:
        """One reply to *command* a key, in one round trip; for a *damaged* one its error."""
        with translated(), self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                getattr(pipe, command)(key, *args, **options)
            replies: list[Any] = pipe.execute(raise_on_error=not damaged)
        return replies


def _memory_share(client: Client) -> float:
    """Used share of `maxmemory`, 0.0 where there is no limit."""
    with translated():
        info = client.info("memory")
    limit = int(info.get("maxmemory", 0))
    return int(info["used_memory"]) / limit if limit else 0.0
