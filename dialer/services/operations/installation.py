"""The installation: checks of it, also where its store does not answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dialer.diagnosis.doctor import Clock, Finding, Level, examine, judge_proxy, judge_secrets
from dialer.diagnosis.probe import probe as ask_each
from dialer.errors import DialerError, StoreRefused
from dialer.settings import Settings
from dialer.settings.sources import config_file, holds_secret, unread_file
from dialer.store.migration import Migration
from dialer.store.redis.connection import connect
from dialer.store.redis.schema import BEFORE, HALFWAY, LAYOUT
from dialer.store.redis.server import Server
from dialer.store.redis.server_health import read_health
from dialer.text.plural import counted

#: Jobs after which a person hears that it goes on.
_SAID_EVERY = 100_000


def check(
    environ: Mapping[str, str], clock: Clock, *, probe: bool = False, repair: bool = False
) -> Iterator[Finding]:
    """
    Yield all findings, good and bad, in a fixed order.

    Args:
        environ: The variables of this process.
        clock: Reads this machine's clock, aware.
        probe: Ask the API once for each account; nobody is rung.
        repair: Make indexes and books anew from the records, where everything is held.
    """
    try:
        settings = Settings.load()
    except DialerError as error:
        step = "correct it in dialer.toml or in the DIALER_… variables"
        for line in str(error).splitlines():
            yield Finding(Level.FAIL, "settings", line, step)
        return
    unread = unread_file(environ)
    if unread is not None:
        text = f"DIALER_CONFIG names another file, so ./{unread} is not read"
        yield Finding(Level.WARN, "settings", text, "remove one of the two")
    yield from judge_secrets(_secrets(settings, environ))
    yield from judge_proxy(environ)
    # Before the store: the API may be well while Redis is not.
    if probe:
        yield from ask_each(settings)
    yield from examine(settings, clock, repair=repair)


def _secrets(settings: Settings, environ: Mapping[str, str]) -> Iterator[Path]:
    file = config_file(None, environ)
    if file is not None and holds_secret(file):
        yield file
    for account in settings.accounts.values():
        if account.token_file is not None:
            yield account.token_file


def migrate(redis_url: str) -> Iterator[str]:
    """
    Carry data of the layout before over to this one, where there is some.

    Yields:
        What is being done, then what was done, or that nothing is to be.

    Raises:
        StoreRefused: Workers are heard, or no way leads from there; nothing was changed.
        StoreUnavailable: Do it again; what was carried stays so.
    """
    found = read_health(redis_url).layout
    if found in ("", LAYOUT):
        what = "the store is empty" if not found else f"the data has layout {found}"
        yield f"{what}, and this version reads layout {LAYOUT}: there is nothing to migrate"
    elif found in (BEFORE, HALFWAY):
        yield from _carry(redis_url)
    else:
        raise StoreRefused(_no_way(found))


def _carry(redis_url: str) -> Iterator[str]:
    server, carried, said = Server(connect(redis_url)), 0, 0
    try:
        for step in Migration(server).carry():
            carried += step
            if carried - said >= _SAID_EVERY:
                said = carried
                yield f"{carried:,} jobs are carried over so far"
    finally:
        server.close()
    done = f"{counted(carried, 'job')} carried over: the data has layout {LAYOUT} now"
    yield f"{done}, start everything again"


def _no_way(found: str) -> str:
    if found.isdecimal() and int(found) > int(LAYOUT):
        step = "a newer version wrote it: run that version, or restore a copy of before its upgrade"
    else:
        step = (
            "this version knows no way from there: run the version that wrote it until every"
            " job has come to its end, then start on an empty database"
        )
    return f"the data has layout {found}, this version reads layout {LAYOUT}; {step}"
