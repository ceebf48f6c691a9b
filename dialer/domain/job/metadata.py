"""Metadata: what a producer keeps beside a job, for itself; it is never sent to the provider."""

import json
from collections.abc import Mapping
from typing import Final

_MOST: Final = 20
_LONGEST_NAME: Final = 40
_LONGEST_VALUE: Final = 500
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
            raise ValueError(f"has a name that is empty or longer than {_LONGEST_NAME} characters")
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


def written_metadata(metadata: Mapping[str, str] | None) -> str:
    """Write metadata as it is stored; "" for none."""
    return json.dumps(metadata, ensure_ascii=True, separators=(",", ":")) if metadata else ""


def _fits_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
