"""Holds as they are shown."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dialer.cli import output
from dialer.cli.views.listing import Column, Listing, Look, written
from dialer.domain.holds.hold import Hold, HoldEvent
from dialer.domain.holds.owners import MACHINES
from dialer.domain.holds.words import named, release, release_command, set_by
from dialer.services.operations.holds import HoldChange
from dialer.text.masking import mask as mask_words
from dialer.text.moment import rough
from dialer.text.plural import counted

_WHOM = (
    "a hold on an agent, a group or a number stops every call that rings them, also beside others"
    " and whatever is asked of their login, through every account of the same user id"
)

HOLDS: Listing[Hold] = Listing(
    (
        Column("scope", head="what", cell=lambda hold, _: named(hold.scope)),
        Column("owner", head="owner"),
        written("who", "set by"),
        Column("", lambda hold, look: look.age(hold.since), "for"),
        written("reason", "reason", fold=True),
        Column("since"),
    )
)
EVENTS: Listing[HoldEvent] = Listing(
    (
        Column("at", head="when", cell=lambda event, look: look.at(event.at)),
        Column("verb", head="what"),
        Column("scope", head="of", cell=lambda event, _: named(event.scope)),
        Column("owner", head="owner"),
        written("who", "by"),
        written("reason", "reason", fold=True),
    )
)


def fields(holds: Sequence[Hold], look: Look) -> list[dict[str, Any]]:
    """List the fields of holds for a program."""
    return [HOLDS.fields(hold, look) for hold in holds]


def ending(hold: Hold) -> str:
    """Write the end of a hold: the command, and before a machine's another step."""
    return f"{'what to do' if hold.owner in MACHINES else 'to release'}: {release(hold)}"


def show_holds(holds: Sequence[Hold], look: Look) -> None:
    """List holds, for people with how each ends."""
    HOLDS.show(holds, look)
    if look.json:
        return
    output.say(counted(len(holds), "hold") + "." + ("" if holds else " Nothing is stopped."))
    _tell_whom(*(hold.scope for hold in holds))
    for hold in holds:
        output.say(ending(hold))


def show_history(events: Sequence[HoldEvent], look: Look) -> None:
    """List events of holds."""
    EVENTS.show(events, look)
    if not look.json:
        output.say(counted(len(events), "event") + ".")


def tell_held(held: HoldChange, wire: timedelta) -> None:
    """Print a new hold, and how it ends; calls on the wire last *wire* at most."""
    what = named(held.scope)
    output.say(f"{what} is held: no new call starts; calls on the wire end within {rough(wire)}")
    _tell_whom(held.scope)
    for hold in held.rest:
        output.say(f"also held by {_why(hold)}")
    output.say(f"to release: {release_command(held.scope, held.owner)}")


def tell_released(released: HoldChange) -> None:
    """Print the holds that were taken off, and those that are left."""
    what, owner = named(released.scope), released.owner
    for hold in released.taken:
        output.say(f"no longer held by {_why(hold)}")
    if not released.done:
        output.complain(f"{owner} has no hold on {what}; nothing was changed")
    if released.rest:
        output.say(f"{what} is still held:")
        for hold in released.rest:
            output.say(mask_words(f"  {named(hold.scope)} by ") + _why(hold))
            output.say(f"  {ending(hold)}")
    elif released.done:
        output.say(f"{what} goes on")
        if owner in MACHINES and MACHINES[owner].again:
            output.say(f"it is held again by {MACHINES[owner].again}")


def _why(hold: Hold) -> str:
    return mask_words(f"{set_by(hold)}: {hold.reason}")


def _tell_whom(*scopes: str) -> None:
    if any(scope.startswith("pool:") for scope in scopes):
        output.say(_WHOM)
