"""
`dialer campaign forget`: make room once a campaign is over.
"""

from dialer.bootstrap import feeder_of
from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.campaign.sight import look
from dialer.cli.opening import session, who_runs
from dialer.cli.options import Json, Who


def forget(name: Name, who: Who = "", *, json: Json = False) -> None:
    """Forget the list of a campaign that was cancelled or has ended; its counts stay."""
    with session() as opened:
        before = look(opened, name, hours=False)
        if before.over and not before.progress.forgotten:
            # What still waits in its lanes is taken out first.
            feeder_of(opened.settings, opened.store).look(name)
        count = opened.store.contacts.forget(name, who=who or who_runs())
        after = look(opened, name, hours=False)
    if json:
        output.emit({"campaign": name, "contacts": count, "forgotten": after.progress.forgotten})
        return
    if before.progress.forgotten:
        output.say(f"the list of campaign {name} is forgotten already")
        return
    many = output.counted(count, "contact")
    output.say(f"the list of campaign {name} is forgotten: {many}, and what became of it by hours")
    said = ", ".join(f"{n} {where}" for where, n in after.progress_by_name().items() if n)
    output.say(f"kept: its name, its definition, what was decided about it, and its counts: {said}")
    output.say("its jobs, with their numbers, are kept as long as those of direct calls")
