"""
Signs of a placed call, wherever they stand in an answer and however it is wrapped.

A guess on purpose, and to one side: a refusal may be acted on by ringing again,
so a word too many makes a doubt, and a person looks.
"""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

# Of letters and digits alone, so that quotes, blanks and line breaks hide nothing.
# Between a code and its number there may be a word or two of what wraps it.
_SIGN = re.compile(r"succe|call(?:u?u?id|sid)|code[a-z]{0,16}(?:0*200(?!\d)|twohundred)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:e\+?\d{1,3})?")
#: The beginning of one, where a text may be cut.
_CUT = re.compile(r"(?:succ?|calli?)$")
_TAG = re.compile(r"<[^<>]*>")
_ESCAPED = re.compile(r"(?<!\\)\\+u([0-9a-f]{4})", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
_SUCCESS = 200
#: What stands in place of a value that is not there.
_NOTHING = (None, "", 0)
#: Letters of a path that stand before each of its names; a sign has fewer.
_PATH = 64


def parsed(body: bytes) -> object:
    """
    JSON of *body*: an object becomes a tuple of its pairs, to keep doubled names, an array a list.

    ValueError where it is none, RecursionError where it is nested thousands deep, as it may be.
    """
    try:
        return json.loads(body, object_pairs_hook=tuple)
    except UnicodeDecodeError:
        # Some other 8-bit charset; what we look for is ASCII in all of them.
        return json.loads(body.decode("latin-1"), object_pairs_hook=tuple)


def hints_at_success(body: bytes) -> bool:
    """
    Whether *body* leaves room for a placed call.

    It does where it names success, its code or a call id at any depth, and
    where it cannot be told: bytes that are no text, JSON that is cut or has
    something behind it. A name with nothing in it, such as "callid": "" or
    "success": false, is no sign.
    """
    if not body.strip():
        return False
    try:
        return any(map(is_sign, _words(parsed(body))))
    except (ValueError, RecursionError):
        return _in_text(body)


def _in_text(body: bytes) -> bool:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in text):
        return True
    is_cut = text.lstrip().startswith(("{", "[", '"')) or _CUT.search(_letters(text))
    return bool(is_cut) or is_sign(text)


def _words(document: object, path: str = "") -> Iterator[str]:
    """Every text of a document, and every name and plain value with the path it belongs to."""
    if isinstance(document, tuple):
        for name, value in document:
            within = f"{path} {name}"
            if value not in _NOTHING and isinstance(value, tuple | list):
                yield within
            yield from _words(value, _letters(within)[-_PATH:])
    elif isinstance(document, list):
        for value in document:
            yield from _words(value, path)
    elif document not in _NOTHING:
        yield f"{path} {document}"
        if "code" in path:  # however far up
            yield f"code {document}"


def is_sign(text: str) -> bool:
    """Whether *text* names success, its code or a call id, in any letters and encoding."""
    readings = [text, _TAG.sub("", text), *map(_decoded, _BASE64.findall(text))]
    return any(_SIGN.search(_letters(reading)) for reading in readings)


def _letters(text: str) -> str:
    """Letters and digits of a text, small, however they were written."""
    text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), html.unescape(unquote(text)))
    text = _NUMBER.sub(_spelt, unicodedata.normalize("NFKC", text).casefold())
    return "".join(filter(str.isalnum, text))


def _spelt(number: re.Match[str]) -> str:
    """The success code in a word, however it is written: 200.0, 2e2, digits of any script."""
    is_code = float(number[0].replace(",", ".")) == _SUCCESS
    return "twohundred" if is_code else number[0]


def _decoded(run: str) -> str:
    whole = run[: len(run) // 4 * 4].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(whole).decode("latin-1")
    except binascii.Error:
        return ""
