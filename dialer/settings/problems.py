"""Validation errors in sentences that name the setting and never show its value."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from dialer.errors import MisfitError, Path
from dialer.settings.names import Names, variable
from dialer.text.reading import plainly

_SENTENCES = {
    "string_type": "must be text in quotes",
    "path_type": "must be a path in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "tuple_type": 'must be a list of names, like ["toCLI"]',
    "model_type": "must be a section",
    "dataclass_type": "must be a section",
    "dict_type": "must be a section",
}


def sentences(error: ValidationError, names: Names, label: Callable[[Path], str]) -> list[str]:
    """One line for each broken rule, "LABEL: RULE"; pydantic's own text would print values."""
    return [f"{label(path)}: {rule}" for path, rule in _rules(error, names)]


def _rules(error: ValidationError, names: Names) -> Iterator[tuple[Path, str]]:
    for one in error.errors(include_url=False, include_input=False):
        path: Path = tuple(str(part) for part in one["loc"])
        kind, cause = one["type"], one.get("ctx", {}).get("error")
        if isinstance(cause, MisfitError):
            yield from ((path + below, rule) for below, rule in cause.rules.items())
        elif kind == "value_error":
            yield path, str(cause)
        elif kind == "missing":
            section = ".".join(path[:-1])
            yield path, f"is missing; write it in [{section}] or set {variable(path)}"
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            yield path, names.complaint(path) or "is no setting"
        else:
            yield path, _SENTENCES.get(kind, plainly(one["msg"]))
