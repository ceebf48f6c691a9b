"""`dialer enqueue`: hand a file of calls over."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import AccountName, Json
from dialer.cli.session import Session, session
from dialer.cli.source import Watch, open_list, progress
from dialer.domain.job.order import Order
from dialer.domain.job.receipt import Receipt, Verdict
from dialer.errors import DialerError, InvalidCall
from dialer.lists import Lines, read_calls, read_orders
from dialer.text.masking import mask
from dialer.text.plural import agreeing, counted

_EVERY = 1000


@dataclass
class LineTally:
    """
    Counts of the lines of a file.

    Attributes:
        counts: Lines by verdict.
        rehearsed: Jobs that ring nobody, in developer mode.
        keyless: Duplicates that had no key but their content.
        taken: The last line up to which everything was taken or reported.
        waiting: Lines behind it that were read; whether the store has them is not known.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    rehearsed: int = 0
    keyless: int = 0
    taken: int = 0
    waiting: deque[int] = field(default_factory=deque)

    def note(self, receipt: Receipt) -> None:
        """Count the receipt of the line that has waited longest, and report its problems."""
        self.taken = line = self.waiting.popleft()
        self.counts[receipt.verdict] += 1
        self.rehearsed += (receipt.verdict, receipt.mode) == (Verdict.CREATED, "developer")
        self.keyless += receipt.by_content and receipt.verdict is Verdict.DUPLICATE
        for name, rule in receipt.problems:
            what = "" if name == "line" else f"{name}: "
            output.complain(f"line {line}: {what}{mask(rule)}")

    def how_far(self, *, anew: bool) -> str:
        """Say of a file that was not read to its end what was taken, and what to do."""
        said = f"everything up to line {self.taken} was taken"
        behind = f", and of the lines up to {self.waiting[-1]} some may be" if self.waiting else ""
        if not anew:
            step = "running the same command again is safe, what was taken is a duplicate then"
        elif self.waiting:
            step = "look for those (dialer jobs) and run again without what was taken, because of"
            step += " --allow-duplicates"
        else:
            step = "run again with the lines after it only, because of --allow-duplicates"
        return f"{said}{behind}; {step}"


def enqueue(
    file: Annotated[str, typer.Argument(metavar="FILE.jsonl|-", help="One call a line.")],
    account: AccountName = "default",
    *,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Ring again what was asked before.")
    ] = False,
    json: Json = False,
) -> None:
    """Hand a file of calls over; bad lines are reported."""
    with session(makes_work=True) as opened, open_list(file) as source:
        opened.settings.account(account)
        tally, lines = LineTally(), read_calls(source)
        try:
            with progress("enqueue", source) as watch:
                _take(tally, opened, lines, account, watch, anew=allow_duplicates)
        except (DialerError, KeyboardInterrupt):
            output.complain(f"stopped: {tally.how_far(anew=allow_duplicates)}")
            raise
        finally:
            _sum_up(tally, json=json)
    if tally.counts[Verdict.CONFLICT] or tally.counts[Verdict.REJECTED]:
        raise typer.Exit(1)


def _take(
    tally: LineTally,
    opened: Session,
    lines: Lines,
    account: str,
    watch: Watch | None,
    *,
    anew: bool,
) -> None:
    """Take every good line, report every other; a few batches of them are in memory."""

    def orders() -> Iterator[Order | InvalidCall]:
        allowed = opened.allowed_extra
        for number, read in read_orders(lines, account=account, allowed_extra=allowed):
            if watch and number % _EVERY == 0:
                watch(number, lines.taken)
            tally.waiting.append(number)
            yield read

    for receipt in opened.enqueue_many(orders(), allow_duplicates=anew):
        tally.note(receipt)


def _sum_up(tally: LineTally, *, json: bool) -> None:
    said = {str(verdict): tally.counts[verdict] for verdict in Verdict}
    if json:
        output.emit(said)
        return
    output.say(", ".join(f"{count} {name}" for name, count in said.items()))
    if tally.rehearsed:
        are = agreeing(tally.rehearsed, "is", "are")
        output.say(
            f"note: {counted(tally.rehearsed, 'call')} of these {are} in developer mode:"
            " the API will ring nobody"
        )
    if tally.keyless:
        have = agreeing(tally.keyless, "duplicate has", "duplicates have")
        output.complain(
            f"note: {tally.keyless} {have} no key: the same content was handed over before"
        )
