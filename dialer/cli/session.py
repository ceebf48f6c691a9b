"""Sessions: settings and store, opened for the length of one command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from dialer.bootstrap.dialer import Dialer, user_at
from dialer.bootstrap.store import greet, store_of
from dialer.cli import output
from dialer.cli.views.listing import Look
from dialer.settings import Settings


class Session(Dialer):
    """The `Dialer` of one command."""

    @cached_property
    def began(self) -> datetime:
        """The store's time when the command began, to which ages are counted."""
        return self.now()

    def look(self, account: str = "default", *, reveal: bool = False, json: bool = False) -> Look:
        """Show ages up to the beginning, and times in the zone of an account; UTC if unknown."""
        known = self.settings.accounts.get(account)
        return Look(self.began, known.time_zone if known else "UTC", reveal=reveal, json=json)


@contextmanager
def session(
    *,
    makes_work: bool = False,
    any_layout: bool = False,
    who: str = "",
    warn: Callable[[str], None] = output.complain,
) -> Iterator[Session]:
    """
    Read the settings and connect to the store they name.

    A server that may forget is refused where *makes_work*. A command that only looks, or stops
    something, warns of it: that is when it is needed most.

    Args:
        makes_work: Jobs are made, or set going again.
        any_layout: Only a hold is set, which every version reads.
        who: A name for the record; that of the user when "".
        warn: Called with a sentence about the store.

    Raises:
        SettingsError: A setting breaks a rule, or no store is named.
        StoreUnavailable: The store does not answer.
        StoreRefused: It has another layout, is too old, or refuses the login.
        StoreUnsafe: It may forget, and *makes_work*.
    """
    settings = Settings.load()
    greet(settings)
    store = store_of(settings, even_unsafe=not makes_work, any_layout=any_layout)
    with Session(store, settings, who=who or user_at("cli")) as opened:
        _ = opened.began  # read before anything is done
        if any_layout and (other := opened.store.other_layout()):
            warn(f"warning: {other}; it can stop what another version runs, and nothing else")
        if not makes_work and (why := opened.operations.why_unsafe()):
            warn(f"warning: {why}")
        yield opened
