"""
What is wrong with an installation, each finding with its next step.

The judges are pure and take what was read; `examine` reads it. A finding that
says `fail` is one with which calls could be lost, doubled or never made.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import packages_distributions
from pathlib import Path

from dialer.errors import DialerError, SettingsError, StoreRefused
from dialer.runtime import Addresses
from dialer.settings import Account, Settings, without_login
from dialer.store.bells import Bells, LiveWorker
from dialer.store.connection import through_master
from dialer.store.dialling import CLOCK_TOLERANCE
from dialer.store.health import Health, reach, read_health
from dialer.store.keys import LAYOUT
from dialer.store.server import Server, connect

Clock = Callable[[], datetime]
_OLDEST = 7
_START = ("start the server, or correct", "correct")  # the latter when it did answer
#: A clock this far off still dials, and is worth a look.
_UNEASY = timedelta(milliseconds=500)
_DISTRIBUTION = "outbound-dialer"
_PACKAGES = ("dialer", "workers", "schedules")
_KEEPS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        level: How it is.
        name: A stable word for what was looked at.
        text: What was seen, one sentence.
        step: What to do about it; "" when nothing.
    """

    level: Level
    name: str
    text: str
    step: str = ""


def examine(settings: Settings, where: Addresses, clock: Clock) -> Iterator[Finding]:
    """
    Look at everything and yield what was found, good and bad, in a fixed order.

    Args:
        settings: Those of this process.
        where: The store and the broker.
        clock: Reads this machine's clock, aware.
    """
    yield Finding(Level.OK, "settings", f"valid, fingerprint {settings.fingerprint()}")
    yield from judge_packages(packages_distributions(), _folders())
    yield from judge_accounts(settings.accounts)
    yield from _examine_store(settings, where, clock)
    yield from _examine_broker(where)


def _examine_store(settings: Settings, where: Addresses, clock: Clock) -> Iterator[Finding]:
    address = without_login(where.redis_url)
    try:
        health, wall = read_health(where.redis_url), clock()
    except DialerError as error:
        step = f"{_START[isinstance(error, StoreRefused)]} redis_url"
        yield Finding(Level.FAIL, "store", f"{address}: {error}", step)
        return
    yield Finding(Level.OK, "store", f"{address} answers{through_master(where.redis_url)}")
    yield from judge_server(health, trusted=settings.durability == "trusted")
    yield from judge_memory(health, full_at=settings.jobs.full_at)
    yield judge_clock(wall - health.time)
    if health.layout in ("", LAYOUT):
        server = Server(connect(where.redis_url))
        try:
            workers = Bells(server).live(health.time)
        finally:
            server.close()
        yield from judge_workers(workers, settings.fingerprint())


def _examine_broker(where: Addresses) -> Iterator[Finding]:
    address = without_login(where.broker_url)
    try:
        reach(where.broker_url)
    except DialerError as error:
        step = f"{_START[isinstance(error, StoreRefused)]} broker_url"
        yield Finding(Level.FAIL, "broker", f"{address}: {error}", step)
    else:
        yield Finding(Level.OK, "broker", f"{address} answers{through_master(where.broker_url)}")


def judge_server(health: Health, *, trusted: bool) -> Iterator[Finding]:
    """
    Judge whether the server is new enough and keeps what it acknowledges.

    Args:
        health: What it says.
        trusted: Whether the settings vouch for its durability.
    """
    if int(health.version.split(".", maxsplit=1)[0]) < _OLDEST:
        step = f"install Redis {_OLDEST} or later, or Valkey"
        yield Finding(Level.FAIL, "version", f"Redis {health.version} is too old", step)
    else:
        yield Finding(Level.OK, "version", f"Redis {health.version}")
    if health.layout not in ("", LAYOUT):
        text = f"the data has layout {health.layout}, this version reads layout {LAYOUT}"
        yield Finding(Level.FAIL, "layout", text, "run the version that wrote it")
    if health.config is None:
        yield _hidden(trusted=trusted)
    else:
        yield from _judge_config(health.config, trusted=trusted)
    if health.last_write not in ("", "ok"):
        text = f"the last write to the append-only file failed: {health.last_write}"
        yield Finding(Level.FAIL, "last_write", text, "look at its disk: full, or broken?")
    else:
        yield Finding(Level.OK, "last_write", "the last write to the append-only file was good")
    if health.last_rewrite not in ("", "ok"):
        text = f"the last rewrite of the append-only file failed: {health.last_rewrite}"
        yield Finding(Level.WARN, "last_rewrite", text, "look at the server's log")


def _hidden(*, trusted: bool) -> Finding:
    if trusted:
        text = 'the server hides its configuration; durability = "trusted" vouches for it'
        return Finding(Level.OK, "persistence", text)
    return Finding(
        Level.FAIL,
        "persistence",
        "the server hides its configuration (CONFIG GET was refused)",
        "make sure of appendonly yes, appendfsync always and noeviction, then set"
        ' durability = "trusted"',
    )


def _judge_config(config: Mapping[str, str], *, trusted: bool) -> Iterator[Finding]:
    for name, wanted in _KEEPS.items():
        label = "eviction" if name == "maxmemory-policy" else "persistence"
        if config[name] == wanted:
            yield Finding(Level.OK, label, f"{name} is {wanted}")
        else:
            text = f"{name} is {config[name] or 'unset'}: acknowledged calls could be forgotten"
            step = f"CONFIG SET {name} {wanted}, and the same in redis.conf"
            yield Finding(Level.WARN if trusted else Level.FAIL, label, text, step)
    if config["no-appendfsync-on-rewrite"] == "yes":
        text = "no-appendfsync-on-rewrite is yes: during a rewrite nothing is kept safe"
        step = "CONFIG SET no-appendfsync-on-rewrite no, and the same in redis.conf"
        yield Finding(Level.FAIL, "rewrite", text, step)
    else:
        yield Finding(Level.OK, "rewrite", "no-appendfsync-on-rewrite is no")


