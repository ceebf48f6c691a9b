"""Metadata: what a producer keeps beside a job, for itself; it is never sent to the provider."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

#: Before the name of a column that is kept beside the calls of a campaign.
METADATA: Final = "metadata."

_MOST: Final = 20
_LONGEST_NAME: Final = 40
_LONGEST_VALUE: Final = 500
_LONG_NAME: Final = f"has a name that is empty or longer than {_LONGEST_NAME} characters"
_LARGEST: Final = 4096


def read_metadata(value: object) -> Mapping[str, str]:
    """
    Read text by text: at most 20 of at most 40 / 500 characters, 4 KiB in all.

    Raises:
        ValueError: A rule is broken; the text is the rule.
    """
    if not isinstance(value, Mapping):
        raise ValueError('must be an object of texts, such as {"order": "17"}')  # noqa: TRY004 - readers promise ValueError
    if len(value) > _MOST:
        raise ValueError(f"has {len(value)} entries; the most are {_MOST}")
    for name, text in value.items():
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
            raise ValueError(_LONG_NAME)
        if not isinstance(text, str) or len(text) > _LONGEST_VALUE:
            rule = f"must be text of at most {_LONGEST_VALUE} characters"
            raise ValueError(f'has a value that is none: "{name}" {rule}')
        if not _fits_utf8(name + text):
            raise ValueError(
                f'holds what is no text in UTF-8, at "{name.encode("utf-8", "replace").decode()}"'
            )
    if (size := len(written_metadata(value))) > _LARGEST:
        raise ValueError(f"takes {size} bytes; the most are {_LARGEST}")
    return dict(value)


def column_problems(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Return what is wrong with the names of columns that hold metadata, as (name, rule)."""
    names = [name for name in columns if name.startswith(METADATA)]
    found = [(name, _LONG_NAME) for name in names if not 1 <= len(_bare(name)) <= _LONGEST_NAME]
    if len(names) > _MOST:
        found.append(
            (names[-1], f"is one of {len(names)} columns of metadata; the most are {_MOST}")
        )
    return found


def metadata_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata among the values of a contact, which are by column; "" is absent."""
    return {
        _bare(name): text for name, text in values.items() if name.startswith(METADATA) and text
    }


def _bare(name: str) -> str:
    return name.removeprefix(METADATA)


def written_metadata(metadata: Mapping[str, str] | None) -> str:
    """Write metadata as it is stored; "" for none."""
    return json.dumps(metadata, ensure_ascii=True, separators=(",", ":")) if metadata else ""


def _fits_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
