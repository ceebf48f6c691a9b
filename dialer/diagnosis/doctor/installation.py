"""Judges of packages, accounts and workers."""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from stat import S_IROTH, S_IXOTH

from dialer.diagnosis.doctor.finding import Finding, Level
from dialer.diagnosis.doctor.server import UNEASY, judge_clock
from dialer.domain.doorbell import QUEUE
from dialer.domain.fleet import LiveWorker, Unreachable
from dialer.errors import SettingsError
from dialer.settings import Account
from dialer.settings.sections import Api
from schedules.hours import CallingHours

_DISTRIBUTION = "outbound-dialer"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_TAKES = f"celery -A workers.app control add_consumer {QUEUE}, or start it without -Q and -X"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PACKAGES = ("dialer", "workers", "schedules")


def judge_workers(workers: Sequence[LiveWorker], fingerprint: str) -> Iterator[Finding]:
    """Judge the live workers; their fingerprints must be that of the settings here."""
    if not workers:
        step = "start one: celery -A workers.app worker"
        yield Finding(Level.WARN, "workers", "no worker is alive, so nothing is dialled", step)
    for worker in workers:
        step = "give all the same dialer.toml and variables, then restart those that differ"
        if not worker.takes:
            text = f"{worker.name} takes no doorbells out of the broker, and so no calls"
            yield Finding(Level.FAIL, "workers", text, _TAKES)
        elif worker.unreachable:
            yield from map(partial(_judge_way, worker.name), worker.unreachable)
        elif not worker.capacity:
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


def _judge_way(worker: str, way: Unreachable) -> Finding:
    since = f" since {way.since.isoformat(timespec='seconds')}" if way.since else ""
    text = f"{worker} cannot reach account {way.account}{since}: {way.why}"
    step = "look at base_url, and at name, firewall and network there; it goes on by itself"
    return Finding(Level.FAIL, "workers", text, step)


def judge_accounts(accounts: Mapping[str, Account]) -> Iterator[Finding]:
    """Judge whether calls could be placed through each account from this machine."""
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


def judge_secrets(files: Iterable[Path]) -> Iterator[Finding]:
    """Judge whether all users of this machine may read files that hold a token or a password."""
    for path in files:
        if _open_to_all(path):
            text = f"{path} holds a token or a password, and every user of this machine may read it"
            yield Finding(Level.WARN, "secrets", text, f"chmod o-r {path}")


def _open_to_all(path: Path) -> bool:
    try:
        whole = path.resolve()
        reached = all(folder.stat().st_mode & S_IXOTH for folder in whole.parents)
        return reached and bool(whole.stat().st_mode & S_IROTH)
    except OSError:  # it is missing, which others say
        return False


def judge_proxy(env: Mapping[str, str]) -> Iterator[Finding]:
    """Judge whether a proxy is set; calls never go through one."""
    for name in sorted(env):
        if name.upper() in _PROXIES and env[name]:
            text = (
                f"{name} is set, and calls do not go through it: what stands between may hold a"
                " request back and send it again"
            )
            step = "let workers reach base_url without it; here it can stay for other programs"
            yield Finding(Level.WARN, "proxy", text, step)


def judge_packages(
    distributions: Mapping[str, Sequence[str]], folders: Mapping[str, Path | None]
) -> Iterator[Finding]:
    """
    Judge whether a foreign package hides one of ours, or wrote into it.

    Both mappings are by package: the distributions that own it, and the folder
    in which Python finds it, None for nowhere.
    """
    wrong = [
        f"the package {name} also belongs to {', '.join(sorted(strangers))}"
        for name in _PACKAGES
        if (strangers := set(distributions.get(name, ())) - {_DISTRIBUTION})
    ]
    if len(set(folders.values())) > 1:
        places = ", ".join(f"{name} in {folder or 'nothing'}" for name, folder in folders.items())
        wrong.append(f"ours are found in different places: {places}")
    for text in wrong:
        step = f"install {_DISTRIBUTION} into an environment of its own"
        yield Finding(Level.FAIL, "packages", text, step)
    if not wrong:
        yield Finding(Level.OK, "packages", f"{', '.join(_PACKAGES)} are ours")


def folders() -> dict[str, Path | None]:
    """Find the folder from which Python would take each of our packages; None for none."""
    # Looked for, not imported: `workers` would bring Celery with it.
    specs = {name: importlib.util.find_spec(name) for name in _PACKAGES}
    return {
        name: Path(spec.origin).parents[1] if spec and spec.origin else None
        for name, spec in specs.items()
    }


def judge_http(api: Api) -> Iterator[Finding]:
    """Judge where the HTTP service listens: its keys must not be read on their way."""
    if api.address in _LOOPBACK or api.public_url.startswith("https://"):
        return
    text = f"the HTTP service listens on {api.address}, and nothing says that TLS is in front"
    step = "set api.address to 127.0.0.1, or api.public_url to the https address in front of it"
    yield Finding(Level.WARN, "http", text, step)
