"""Work that is handed in: calls, contacts and messages, how many a second, and their bytes."""

from collections.abc import Iterator

from stage import AGENT, calls, stage
from systems import System


def enqueue(system: System, lines: int) -> dict[str, float]:
    """
    Hand calls over: `dialer enqueue` of a file, or a peer's own function.

    Returns:
        `lines_per_second`, `line_us` of CPU: ours with the start of the program, a peer's without;
        `line_bytes`.
    """
    with stage(system) as one:
        one.enqueue(1)  # what a server keeps once, as scripts, is no job's
        before = one.memory()
        if system.ours:
            took, used = one.dialer("enqueue", str(one.write(calls(lines))))
        else:
            took, used = one.peer(f"enqueue({lines})")
        size = (one.memory() - before) / lines
    return {"lines_per_second": lines / took, "line_us": 1e6 * used / lines, "line_bytes": size}


def contacts(system: System, rows: int) -> dict[str, float]:
    """
    Import a list into a campaign.

    Returns:
        `rows_per_second` and `row_us` of CPU with the start of the program, `contact_bytes`.
    """
    with stage(system) as one:
        given = ("--set", f"from={AGENT}", "--column", "to=phone")
        one.dialer("campaign", "create", "bench", *given)
        file, before = one.write(_list(rows), "contacts.csv"), one.memory()
        took, used = one.dialer("campaign", "import", "bench", str(file))
        size = (one.memory() - before) / rows
    return {"rows_per_second": rows / took, "row_us": 1e6 * used / rows, "contact_bytes": size}


def _list(rows: int) -> Iterator[str]:
    yield "phone\n"
    for nth in range(rows):
        yield f"91{nth:08d}\n"
