"""The do-not-call lists as they are shown."""

from collections.abc import Iterable

from dialer.cli import output
from dialer.cli.views.listing import Column, Listing, Look, written
from dialer.domain.call.customer import Suppressed
from dialer.lists import NumberList
from dialer.services.operations.suppression import Import, Lookup
from dialer.text.masking import mask as mask_words
from dialer.text.plural import agreeing, counted
from dialer.text.reading import quoted

ENTRIES: Listing[Suppressed] = Listing(
    (
        Column("number", lambda entry, look: look.number(entry.number), "number"),
        Column("account"),
        Column("", lambda entry, look: look.at(entry.since), "since"),
        written("who", "who"),
        written("reason", "reason"),
        Column("since"),
        Column("expires"),
    )
)


def show_entries(entries: Iterable[Suppressed], look: Look) -> None:
    """List a do-not-call list, for people the latest first."""
    if not look.json:
        entries = sorted(entries, key=lambda one: str(one.since), reverse=True)
    many = ENTRIES.show(entries, look)
    if not look.json and not look.reveal:  # a list with its numbers is kept, and imported again
        output.say(f"{counted(many, 'number')}. Is one on it? dialer suppress check NUMBER")


def tell_lookup(found: Lookup, look: Look) -> None:
    """Print whether one number is on a list."""
    number = look.number(found.number)
    if look.json:
        entries = [ENTRIES.fields(entry, look) for entry in found.entries]
        output.emit({"number": number, "suppressed": bool(entries), "entries": entries})
        return
    for entry in found.entries:
        since = f" since {look.at(entry.since)}" if entry.since else ""
        since += f" until {look.at(entry.expires)}" if entry.expires else ""
        scope = f"account {entry.account}" if entry.account else "every account"
        output.say(f"{number} is on the do-not-call list of {scope}{since} ({_by(entry, look)})")
    if not found.entries:
        output.say(f"{number} is not on the do-not-call list")
    if gone := found.released:
        when = look.at(gone.since) or "an unknown moment"
        whose = f"that of account {gone.account}" if gone.account else "everybody's"
        output.say(f"it was taken off {whose} at {when} by {_by(gone, look)}")


def tell_import(rows: NumberList, done: Import) -> None:
    """Print the counts of an import, and the columns that were read."""
    if rows.columns:
        which = agreeing(len(rows.columns), "column", "columns")
        output.say(f"numbers were read from {which} {', '.join(map(mask_words, rows.columns))}")
    for column in map(mask_words, rows.left_out):
        output.say(
            f"column {column} was not read though it holds numbers:"
            f" to add them, import it again with --column {quoted(column)}"
        )
    output.say(f"{done.added} added, {known(done.listed)}, {done.rejected} rejected")


def known(count: int) -> str:
    """Write how many numbers were on a list before."""
    return f"{count} {agreeing(count, 'was', 'were')} on the list before"


def _by(entry: Suppressed, look: Look) -> str:
    return look.words(f"{entry.who}: {entry.reason}")