def judge_memory(health: Health, *, full_at: float) -> Iterator[Finding]:
    """
    Judge how much room is left.

    Args:
        health: What the server says.
        full_at: Share of `maxmemory` from which new calls are refused.
    """
    if not health.limit:
        text = f"{_mib(health.used)} used, and no maxmemory: the machine's memory is the limit"
        step = "set maxmemory, so that a full store refuses calls instead of being killed"
        yield Finding(Level.WARN, "memory", text, step)
        return
    share = health.used / health.limit
    text = f"{_mib(health.used)} of {_mib(health.limit)} used ({share:.0%})"
    if share >= full_at:
        step = "make room or raise maxmemory"
        yield Finding(Level.FAIL, "memory", f"{text}; new calls are refused", step)
    elif share >= full_at * 0.75:
        step = f"make room or raise maxmemory: from {full_at:.0%} on new calls are refused"
        yield Finding(Level.WARN, "memory", text, step)
    else:
        yield Finding(Level.OK, "memory", text)


def judge_clock(skew: timedelta, name: str = "clock", whose: str = "this machine's") -> Finding:
    """
    Judge how far a wall clock is off the store's.

    Args:
        skew: Positive when it is ahead.
        name: The finding's name.
        whose: Whose clock it is.
    """
    direction = "ahead of" if skew > timedelta(0) else "behind"
    text = f"{whose} clock is {abs(skew).total_seconds():.1f} s {direction} the store's"
    step = "synchronise the clocks (NTP)"
    if abs(skew) > CLOCK_TOLERANCE:
        return Finding(Level.FAIL, name, f"{text}; a worker with it never dials", step)
    if abs(skew) > _UNEASY:
        return Finding(Level.WARN, name, text, step)
    return Finding(Level.OK, name, f"{whose} clock agrees with the store's")


def judge_workers(workers: Sequence[LiveWorker], fingerprint: str) -> Iterator[Finding]:
    """
    Judge the live workers.

    Args:
        workers: Those that were heard of lately.
        fingerprint: Of the settings here; theirs must be the same.
    """
    if not workers:
        step = "start one: celery -A workers.app worker"
        yield Finding(Level.WARN, "workers", "no worker is alive, so nothing is dialled", step)
    for worker in workers:
        step = "give all the same dialer.toml and variables, then restart those that differ"
        if not worker.capacity:
            text = f"{worker.name} takes no calls: other workers dial with other settings than its"
            yield Finding(Level.FAIL, "workers", f"{text} ({worker.settings})", step)
        elif worker.settings != fingerprint:
            text = f"{worker.name} has other settings ({worker.settings}) than here ({fingerprint})"
            yield Finding(Level.FAIL, "workers", text, step)
        else:
            text = f"{worker.name}: {worker.capacity} calls at once, with the settings here"
            yield Finding(Level.OK, "workers", text)
        if worker.skew is not None and abs(worker.skew) > _UNEASY:
            yield judge_clock(worker.skew, "worker_clock", f"{worker.name}'s")


def judge_accounts(accounts: Mapping[str, Account]) -> Iterator[Finding]:
    """
    Judge whether calls could be placed through each account from this machine.
    """
    if not accounts:
        step = "write [accounts.default] with user_id and token_file into dialer.toml"
        yield Finding(Level.FAIL, "account", "no account is configured", step)
    for name, account in sorted(accounts.items()):
        manner = (
            f"live, over {account.base_url.partition(':')[0]}"
            if account.mode == "live"
            else "developer mode, which rings nobody"
        )
        try:
            account.endpoint_token()
        except SettingsError as error:
            text, _, step = str(error).partition("; ")
            bad = Level.WARN if account.token_file is None else Level.FAIL
            yield Finding(bad, "account", text, step or "a worker here would not start")
        else:
            yield Finding(Level.OK, "account", f"{name}: {manner}, token present")


def judge_packages(
    distributions: Mapping[str, Sequence[str]], folders: Mapping[str, Path | None]
) -> Iterator[Finding]:
    """
    Judge whether somebody else's package hides one of ours, or wrote into it.

    Args:
        distributions: Which distributions own each of our package names.
        folders: Where Python finds each of them; None where it does not.
    """
    step = f"install {_DISTRIBUTION} into an environment of its own"
    good = True
    for name in _PACKAGES:
        strangers = sorted(set(distributions.get(name, ())) - {_DISTRIBUTION})
        if strangers:
            good = False
            text = f"the package {name} also belongs to {', '.join(strangers)}"
            yield Finding(Level.FAIL, "packages", text, step)
    if len(set(folders.values())) > 1:
        good = False
        text = ", ".join(f"{name} in {folder or 'nothing'}" for name, folder in folders.items())
        yield Finding(Level.FAIL, "packages", f"ours are found in different places: {text}", step)
    if good:
        yield Finding(Level.OK, "packages", f"{', '.join(_PACKAGES)} are ours")


def _folders() -> dict[str, Path | None]:
    # Looked for, not imported: `workers` would bring Celery with it.
    specs = {name: importlib.util.find_spec(name) for name in _PACKAGES}
    return {
        name: Path(spec.origin).parents[1] if spec and spec.origin else None
        for name, spec in specs.items()
    }


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
