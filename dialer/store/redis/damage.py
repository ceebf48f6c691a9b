"""
Damage: keys that were deleted, retyped or garbled by hand; found, named, and rebuilt.

The records of jobs and campaigns are the truth. Indexes and books are made from them
again; what cannot be made again is named, and stops what needs it until a person has
seen to it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from dialer.domain.server import Damaged
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.schema import types
from dialer.store.redis.server import Noun, Server

#: Keys, members and notes that one step looks at.
_PAGE = 100
#: In place of a campaign: the ready jobs of each account.
_READY = ""


class Damage(Noun):
    """
    Search through all data in bounded steps.

    Any step may be the last: what was mended stays so, and a second look finds the rest.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._counts = defaultdict[str, Counter[str]](Counter)

    def look(self, *, mend: bool = False) -> Iterator[Damaged]:
        """
        Yield what is damaged, each thing once.

        Args:
            mend: Make indexes and books anew from the records. Nothing is to be dialled
                meanwhile; what moves all the same is right in the end, but not counted.

        Raises:
            StoreUnavailable, StoreRefused: Look again; what was mended stays mended.
        """
        seen = set()
        for found in self._look(mend=mend):
            if (found.name, found.why) not in seen:
                seen.add((found.name, found.why))
                yield found

    def _look(self, *, mend: bool) -> Iterator[Damaged]:
        # What is mended may be what kept another thing from being looked at.
        for _ in range(2 if mend else 1):
            self._counts.clear()
            # The notes first: mending writes down anew what stays.
            yield from self._pages("notes", "", mend=mend)
            before = Epochs(self._server).read().seq
            # Also where no job is ready.
            self._counts[_READY] = Counter()
            yield from self._pages("keys", "", mend=mend)
        for campaign, counted in self._counts.items():
            name = "ready" if campaign == _READY else f"camp:{campaign}"
            ask = {"campaign": campaign, "seq": before, "mend": mend, "counts": counted}
            for field in sorted(self._server.run("recount", ask)):
                yield Damaged(name, f"{field} is not what its jobs are", mend)

    def _pages(self, mode: str, index: str, *, mend: bool) -> Iterator[Damaged]:
        cursor = "0"
        ask = {"mode": mode, "most": _PAGE, "mend": mend, "index": index, "types": types()}
        while True:
            more = []
            cursor, *rows = self._server.run("inspect", {**ask, "cursor": cursor})
            for row in rows:
                kind, *words = row.split("\t")
                if kind == "bad":
                    yield Damaged(words[0], words[1], words[2] == "1")
                elif kind == "more":
                    more.append(words[0])
                else:
                    self._counts[words[0]][words[1]] += int(words[2])
            for name in more:
                yield from self._pages("members", name, mend=mend)
            if cursor == "0":
                return
