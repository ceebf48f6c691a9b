"""
Before a campaign starts: how many of its contacts will be rung, and why not the others.

Each contact that will not be rung has one reason, the first that applies, as
`begin` would find it when the contact's turn comes:

    invalid       its call breaks a rule
    do_not_call   it is on a list
    cap           one such call may ring more often than a customer may be rung
    customer      it was called too recently, or too often, until the end
    hours         calling hours leave no moment before the end
    time          its turn does not come before the end

It holds while lists, holds and hours stay as they are. Rate and agents count
as the campaign's alone, and every attempt as successful: `dialer.forecast`
says how likely that is.

    timetable.py   when the contacts of one zone group may be rung
    pace.py        when the next call may start
    bounds.py      what bounds the pace, and the sentence about it
    queue.py       the contacts of one zone group, in the order of their turns
    tally.py       what is counted
    look.py        the turns of all groups, played ahead
    words.py       what an operator should know before the start
    after.py       the same reasons once a campaign is over
"""

from dialer.preflight.after import not_rung
from dialer.preflight.look import Preflight, preflight
from dialer.preflight.tally import REASONS
from dialer.preflight.words import rehearsal

__all__ = ["REASONS", "Preflight", "not_rung", "preflight", "rehearsal"]
