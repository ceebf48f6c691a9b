"""Sources of settings: one TOML file, and variables over it."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dialer.errors import Path, SettingsError
from dialer.machine.run_directory import sandbox_settings
from dialer.settings.names import PREFIX, variable

#: Names the file; not a setting.
CONFIG_VARIABLE = "DIALER_CONFIG"
#: Read from the current directory when nothing else is named.
DEFAULT_FILE = FilePath("dialer.toml")

_TOKEN = re.compile(rf"{PREFIX}ACCOUNTS__.*__TOKEN", re.IGNORECASE)

#: Variables that say whose calls are meant, or where the real ones are kept.
_SAY_WHOSE = tuple(f"{PREFIX}{name}" for name in ("ACCOUNTS", "REDIS_URL", "BROKER_URL"))


@dataclass(frozen=True, slots=True)
class Given:
    """
    One value as the user gave it.

    Attributes:
        value: From TOML, or the text of a variable.
        label: Its name for the user: "wire.deadline in dialer.toml" or
            "DIALER_WIRE__DEADLINE".
        spell: Writes any other setting's name as in the same place.
    """

    value: Any
    label: str
    spell: Callable[[Path], str] = ".".join


def config_file(path: FilePath | None, env: Mapping[str, str]) -> FilePath | None:
    """
    File to read: *path*, else DIALER_CONFIG's, else ./dialer.toml if it is there.

    Without any setting of real calls it is that of a `dialer up --sandbox` in this folder.
    """
    if path is not None:
        return path
    if CONFIG_VARIABLE in env:
        return FilePath(env[CONFIG_VARIABLE])
    if DEFAULT_FILE.exists():
        return DEFAULT_FILE
    # Never mixed with a real account: its hours are "always" and its mode is live.
    return None if own_settings(env) else sandbox_settings()


def unread_file(env: Mapping[str, str]) -> FilePath | None:
    """The ./dialer.toml that is not read because DIALER_CONFIG names another file; else None."""
    named = env.get(CONFIG_VARIABLE)
    if not named or not DEFAULT_FILE.exists():
        return None
    return None if FilePath(named).resolve() == DEFAULT_FILE.resolve() else DEFAULT_FILE


def own_settings(env: Mapping[str, str]) -> str | None:
    """First file or variable that stands for real calls, by name; None when there is none."""
    if CONFIG_VARIABLE in env:
        return CONFIG_VARIABLE
    if DEFAULT_FILE.exists():
        return str(DEFAULT_FILE)
    return next((name for name in sorted(env) if name.upper().startswith(_SAY_WHOSE)), None)


def without_tokens(env: Mapping[str, str]) -> dict[str, str]:
    """Variables for a process that places no calls: all but the accounts' tokens."""
    return {name: value for name, value in env.items() if not _TOKEN.fullmatch(name)}


def from_file(path: FilePath) -> dict[Path, Given]:
    """
    Every value in a TOML file, by its path; a relative `token_file` is in the file's folder.

    Raises:
        SettingsError: The file cannot be read or is not TOML; says which line.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read: {error.strerror}; correct {CONFIG_VARIABLE} or the file"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not written in UTF-8; save it as UTF-8") from None
    except ValueError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from None
    return {
        where: Given(_placed(where, value, path.parent), f"{'.'.join(where)} in {path}")
        for where, value in _leaves(tree, ())
    }


def from_environment(env: Mapping[str, str]) -> dict[Path, Given]:
    """
    Every `DIALER_…` variable, by its path; `__` stands between the parts.

    Raises:
        SettingsError: A name is not in capitals, or a value is empty: an empty
            variable could mean "off" or "not set", and a guess could ring somebody.
    """
    given = {}
    problems = []
    for name in sorted(env):
        if not name.upper().startswith(PREFIX):
            continue
        if name != name.upper():
            problems.append(f"{name}: must be written in capitals: {name.upper()}")
        elif not env[name].strip():
            problems.append(f"{name}: is empty; give it a value or remove the variable")
        if name != CONFIG_VARIABLE:
            given[tuple(name[len(PREFIX) :].lower().split("__"))] = Given(env[name], name, variable)
    if problems:
        raise SettingsError("\n".join(problems))
    return given


def holds_secret(file: FilePath) -> bool:
    """Whether a settings file holds a token or a password; SettingsError as `from_file`."""
    return any(_is_secret(path, one) for path, one in from_file(file).items())


def _is_secret(path: Path, given: Given) -> bool:
    if path[-1] in ("token", "password"):
        return True
    return path[-1] in ("redis_url", "broker_url") and "@" in str(given.value)


def nested(given: Mapping[Path, Given]) -> dict[str, Any]:
    """Values as a tree, for a model; no path may lie inside another one's value."""
    tree: dict[str, Any] = {}
    for path, one in given.items():
        at = tree
        for part in path[:-1]:
            at = at.setdefault(part, {})
        if one.value == {}:
            at.setdefault(path[-1], {})
        else:
            at[path[-1]] = one.value
    return tree


def _leaves(tree: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*at, name))
        else:
            yield (*at, name), value


def _placed(path: Path, value: Any, folder: FilePath) -> Any:
    if path[-1] == "token_file" and isinstance(value, str):
        return folder / value
    return value
