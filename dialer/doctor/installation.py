"""
What is wrong with the packages here, the accounts, and the workers they are dialled by.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dialer.doctor.finding import Finding, Level
from dialer.doctor.server import UNEASY, judge_clock
from dialer.errors import SettingsError
from dialer.settings import Account
from dialer.store.bells import LiveWorker
from schedules.hours import CallingHours

_DISTRIBUTION = "outbound-dialer"
_PACKAGES = ("dialer", "workers", "schedules")


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
            calls = "1 call" if worker.capacity == 1 else f"{worker.capacity} calls"
            text = f"{worker.name}: {calls} at once, with the settings here"
            yield Finding(Level.OK, "workers", text)
        if worker.skew is not None and abs(worker.skew) > UNEASY:
            yield judge_clock(worker.skew, "worker_clock", f"{worker.name}'s")


def judge_accounts(accounts: Mapping[str, Account]) -> Iterator[Finding]:
    """
    Judge whether calls could be placed through each account from this machine.
    """
    if not accounts:
        step = (
            "write [accounts.default] with user_id and token_file into dialer.toml;"
            " to practise without one: dialer up --sandbox"
        )
        yield Finding(Level.FAIL, "account", "no account is configured", step)
    for name, account in sorted(accounts.items()):
        try:
            account.endpoint_token()
        except SettingsError as error:
            text, _, step = str(error).partition("; ")
            bad = Level.WARN if account.token_file is None else Level.FAIL
            yield Finding(bad, "account", text, step or "a worker here would not start")
        else:
            text = f"{name}: {account.mode} mode ({account.rings}), token present"
            yield Finding(Level.OK, "account", text)
        for note in CallingHours.parse(account.calling_hours).over_midnight:
            step = "if that is not meant, correct calling_hours"
            yield Finding(Level.WARN, "hours", f"{name}: {note}", step)


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


def folders() -> dict[str, Path | None]:
    """
    Find where Python would take each of our packages from; None where it finds none.
    """
    # Looked for, not imported: `workers` would bring Celery with it.
    specs = {name: importlib.util.find_spec(name) for name in _PACKAGES}
    return {
        name: Path(spec.origin).parents[1] if spec and spec.origin else None
        for name, spec in specs.items()
    }
