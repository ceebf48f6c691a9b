"""What the doctor makes of what was read."""

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialer.diagnosis.doctor import (
    Level,
    judge_accounts,
    judge_clock,
    judge_doorbells,
    judge_holds,
    judge_memory,
    judge_packages,
    judge_proxy,
    judge_secrets,
    judge_server,
    judge_workers,
)
from dialer.domain.doorbell import WaitingDoorbells
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.hold import Hold
from dialer.domain.server import Health
from dialer.settings import Settings
from dialer.settings.sources import holds_secret
from dialer.store.redis.schema import LAYOUT

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SAFE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "no-appendfsync-on-rewrite": "no",
    "hash-max-listpack-value": "64",
    "hash-max-listpack-entries": "128",
}
HEALTH = Health("7.2.4", SAFE, 10 * 2**20, 100 * 2**20, "ok", "ok", LAYOUT, NOW)
WORKER = LiveWorker("host:1", "host", 1, 16, "abc", NOW, timedelta(0))
OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL

SERVERS = [
    ({}, False, set()),
    ({"layout": ""}, False, set()),
    ({"version": "6.2.14"}, False, {("version", FAIL)}),
    ({"layout": "0"}, False, {("layout", FAIL)}),
    ({"config": None}, False, {("persistence", FAIL)}),
    ({"config": None}, True, set()),
    ({"config": {**SAFE, "appendonly": "no"}}, False, {("persistence", FAIL)}),
    ({"config": {**SAFE, "appendfsync": "everysec"}}, False, {("persistence", FAIL)}),
    ({"config": {**SAFE, "appendfsync": "everysec"}}, True, {("persistence", WARN)}),
    ({"config": {**SAFE, "maxmemory-policy": "allkeys-lru"}}, False, {("eviction", FAIL)}),
    ({"config": {**SAFE, "no-appendfsync-on-rewrite": "yes"}}, False, {("rewrite", FAIL)}),
    ({"config": {**SAFE, "no-appendfsync-on-rewrite": "yes"}}, True, {("rewrite", WARN)}),
    ({"config": {**SAFE, "hash-max-listpack-value": "32"}}, False, {("packing", WARN)}),
    ({"config": {**SAFE, "hash-max-listpack-entries": "16"}}, True, {("packing", WARN)}),
    ({"config": {**SAFE, "hash-max-listpack-entries": ""}}, False, set()),
    ({"last_write": "err"}, False, {("last_write", FAIL)}),
    ({"last_rewrite": "err"}, False, {("last_rewrite", WARN)}),
]


@pytest.mark.parametrize(("changes", "trusted", "expected"), SERVERS)
def test_server_is_judged(changes, trusted, expected):
    """Each unsafe setting is one finding, and every bad finding has a next step."""
    found = list(judge_server(replace(HEALTH, **changes), trusted=trusted))
    bad = [finding for finding in found if finding.level is not OK]

    assert {(finding.name, finding.level) for finding in bad} == expected
    assert all(finding.step for finding in bad)


@pytest.mark.parametrize(
    ("used", "limit", "level"),
    [(1, 0, WARN), (59, 100, OK), (61, 100, WARN), (79, 100, WARN), (80, 100, FAIL)],
)
def test_memory_is_judged_by_where_calls_are_refused(used, limit, level):
    """Room is judged against the share from which new calls are refused."""
    (finding,) = judge_memory(replace(HEALTH, used=used, limit=limit), full_at=0.8)

    assert finding.level is level


def test_full_store_is_called_full():
    """The share, and what comes of it, before anything else."""
    (finding,) = judge_memory(replace(HEALTH, used=170, limit=100), full_at=0.8)

    assert finding.text.startswith("the store is full (170%")
    assert finding.step == "make room or raise maxmemory (ops/runbook.md, Redis is full)"


def test_what_the_system_holds_is_found():
    """Everything held is a failure, a part of it a warning; what people hold they know of."""
    scopes = [("all", "durability"), ("account:sales", "api"), ("all", "operator")]
    holds = [Hold(scope, owner, "tick", "because", NOW) for scope, owner in scopes]
    found = [(one.name, one.level, one.text) for one in judge_holds(holds)]

    assert found == [
        ("holds", FAIL, "everything is held by durability (tick): because"),
        ("holds", WARN, "account sales is held by api (tick): because"),
    ]
    assert all(one.step for one in judge_holds(holds))
    assert [one.level for one in judge_holds(holds[2:])] == [OK]


def test_numbers_in_what_people_wrote_are_masked():
    """A health check's findings go into the logs of a container."""
    hold = Hold("all", "durability", "ravi 9000000005", "asked by +91 90000 00101", NOW)
    assert [one.text for one in judge_holds([hold])] == [
        "everything is held by durability (ravi ******0005): asked by ******0101"
    ]


@pytest.mark.parametrize(
    ("milliseconds", "level"),
    [(0, OK), (-500, OK), (501, WARN), (2000, WARN), (2001, FAIL), (-2001, FAIL)],
)
def test_clock_is_judged_by_the_tolerance_of_begin(milliseconds, level):
    """A clock that `begin` would refuse is a failure; half a second is worth a look."""
    assert judge_clock(timedelta(milliseconds=milliseconds)).level is level


@pytest.mark.parametrize(
    ("workers", "levels"),
    [
        ([], [WARN]),
        ([WORKER], [OK]),
        ([replace(WORKER, settings="other")], [FAIL]),
        ([WORKER, replace(WORKER, capacity=0)], [OK, FAIL]),
        ([WORKER, replace(WORKER, capacity=0, takes=False)], [OK, FAIL]),
        ([replace(WORKER, skew=timedelta(seconds=5))], [OK, FAIL]),
        ([replace(WORKER, skew=None)], [OK]),
    ],
)
def test_workers_are_judged_by_settings_and_clock(workers, levels):
    """A worker with other settings, or a clock that may not dial, is a failure."""
    assert [finding.level for finding in judge_workers(workers, "abc")] == levels


