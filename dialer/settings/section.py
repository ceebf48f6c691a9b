"""The base of every part of the settings."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, field_validator

from dialer.text.reading import no_switch


class Section(BaseModel):
    """Frozen, refuses unknown names, and never takes true or false for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # No setting is a switch.
    _no_switches = field_validator("*", mode="before")(no_switch)


def _plain(text: str) -> str:
    if not text or not text.isprintable() or text != text.strip():
        raise ValueError("must be text without spaces around it, and not empty")
    return text


#: Text that says something.
Text = Annotated[str, AfterValidator(_plain)]


def check_secret(value: SecretStr) -> SecretStr:
    """Return a secret that fits on one line; ValueError, without its text, for any other."""
    text = value.get_secret_value()
    if not text or not text.isprintable() or " " in text:
        raise ValueError("must be printable text without spaces, and not empty")
    return value


#: A token or a password, which no text form shows.
Secret = Annotated[SecretStr, AfterValidator(check_secret)]
