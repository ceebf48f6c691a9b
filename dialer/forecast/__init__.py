"""
When a campaign will be done: its rest is run through many times, with the past as the guide.

Pure: `Load` and `History` in, `Forecast` out; the randomness is passed in.

    load.py      what is left to do, when it may be done, and what the hours so far saw
    past.py      what those hours say of throughput and odds, and how sure that is
    odds.py      how one attempt ends
    dice.py      counts drawn at random
    timeline.py  the open time ahead, as stretches in which the same groups are open
    run.py       the rest of a campaign, run through once
    result.py    many runs, and what they have in common
    words.py     a forecast as sentences
"""

from dialer.forecast.load import Due, Group, History, Load
from dialer.forecast.result import Forecast, forecast
from dialer.forecast.words import describe
from dialer.hourcounts import HourCounts

__all__ = ["Due", "Forecast", "Group", "History", "HourCounts", "Load", "describe", "forecast"]