def test_worker_without_doorbells_is_told_how_to_take_them():
    """Its settings are not at fault, and nobody is sent to compare them."""
    (finding,) = judge_workers([replace(WORKER, capacity=0, takes=False)], "abc")

    assert finding.text == "host:1 takes no doorbells out of the broker, and so no calls"
    assert "control add_consumer dialer" in finding.step


@pytest.mark.parametrize(("stale", "level"), [(False, OK), (True, WARN)])
def test_doorbells_that_nobody_takes_are_worth_a_look(stale, level):
    """Many may wait for a moment; one that expired in the broker was taken by nobody."""
    finding = judge_doorbells(WaitingDoorbells(waiting=300, stale=stale))

    assert finding.level is level
    assert finding.text.startswith("300 messages wait in the broker")
    assert bool(finding.step) == stale


@pytest.mark.parametrize(
    ("account", "level"),
    [
        (None, FAIL),
        ({"token": "made-up"}, OK),
        ({}, WARN),
        ({"token_file": "/nowhere/token"}, FAIL),
    ],
)
def test_accounts_are_judged_by_their_token(account, level):
    """Without an account nothing works; without a token only producers do."""
    accounts = {"default": {"user_id": "1", **account}} if account is not None else {}
    settings = Settings.parse({"accounts": accounts})
    (finding,) = judge_accounts(settings.accounts)

    assert finding.level is level
    assert "made-up" not in finding.text
    assert bool(finding.step) == (level is not OK)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"HTTPS_PROXY": "http://10.0.0.1:3128", "NO_PROXY": "x"}, ["HTTPS_PROXY"]),
        ({"https_proxy": "x", "ALL_PROXY": "y"}, ["ALL_PROXY", "https_proxy"]),
        ({"HTTPS_PROXY": "", "PATH": "/bin"}, []),
    ],
)
def test_proxies_are_not_used_and_that_is_said(env, named):
    """Whoever set one would look for calls in its log."""
    found = list(judge_proxy(env))
    assert [(one.name, one.level, one.text.split()[0]) for one in found] == [
        ("proxy", WARN, name) for name in named
    ]
    assert not any("10.0.0.1" in one.text for one in found)


@pytest.mark.parametrize(
    ("folder", "file", "warned"),
    [(0o755, 0o644, True), (0o755, 0o640, False), (0o700, 0o644, False), (0o755, 0o600, False)],
)
def test_secrets_that_everybody_may_read_are_found(folder, file, warned):
    """Its own mode, and whether others reach it at all; a missing one is somebody else's news."""
    # Not below pytest's own folder, which nobody else may enter.
    place = Path(tempfile.mkdtemp())
    try:
        secret = place / "token"
        secret.write_text("made-up")
        secret.chmod(file)
        place.chmod(folder)
        found = list(judge_secrets([secret, place / "missing"]))
    finally:
        shutil.rmtree(place)
    assert [(one.name, one.level) for one in found] == [("secrets", WARN)] * warned
    assert all(str(secret) in one.text and "made-up" not in one.text for one in found)


@pytest.mark.parametrize(
    ("toml", "secret"),
    [
        ('[accounts.default]\nuser_id = "1"\ntoken = "made-up"', True),
        ('[flower]\nuser = "a"\npassword = "made-up"', True),
        ('redis_url = "redis://:made-up@127.0.0.1/0"', True),
        ('redis_url = "redis://127.0.0.1/0"', False),
        ('[accounts.default]\nuser_id = "1"\ntoken_file = "token"', False),
    ],
)
def test_settings_file_with_a_secret_is_known(tmp_path, toml, secret):
    """One without may be read by everybody."""
    (tmp_path / "dialer.toml").write_text(toml)
    assert holds_secret(tmp_path / "dialer.toml") is secret


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("Mon-Fri 18:00-10:00", ["default: 18:00-10:00 runs over midnight: 16 hours"]),
        ("daily 22:00-01:30", ["default: 22:00-01:30 runs over midnight: 3 hours 30 min"]),
        ("daily 18:00-24:00", []),
        ("always", []),
    ],
)
def test_hours_over_midnight_are_worth_a_look(hours, said):
    """Evening and all night is seldom what was meant; a day that ends at midnight is no news."""
    account = {"user_id": "1", "token": "made-up", "calling_hours": hours}
    settings = Settings.parse({"accounts": {"default": account}})
    _, *found = judge_accounts(settings.accounts)

    assert [one.text.partition(", until")[0] for one in found] == said
    assert {one.level for one in found} <= {WARN}


HOME, OTHER = Path("/srv/dialer"), Path("/usr/lib/python")


@pytest.mark.parametrize(
    ("owners", "folders", "level"),
    [
        ({}, {"dialer": HOME, "workers": HOME, "schedules": HOME}, OK),
        ({"workers": ["outbound-dialer"]}, {"dialer": HOME, "workers": HOME}, OK),
        ({"workers": ["workers", "outbound-dialer"]}, {"dialer": HOME, "workers": HOME}, FAIL),
        ({}, {"dialer": HOME, "workers": OTHER, "schedules": HOME}, FAIL),
        ({}, {"dialer": HOME, "workers": None}, FAIL),
    ],
)
def test_package_of_a_stranger_is_found(owners, folders, level):
    """Files written into ours (a wheel) and a package that hides ours (a path) are both seen."""
    (finding,) = judge_packages(owners, folders)

    assert finding.level is level
