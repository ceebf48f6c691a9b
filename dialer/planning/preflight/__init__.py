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
as the campaign's alone, and every attempt as successful: `dialer.planning.forecast`
says how likely that is.
"""

from dialer.planning.preflight.after import not_rung
from dialer.planning.preflight.look import preflight
from dialer.planning.preflight.result import Preflight
from dialer.planning.preflight.words import rehearsal

__all__ = ["Preflight", "not_rung", "preflight", "rehearsal"]
