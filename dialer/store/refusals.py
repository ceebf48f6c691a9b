"""Refusals of moves of a campaign, as errors for a person."""

from dialer.errors import CampaignChanged, CampaignNotFound, CampaignRefused

#: What is said of each reason; {0} is the campaign.
_SENTENCES = {
    "exists": "there is a campaign {0} already, defined otherwise: choose another name,"
    " or change that one with `dialer campaign set {0}`",
    "account": "campaign {0} belongs to another account, for good",
    "shape": "campaign {0} has contacts that were read by its columns, customer and types:"
    " those stay as they are; define another campaign",
    "other columns": "the columns of campaign {0} were changed while the list was read:"
    " import it again",
    "forgotten": "the list of campaign {0} was forgotten, for good: define another one",
    "not over": "campaign {0} is not over: `dialer campaign cancel {0}` ends it",
    "not yet": "campaign {0} has not been over for long enough",
    "in doubt": "nothing is forgotten while the clock or the memory of the store is in doubt:"
    " `dialer doctor` says why",
    "not at rest": "campaign {0} still has jobs that wait or are on the wire:"
    " they are taken out with the next ticks",
    "empty": "campaign {0} has no contacts: `dialer campaign import {0} FILE` adds them",
    "ended": "campaign {0} has ended: `dialer campaign set {0} --ends …`, if it shall go on",
}
#: How a campaign stands, and what may be done about it.
_STANDS = {
    "draft": "it has not been started; `dialer campaign start {0}` lets it run",
    "running": "it is running; `dialer campaign pause {0}` stops it",
    "paused": "it is paused; `dialer campaign resume {0}` lets it go on",
    "cancelled": "it was cancelled, for good; define another one",
}


def refusal(name: str, verb: str, why: str) -> CampaignNotFound | CampaignRefused:
    """Error for a move of a campaign that the store refused."""
    if why == "missing":
        return CampaignNotFound(
            f"there is no campaign {name}; `dialer campaign list` names them all"
        )
    if why == "changed":
        return CampaignChanged(f"somebody else has just changed campaign {name}: try again")
    if why in _SENTENCES:
        return CampaignRefused(_SENTENCES[why].format(name))
    return CampaignRefused(f"cannot {verb} campaign {name}: {_STANDS[why].format(name)}")
