"""The calls of one doorbell, and what became of them."""

import threading
from collections import Counter

#: What Flower shows for each verb of a settlement.
_WORDS = {
    "placed": "placed",
    "retry": "retried",
    "defer": "deferred",
    "hold": "held",
    "bury": "dead",
    "doubt": "unconfirmed",
    "take_back": "taken back",
    "": "too late",
}


class Batch:
    """Counts calls as they begin and end; any thread may tell it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._begun = 0
        self._ended: Counter[str] = Counter()

    @property
    def begun(self) -> int:
        """How many have begun."""
        return self._begun

    @property
    def all_sent(self) -> bool:
        """Whether none was given back yet."""
        return not self._ended[_WORDS["take_back"]]

    def begin(self) -> None:
        """Count a call that begins."""
        with self._changed:
            self._begun += 1

    def end(self, verb: str) -> None:
        """Count one that has ended, "" where its job was another's by then."""
        with self._changed:
            self._ended[_WORDS[verb]] += 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until all have ended, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended.total() >= self._begun, seconds)

    def __str__(self) -> str:
        """Say what became of them: "placed 12, retried 1", "placed 9, 3 on the wire"."""
        with self._changed:
            open_ones = self._begun - self._ended.total()
            told = [f"{word} {self._ended[word]}" for word in _WORDS.values() if self._ended[word]]
        return ", ".join([*told, *([f"{open_ones} on the wire"] if open_ones else [])])
