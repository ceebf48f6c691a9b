"""
Every name a setting may have, and the one a misspelt name probably meant.
"""

import difflib
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from dialer.settings.section import Path

PREFIX = "DIALER_"
#: Stands for "any name of the user's choice", as in accounts.*.token.
ANY = "*"
#: Given by the place in the file, never written.
_IMPLIED = "name"


class Names:
    """
    The names that a settings model knows.

    Args:
        model: The pydantic model of all settings; nested models are sections,
            and a `dict[str, model]` is a section for each of the user's names.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._settings = frozenset(_leaves(model, ()))
        self._sections = {path[:end] for path in self._settings for end in range(1, len(path))}

    def complaint(self, path: Path, spell: Callable[[Path], str] = ".".join) -> str | None:
        """
        Why no setting can stand at this path, as the end of a sentence; None when one can.

        Args:
            path: As the user wrote it.
            spell: How a name is written where the user wrote this one.
        """
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
        close = difflib.get_close_matches(".".join(path), sorted(known), n=1)
        return tuple(close[0].split(".")) if close else None

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


def _leaves(model: type[BaseModel], at: Path) -> Iterator[Path]:
    for name, field in model.model_fields.items():
        if at and name == _IMPLIED:
            continue
        section, path = _section(field.annotation), (*at, name)
        if section is None:
            yield path
        elif get_origin(field.annotation) is dict:
            yield from _leaves(section, (*path, ANY))
        else:
            yield from _leaves(section, path)


def _section(annotation: Any) -> type[BaseModel] | None:
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None
