"""Migration: a store of the layout before, carried over in bounded steps."""

from collections.abc import Iterator, Mapping, Sequence

from dialer.errors import StoreRefused
from dialer.store.redis.notation import stamp
from dialer.store.redis.record import DIGEST, LETTERS, short_content
from dialer.store.redis.schema import BEFORE, HALFWAY, LAYOUT
from dialer.store.redis.server import Noun
from dialer.text.plural import agreeing, counted

#: Keys that one step looks at.
_PAGE = 100


class Migration(Noun):
    """
    Carry a store of layout `BEFORE` over to `LAYOUT`.

    Each step is atomic and repeatable: killed anywhere and begun anew it loses nothing. Until it
    is over no version but this opens the data, and this for nothing else.
    """

    def carry(self) -> Iterator[int]:
        """
        Yield how many jobs each step carried.

        Raises:
            StoreRefused: The data has another layout, or workers live; nothing was changed.
            StoreUnavailable: Do it again.
        """
        layout = self._client.get(self._keys.layout)
        if layout not in (BEFORE, HALFWAY):
            raise StoreRefused(f"the data has layout {layout}: it is not carried from there")
        self._refuse_workers()
        self._carry(layout=HALFWAY)
        # What one look may have missed the next one finds; the last finds nothing.
        while True:
            found = 0
            for carried in self._steps():
                found += carried
                yield carried
            if not found:
                break
        self._carry(gone=["in:ready"], layout=LAYOUT)

    def _carry(
        self,
        jobs: Sequence[Mapping[str, str]] = (),
        gone: Sequence[str] = (),
        layout: str = "",
    ) -> int:
        ask = {"jobs": jobs, "gone": gone, "layout": layout, "digest": DIGEST}
        return int(self._server.run("carry", ask)[0])

    def _refuse_workers(self) -> None:
        now = stamp(self._server.time())
        live = int(self._client.zcount(self._keys.capacity, now, "+inf"))
        if live:
            raise StoreRefused(
                f"{counted(live, 'worker')} of the version before {agreeing(live, 'is', 'are')}"
                " heard: stop all workers, beat and whatever else uses the store, and run"
                " dialer migrate again"
            )

    def _steps(self) -> Iterator[int]:
        prefix, cursor = self._keys.prefix, 0
        while True:
            cursor, found = self._client.scan(cursor, match=f"{prefix}*", count=_PAGE)
            names = sorted(key.removeprefix(prefix) for key in found)
            jobs, gone = self._jobs(names), self._gone(names)
            if jobs or gone:
                yield self._carry(jobs, gone)
            if not int(cursor):
                return

    def _jobs(self, names: list[str]) -> list[dict[str, str]]:
        """Jobs among some keys that are written as before, as `carry.lua` reads them."""
        ids = [name.removeprefix("job:") for name in names if name.startswith("job:")]
        fields = ("state", "content", "was", "digest", LETTERS["state"])
        found = self._for_each("hmget", map(self._keys.job, ids), *fields, damaged=True)
        return [
            {"id": job_id, "was": record[1] or "", "call": short_content(record[1] or "")}
            for job_id, record in zip(ids, found, strict=True)
            if isinstance(record, list)
            if (record[0] and not record[4]) or (record[2] and record[3] is not None)
        ]

    def _gone(self, names: list[str]) -> list[str]:
        """Keys among some that this layout has not: sets by number, and unanswered doorbells."""
        old = [name for name in names if name.startswith("of:")]
        kinds = self._for_each("type", [self._keys.prefix + name for name in old])
        sets = [name for name, kind in zip(old, kinds, strict=True) if kind == "set"]
        return sets + [name for name in names if name.startswith("bells:")]
