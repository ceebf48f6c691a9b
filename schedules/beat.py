"""The beat table: names of periodic tasks, and why each runs; how often is a setting."""

from collections.abc import Mapping
from typing import Final

#: The name of each line, and its task: one that does "what is due now", so that a tick too many,
#: or one missed, changes nothing.
BEAT: Final[Mapping[str, str]] = {
    # Feeds campaigns, opens and shuts calendars, wakes what is due and expires what is lost.
    "tick": "dialer.tick",
}
