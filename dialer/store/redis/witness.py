"""
Witness: one process's memory of the store's clock, epoch and progress.

A server cannot know that its own clock stepped or that its data were swapped: it wakes up
with what it has. A process that was there before can tell, so each brings what it knows along
with every script (`Witness.ask`), and compares every reply (`Witness.hear`).
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dialer.domain.fleet import CLOCK_TOLERANCE
from dialer.machine.clock import Clock
from dialer.store.redis.notation import micros

#: Between two replies a clock may gain or lose so much before it counts as a step: more than
#: clocks that are being slewed do, less than a meter should give away.
_NOTICED = timedelta(milliseconds=250)
#: By how much the wall clock of this machine may stray from its steady one and not have stepped.
_STEADY = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Seen:
    """
    The store's word on itself with one reply.

    Attributes:
        now: Its clock, us since 1970, as the script ran.
        era: The id of its epoch; "" where it has none.
        seq: The number of its last transition.
        went_back: Whether its clock is behind what the store remembers of it.
        forgotten: Whether the caller knew of another epoch, or of more moves.
    """

    now: int
    era: str
    seq: int
    went_back: bool
    forgotten: bool

    @classmethod
    def read(cls, words: Sequence[str | int]) -> "Seen":
        """Read the words that `scripts` puts beside every reply."""
        now, era, seq, back, forgotten = map(str, words)
        return cls(int(now), era, int(seq), back == "1", forgotten == "1")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A process's word on itself with a script.

    Attributes:
        caller: For the script, as `prologue.lua` reads it.
        at: Its steady clock, us.
    """

    caller: Mapping[str, object]
    at: int


@dataclass(frozen=True, slots=True)
class Noticed:
    """
    Doubt in the store that `notice.lua` writes down for all.

    Attributes:
        by: How far the clock stepped between two replies, zero for not.
        before: What it said in the earlier one, us.
        set_right: The store's clock stepped alone, and agrees with this machine's since then.
    """

    by: timedelta
    before: int
    set_right: bool

    def ask(self) -> dict[str, object]:
        """Arguments of `notice.lua`."""
        by = micros(self.by)
        return {"by_us": by, "before_us": self.before, "set_right": self.set_right}


#: What a script is told for which nothing was noticed: it looks for itself.
NOTHING_NOTICED = Noticed(timedelta(0), before=0, set_right=False)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A reply: the store's time in it, and this machine's as it was asked for and read; us."""

    store: int
    wall: int
    sent: int
    read: int


class Witness:
    """
    Memory of one process; its methods may run in many threads.

    Attributes:
        clock: The clocks of this machine.
        seq: The highest transition number that was seen in this epoch of the store.
        era: The id of that epoch; "" before any was seen.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.seq = 0
        self.era = ""
        self._anchor: _Anchor | None = None
        self._stepped: _Anchor | None = None
        self._agreed: _Anchor | None = None
        self._lock = threading.Lock()

    def ask(self) -> Asked:
        """Knowledge of this process for a script that is sent now."""
        with self._lock:
            wall, steady = self._moment()
            anchor = self._anchor
            expected = anchor.store + steady - anchor.read if anchor else 0
            tolerance = micros(CLOCK_TOLERANCE)
            caller = {"wall": wall, "expected": expected, "tolerance": tolerance}
            return Asked({**caller, "seq": self.seq, "era": self.era}, steady)

    def hear(self, seen: Seen, asked: Asked) -> Noticed | None:
        """
        Compare a reply that was read just now, and what was asked, with what was seen before.

        Returns:
            What has to be written down; None where all is as it must be.
        """
        with self._lock:
            self._remember(seen, asked)
            wall, steady = self._moment()
            before, now = self._anchor, _Anchor(seen.now, wall, asked.at, steady)
            by = _step(before, now) if before else 0
            right = by != 0 and self._agreed is not None and _set_right(self._agreed, before, now)
            if by:
                # Until it is written down every script must find that the clock is in doubt.
                self._stepped = now
            elif before is None or now.read >= before.read:
                self._follow(now)
        if not by and not seen.forgotten and not seen.went_back:
            return None
        return Noticed(timedelta(microseconds=by), before.store if before else 0, right)

    def written_down(self) -> None:
        """Go on from the last step that was heard: the store knows of it."""
        with self._lock:
            if self._stepped is not None:
                self._follow(self._stepped)

    def _follow(self, anchor: _Anchor) -> None:
        self._anchor, self._stepped = anchor, None
        if _agree(anchor):
            self._agreed = anchor

    def _moment(self) -> tuple[int, int]:
        """This machine's clocks: the wall, and the one that never steps; us."""
        wall = int(self.clock.now().timestamp() * 1_000_000)
        return wall, int(self.clock.boottime() * 1_000_000)

    def _remember(self, seen: Seen, asked: Asked) -> None:
        if seen.forgotten:
            # What was seen stays seen, until a person joins the two lives (`Epochs.renew`).
            return
        if seen.era == self.era:
            self.seq = max(self.seq, seen.seq)
        elif asked.caller["era"] == self.era:
            # The store has compared the two: it is the first life, or one that was joined to it.
            self.era, self.seq = seen.era, seen.seq


def _step(before: _Anchor, now: _Anchor) -> int:
    """
    Surplus of the store's clock over the time that can have passed; negative for a lack.

    Each script ran at some instant between its sending and the reading of its reply.
    """
    moved = now.store - before.store
    least, most = now.sent - before.read, now.read - before.sent
    slack = micros(_NOTICED)
    if moved > most + slack:
        return moved - most
    if moved < least - slack:
        return moved - least
    return 0


def _agree(anchor: _Anchor) -> bool:
    return abs(anchor.wall - anchor.store) <= micros(CLOCK_TOLERANCE)


def _set_right(agreed: _Anchor, before: _Anchor | None, now: _Anchor) -> bool:
    """
    Whether the store's clock, which had strayed, agrees again with this machine's.

    This machine's wall clock must have gone on steadily since the two last agreed: else both
    may be wrong now, in the same way.
    """
    strayed = (now.wall - agreed.wall) - (now.read - agreed.read)
    steady = abs(strayed) < micros(_STEADY)
    return steady and before is not None and not _agree(before) and _agree(now)
