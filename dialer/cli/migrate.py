"""
`dialer migrate`: what the layout of the data asks for.
"""

from dialer.cli import output
from dialer.errors import StoreRefused
from dialer.runtime import addresses
from dialer.settings import Settings
from dialer.store.health import read_health
from dialer.store.layout import LAYOUT


def migrate() -> None:
    """Say whether the layout of the data asks for anything; exit 1 when it does."""
    settings = Settings.load()
    where = addresses(settings.redis_url, settings.broker_url)
    found = read_health(where.redis_url).layout
    if found in ("", LAYOUT):
        what = "the store is empty" if not found else f"the data has layout {found}"
        output.say(f"{what}, and this version reads layout {LAYOUT}: there is nothing to migrate")
        return
    if _number(found) > _number(LAYOUT):
        step = "a newer version wrote it: run that version, or restore a copy of before its upgrade"
    else:
        step = (
            "this version knows no way from there: run the version that wrote it until every"
            " job has come to its end, then start on an empty database"
        )
    raise StoreRefused(f"the data has layout {found}, this version reads layout {LAYOUT}; {step}")


def _number(layout: str) -> int:
    return int(layout) if layout.isdecimal() else -1
