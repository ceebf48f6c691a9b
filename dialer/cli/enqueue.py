"""
`dialer enqueue`: hand a file of calls over.
"""

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dialer.cli import output
from dialer.cli.opening import Session, session
from dialer.cli.options import AccountName, Json
from dialer.errors import DialerError, InvalidCall
from dialer.lines import read_lines
from dialer.order import Order
from dialer.parameters import Problem
from dialer.producer import Verdict


class Intake:
    """
    Feeds a stream of lines to the producer, and keeps count.

    At most one batch of orders is in memory, whatever the length of the stream.

    Args:
        opened: Settings and store.
        account: The account of lines that name none.

    Attributes:
        counts: How many lines had each verdict.
        rehearsed: How many jobs were created that ring nobody, in developer mode.
        taken: The last line up to which everything was taken or reported.
    """

    def __init__(self, opened: Session, account: str) -> None:
        self._opened = opened
        self._account = account
        self._waiting: deque[int] = deque()
        self.counts: Counter[Verdict] = Counter()
        self.rehearsed = 0
        self.taken = 0

    def run(self, lines: Iterable[bytes], *, allow_duplicates: bool) -> None:
        """
        Take every good line, report every other.

        Raises:
            StoreRefused, StoreUnavailable: The lines up to `taken` were taken.
        """
        orders = self._orders(lines)
        producer = self._opened.producer
        for receipt in producer.enqueue_many(orders, allow_duplicates=allow_duplicates):
            self.taken = self._waiting.popleft()
            self.counts[receipt.verdict] += 1
            self.rehearsed += (receipt.verdict, receipt.mode) == (Verdict.CREATED, "developer")
            if receipt.problems:
                _report(self.taken, list(receipt.problems))

    def _orders(self, lines: Iterable[bytes]) -> Iterator[Order]:
        accounts = self._opened.settings.accounts
        allowed = {name: account.extra_params for name, account in accounts.items()}
        for number, read in read_lines(lines, account=self._account, allowed_extra=allowed):
            if isinstance(read, InvalidCall):
                self.counts[Verdict.REJECTED] += 1
                _report(number, read.problems)
            else:
                self._waiting.append(number)
                yield read


def enqueue(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE.jsonl|-", help="One call a line.")
    ],
    account: AccountName = "default",
    *,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Ring again what was asked before.")
    ] = False,
    json: Json = False,
) -> None:
    """Hand a file of calls over; bad lines are reported."""
    with session(makes_work=True) as opened:
        opened.settings.account(account)
        intake = Intake(opened, account)
        try:
            with _progress(file) as lines:
                intake.run(lines, allow_duplicates=allow_duplicates)
        except (DialerError, KeyboardInterrupt):
            output.complain(
                f"stopped: everything up to line {intake.taken} was taken; running the same"
                " command again is safe, what was taken is a duplicate then"
                if not allow_duplicates
                else f"stopped: everything up to line {intake.taken} was taken; run again with"
                " the lines after it only, because of --allow-duplicates"
            )
            raise
        finally:
            _sum_up(intake, json=json)
    if intake.counts[Verdict.CONFLICT] or intake.counts[Verdict.REJECTED]:
        raise typer.Exit(1)


@contextmanager
def _progress(stream: BinaryIO) -> Iterator[Iterable[bytes]]:
    if not sys.stderr.isatty() or not stream.seekable():
        yield stream
        return
    size = stream.seek(0, 2)
    stream.seek(0)
    columns = TextColumn("enqueue"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("enqueue", total=size)

        def counted() -> Iterator[bytes]:
            for line in stream:
                bar.advance(task, len(line))
                yield line

        yield counted()


def _report(line: int, problems: list[Problem]) -> None:
    for field, rule in problems:
        what = "" if field == "line" else f"{field}: "
        output.complain(f"line {line}: {what}{rule}")


def _sum_up(intake: Intake, *, json: bool) -> None:
    said = {str(verdict): intake.counts[verdict] for verdict in Verdict}
    if json:
        output.emit(said)
        return
    output.say(", ".join(f"{count} {name}" for name, count in said.items()))
    if intake.rehearsed:
        are = output.agreeing(intake.rehearsed, "is", "are")
        output.say(
            f"note: {output.counted(intake.rehearsed, 'call')} of these {are} in developer mode:"
            " the API will ring nobody"
        )
