"""
The base of every part of the settings, and how a part says what is wrong with it.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    ValidationInfo,
    field_validator,
)

#: The way to one setting: ("accounts", "default", "token").
Path = tuple[str, ...]


class MisfitError(ValueError):
    """
    Settings that are well-formed one by one and do not fit together.

    Attributes:
        rules: For each setting at fault, its path below the section that
            found it, and the broken rule as the end of a sentence.
    """

    def __init__(self, rules: Mapping[Path, str]) -> None:
        self.rules = dict(rules)
        super().__init__("; ".join(self.rules.values()))


class Section(BaseModel):
    """Frozen, refuses unknown names, and never takes true or false for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_switches(cls, value: object, _info: ValidationInfo) -> object:
        # pydantic reads `true` as 1, and no setting is a switch.
        if isinstance(value, bool):
            raise ValueError("must not be true or false")  # noqa: TRY004 - pydantic collects only ValueError
        return value


def _plain(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip():
        raise ValueError("must be text without spaces around it, and not empty")
    return text


#: Text that says something.
Text = Annotated[str, AfterValidator(_plain)]


def check_secret(value: SecretStr) -> SecretStr:
    """
    A secret that fits on one line; a ValueError, without its text, for any other.
    """
    text = value.get_secret_value()
    if not text or not text.isprintable() or " " in text:
        raise ValueError("must be printable text without spaces, and not empty")
    return value


#: A token or a password, which no text form shows.
Secret = Annotated[SecretStr, AfterValidator(check_secret)]
