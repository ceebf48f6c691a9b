"""The demo's last page: a table of endings, rings, their meaning, and the next step."""

from collections import Counter

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from dialer.local.demo.script import SCENES
from dialer.local.demo.verdict import DemoVerdict, Ending
from dialer.text.printable import printable

_MEANS = {
    Ending.AT_ONCE: "accepted by the API, its call id is known",
    Ending.RETRIED: "the API failed before any ring; tried again",
    Ending.WAITED: "no agent, too fast, or held: no try was used",
    Ending.REFUSED: "would be refused each time\n→ dialer dead list",
    Ending.EXHAUSTED: "the API failed at every try\n→ dialer dead redrive --code 1501",
    Ending.DOUBTFUL: "may have rung: only a person may decide\n→ dialer unconfirmed list",
    Ending.CUT_OFF: "no machine rings them again either\n→ dialer unconfirmed list",
    Ending.SKIPPED: "barred after they were enqueued\n→ dialer suppress list",
}


def show(console: Console, verdict: DemoVerdict, *, repeated: Counter[str], cut: int) -> None:
    """Print the table and the sentences below it; *repeated* counts the second enqueueing."""
    console.print(_table(verdict))
    rung = verdict.rang[Ending.CUT_OFF]
    lines = [
        f"same file again: {repeated['created']} created, {repeated['duplicate']} known already",
        f"killed with {cut} requests open: {verdict.jobs[Ending.CUT_OFF]} unconfirmed, {rung} rang",
        _sums(verdict),
        *(f"WRONG  {complaint}" for complaint in verdict.complaints),
    ]
    for line in lines:
        console.print(printable(line), markup=False, soft_wrap=True)
    if verdict.ok:
        console.print(
            f"The sandbox's ledger of {verdict.requests} requests confirms it:"
            f" {verdict.twice} rung twice, {verdict.lost} lost.",
            style="bold green",
            soft_wrap=True,
        )
    else:
        console.print("The sandbox's ledger does not confirm this.", style="bold red")


def _table(verdict: DemoVerdict) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("what happened", no_wrap=True)
    table.add_column("jobs", justify="right", no_wrap=True)
    table.add_column("rang", justify="right", no_wrap=True)
    table.add_column("what it means → what to do next")
    for ending, means in _MEANS.items():
        table.add_row(str(ending), str(verdict.jobs[ending]), str(verdict.rang[ending]), means)
    table.add_section()
    table.add_row("rung twice", str(verdict.twice), "", "must be 0, by the sandbox's ledger")
    table.add_row("lost", str(verdict.lost), "", "must be 0: each accepted job has one end")
    return table


def _sums(verdict: DemoVerdict) -> str:
    jobs = verdict.jobs
    placed = jobs[Ending.AT_ONCE] + jobs[Ending.RETRIED] + jobs[Ending.WAITED]
    dead = jobs[Ending.REFUSED] + jobs[Ending.EXHAUSTED]
    doubt = jobs[Ending.DOUBTFUL] + jobs[Ending.CUT_OFF]
    total = sum(scene.calls for scene in SCENES)
    return (
        f"{total} calls: {placed} placed ({jobs[Ending.RETRIED]} of them retried), {dead} dead,"
        f" {doubt} unconfirmed, {jobs[Ending.SKIPPED]} skipped"
    )
