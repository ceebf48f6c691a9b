"""Judges of the store's server, the broker, and clocks beside the server's own."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from dialer.diagnosis.doctor.finding import Finding, Level
from dialer.domain.doorbell import WaitingDoorbells
from dialer.domain.fleet import CLOCK_TOLERANCE
from dialer.domain.holds.words import MAKE_ROOM
from dialer.domain.server import FULL, ClockStep, Health
from dialer.store.redis.schema import LAYOUT
from dialer.store.redis.server_check import KEEPS, OLDEST, PACKS, too_old, unpacked, way, wrong
from dialer.text.moment import rough

#: A clock this far off still dials, and is worth a look.
UNEASY = timedelta(milliseconds=500)

#: Findings of settings whose fault is another one than data lost after a crash.
_NAMES = {"maxmemory-policy": "eviction", "no-appendfsync-on-rewrite": "rewrite"}


def judge_server(health: Health, *, trusted: bool) -> Iterator[Finding]:
    """Judge whether the server is new enough and keeps what it acknowledges, or is *trusted* to."""
    if too_old(health.version):
        step = f"install Redis {OLDEST} or later, or Valkey"
        yield Finding(Level.FAIL, "version", f"Redis {health.version} is too old", step)
    else:
        yield Finding(Level.OK, "version", f"Redis {health.version}")
    if health.layout not in ("", LAYOUT):
        text = f"the data has layout {health.layout}, this version reads layout {LAYOUT}"
        yield Finding(Level.FAIL, "layout", text, way(health.layout))
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
    for name, value in unpacked(config).items():
        text = f"{name} is {value}: jobs take twice the memory or more"
        step = f"CONFIG SET {name} {PACKS[name]}, and the same in redis.conf"
        yield Finding(Level.WARN, "packing", text, step)


def judge_memory(health: Health, *, full_at: float) -> Iterator[Finding]:
    """Judge how much memory is left; new calls are refused from the share *full_at* on."""
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


def judge_doorbells(doorbells: WaitingDoorbells) -> Finding:
    """Judge whether doorbells and ticks are taken out of the broker."""
    count = "1 message waits" if doorbells.waiting == 1 else f"{doorbells.waiting} messages wait"
    if doorbells.stale:
        return Finding(
            Level.WARN,
            "doorbells",
            f"{count} in the broker, and nobody takes them: workers are stopped, or take no calls",
            "see `workers`: start one, or let one take doorbells again; the old ones are harmless",
        )
    return Finding(Level.OK, "doorbells", f"{count} in the broker")


def judge_clock(skew: timedelta, name: str = "clock", whose: str = "this machine's") -> Finding:
    """Judge how far a wall clock is off the store's; *skew* is positive when it is ahead."""
    direction = "ahead of" if skew > timedelta(0) else "behind"
    text = f"{whose} clock is {abs(skew).total_seconds():.1f} s {direction} the store's"
    step = "synchronise the clocks (NTP)"
    if abs(skew) > CLOCK_TOLERANCE:
        return Finding(Level.FAIL, name, f"{text}; a worker with it never dials", step)
    if abs(skew) > UNEASY:
        return Finding(Level.WARN, name, text, step)
    return Finding(Level.OK, name, f"{whose} clock agrees with the store's")


def judge_step(step: ClockStep | None, now: datetime) -> Iterator[Finding]:
    """Judge a recent step of the store's clock, None for none, at the store's time."""
    if step:
        text = f"{step}, {rough(abs(now - step.at))} ago; rates began anew"
        yield Finding(Level.WARN, "clock", text, "see that time is synchronised there (NTP)")


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
