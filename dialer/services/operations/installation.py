"""The installation: checks of it, also where its store does not answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dialer.diagnosis.doctor import Clock, Finding, Level, examine, judge_proxy, judge_secrets
from dialer.diagnosis.probe import probe as ask_each
from dialer.errors import DialerError, StoreRefused
from dialer.settings import Settings
from dialer.settings.sources import config_file, holds_secret, unread_file
from dialer.store.redis.schema import LAYOUT
from dialer.store.redis.server_health import read_health


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


def migrate(redis_url: str) -> str:
    """
    Look whether the layout of the data asks for anything.

    Returns:
        That nothing is to be done, in one sentence.

    Raises:
        StoreRefused: It does, and no version can do it; the text says what to do.
    """
    found = read_health(redis_url).layout
    if found in ("", LAYOUT):
        what = "the store is empty" if not found else f"the data has layout {found}"
        return f"{what}, and this version reads layout {LAYOUT}: there is nothing to migrate"
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
