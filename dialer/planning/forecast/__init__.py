"""
When a campaign will be done: its rest is run through many times, with the past as the guide.

Pure: `Load` and `History` in, `Forecast` out; the randomness is passed in.
"""

from dialer.planning.forecast.load import Due, History, Load, LoadGroup
from dialer.planning.forecast.result import Forecast, describe, forecast

__all__ = ["Due", "Forecast", "History", "Load", "LoadGroup", "describe", "forecast"]
