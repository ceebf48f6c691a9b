"""Every name a setting may have, and the closest to a misspelt one."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from dialer.errors import Path
from dialer.text.reading import did_you_mean

PREFIX = "DIALER_"
#: Stands for "any name of the user's choice", as in accounts.*.token.
ANY = "*"
#: Given by the place in the file, never written.
_IMPLIED = "name"


class Names:
    """
    The names that a settings model knows.

    Nested models are sections; a `dict[str, model]` is one for each of the user's names.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._settings = frozenset(_leaves(model, ()))
        self._sections = {path[:end] for path in self._settings for end in range(1, len(path))}

    def complaint(self, path: Path, spell: Callable[[Path], str] = ".".join) -> str | None:
        """Rule against a setting at this path, as the end of a sentence; None without one."""
        general = self._general(path)
        if general in self._settings:
            return None
        inside = (*path[:-1], "default", path[-1])
        if general in self._sections and self._general(inside) in self._settings:
            return f"stands outside a section with a name; write {spell(inside)}"
        if general in self._sections:
            return f"is a section, no setting; write a name in it, like {spell(self._inside(path))}"
        near = self.nearest(path)
        meant = f"did you mean {spell(near)}?" if near else "dialer.example.toml lists them"
        return f"is no setting; {meant}"

    def is_section(self, path: Path) -> bool:
        """Whether settings stand below this path."""
        return self._general(path) in self._sections

    def nearest(self, path: Path) -> Path | None:
        """The known name most like this one; None when none is close."""
        known = {".".join(self._with_user_names(setting, path)) for setting in self._settings}
        close = did_you_mean(".".join(path), sorted(known))
        return tuple(close.split(".")) if close else None

    def _general(self, path: Path) -> Path:
        return tuple(
            ANY if (*path[:index], ANY) in self._sections else part
            for index, part in enumerate(path)
        )

    def _with_user_names(self, setting: Path, path: Path) -> Path:
        return tuple(
            (path[index] if index < len(path) - 1 else "default") if part == ANY else part
            for index, part in enumerate(setting)
        )

    def _inside(self, path: Path) -> Path:
        below = sorted(s for s in self._settings if s[: len(path)] == self._general(path))
        return self._with_user_names(below[0], (*path, ""))


def variable(path: Path) -> str:
    """The environment variable that sets this path."""
    return PREFIX + "__".join(path).upper()


def _leaves(model: type, at: Path) -> Iterator[Path]:
    for name, kind in _fields(model):
        if at and name == _IMPLIED:
            continue
        section, path = _section(kind), (*at, name)
        if section is None:
            yield path
        elif get_origin(kind) is dict:
            yield from _leaves(section, (*path, ANY))
        else:
            yield from _leaves(section, path)


def _fields(model: Any) -> Iterator[tuple[str, Any]]:
    """Names in a section with their types."""
    if issubclass(model, BaseModel):
        yield from ((name, field.annotation) for name, field in model.model_fields.items())
    else:
        yield from ((field.name, field.type) for field in fields(model))


def _section(annotation: Any) -> type | None:
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    whole = isinstance(annotation, type) and (
        issubclass(annotation, BaseModel) or is_dataclass(annotation)
    )
    return annotation if whole else None
