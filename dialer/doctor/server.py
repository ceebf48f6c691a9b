"""
What is wrong with the store's server, and with clocks beside its own.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from dialer.doctor.finding import Finding, Level
from dialer.explain import MAKE_ROOM
from dialer.store.dialling import CLOCK_TOLERANCE
from dialer.store.fitness import KEEPS, OLDEST, too_old, wrong
from dialer.store.health import Health
from dialer.store.layout import LAYOUT
from dialer.store.server import FULL

#: A clock this far off still dials, and is worth a look.
UNEASY = timedelta(milliseconds=500)

#: What goes wrong under which name, where it is not simply forgotten after a crash.
_NAMES = {"maxmemory-policy": "eviction", "no-appendfsync-on-rewrite": "rewrite"}


def judge_server(health: Health, *, trusted: bool) -> Iterator[Finding]:
    """
    Judge whether the server is new enough and keeps what it acknowledges.

    Args:
        health: What it says.
        trusted: Whether the settings vouch for its durability.
    """
    if too_old(health.version):
        step = f"install Redis {OLDEST} or later, or Valkey"
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
        f"make sure of {', '.join(f'{name} {value}' for name, value in KEEPS.items())}, then set"
        ' durability = "trusted"',
    )


def _judge_config(config: Mapping[str, str], *, trusted: bool) -> Iterator[Finding]:
    bad = wrong(config)
    for name, wanted in KEEPS.items():
        label = _NAMES.get(name, "persistence")
        if name in bad:
            text = f"{name} is {bad[name] or 'unset'}: acknowledged calls could be forgotten"
            step = f"CONFIG SET {name} {wanted}, and the same in redis.conf"
            yield Finding(Level.WARN if trusted else Level.FAIL, label, text, step)
        else:
            yield Finding(Level.OK, label, f"{name} is {wanted}")


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
    share = health.share
    room = f"{_mib(health.used)} of {_mib(health.limit)}"
    text = f"{room} used ({share:.0%})"
    if share >= FULL:
        text = f"the store is full ({share:.0%}, {room}): no call is taken or begun"
        yield Finding(Level.FAIL, "memory", text, MAKE_ROOM)
    elif share >= full_at:
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
    if abs(skew) > UNEASY:
        return Finding(Level.WARN, name, text, step)
    return Finding(Level.OK, name, f"{whose} clock agrees with the store's")


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
