"""
The meaning of the provider's words: status, headers and body in, an `Outcome` out.

Pure. Body first, HTTP status second, because no client of this API has been
seen to rely on its statuses. Two rules decide what is not written down:

- Only an answer that was understood as "no" is a refusal. It may be acted
  on by ringing again, so it must leave no room for a call that was placed.
- An answer that hints at a placed call (a call id, the word "success", the
  code of success, however wrapped) and breaks another rule is `Doubtful`, never
  a refusal, whatever its status.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType

from dialer.client.hint import hints_at_success, is_sign, parsed
from dialer.client.redact import redact
from dialer.domain.job import codes
from dialer.domain.job.codes import Code, Kind
from dialer.domain.job.outcome import Doubtful, Outcome, Placed, Refused

#: Bytes of body that are read; the documented answers have about 80.
BODY_LIMIT = 64 * 1024

_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_CALL_ID = 64
_LONGEST_CODE = 4
#: A connection that the other end keeps for so many seconds at most is not used again.
_SOON = 2

#: Statuses that say "not placed" by themselves. All others leave doubt.
_KIND_BY_STATUS: Mapping[int, Kind] = MappingProxyType(
    {
        # A redirect is never followed: 307 and 308 would ask for a second POST.
        # 303 says where to read what came of the first, which may have rung.
        **dict.fromkeys(set(range(300, 400)) - {303}, Kind.ACCOUNT),
        **dict.fromkeys((401, 403, 404, 405, 407, 410), Kind.ACCOUNT),
        **dict.fromkeys((400, 413, 414, 422), Kind.REQUEST),
        429: Kind.CAPACITY,
    }
)

#: Headers that speak of the connection, to a browser or to a cache, in words of their own.
_ORDINARY = frozenset(
    (
        "access-control-allow-headers",
        "access-control-expose-headers",
        "age",
        "content-length",
        "content-security-policy",
        "content-security-policy-report-only",
        "date",
        "etag",
        "expires",
        "nel",
        "permissions-policy",
        "report-to",
        "reporting-endpoints",
        "retry-after",
        "vary",
    )
)
#: How a body may be packed that is undone before it is read here.
_UNPACKED = ("", "identity", "gzip", "x-gzip", "deflate")


@dataclass(frozen=True, slots=True)
class Answer:
    """
    An HTTP answer that was received whole.

    Attributes:
        headers: By name, in any case.
        body: Decompressed; longer than `BODY_LIMIT` when the rest was not read.
        beside: Lines of a head that are no headers of it: its reason, those of interim answers.
        behind: Bytes after its end.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    beside: Sequence[str] = ()
    behind: bytes = b""


def read_answer(answer: Answer, *, mode: str, secrets: Iterable[str], now: datetime) -> Outcome:
    """
    Outcome of the call by *answer*; total, never raises.

    `Placed` needs the status "success", the success code and a call id, and
    without the id only in developer mode, where no phone rings.

    Args:
        answer: As received.
        mode: As sent.
        secrets: Texts that must not be repeated in a message.
        now: Aware UTC, for a `Retry-After` that names a date.

    Source:
        Sarv.com, "Click to Call API", v2, "Response"; other clients of it for
        `callId` and for codes that are numbers.
    """
    if len(answer.body) > BODY_LIMIT:
        return Doubtful("answer longer than 64 KiB", code=f"http_{answer.status}")
    if answer.status == HTTPStatus.REQUEST_TIMEOUT:
        # What stands between us and the API says it to idle connections, unasked.
        return Doubtful(_phrase(answer.status), f"http_{answer.status}")
    words = _words(answer.body)
    row = codes.lookup(words.code)
    outcome = _by_body(words, row, mode) or _by_status(answer.status, words, row)
    if not isinstance(outcome, Refused):
        return outcome
    if _is_packed(answer):
        return Doubtful("refusal with a body that cannot be read", outcome.code)
    if any(map(hints_at_success, (answer.body, answer.behind))) or any(map(is_sign, _told(answer))):
        return Doubtful("refusal that hints at a placed call", outcome.code)
    message = redact(words.message or outcome.message, secrets)
    return Refused(outcome.row, message, _retry_after(answer.headers, now))


def is_documented(answer: Answer, outcome: Outcome) -> bool:
    """
    Say whether *answer*, which means *outcome*, is one that the API's page describes.

    Nothing that says when its connection will be closed is: who keeps to it may be surprised.
    """
    plain = isinstance(outcome, Placed) or (
        isinstance(outcome, Refused) and outcome.kind not in (Kind.UNKNOWN, Kind.AMBIGUOUS)
    )
    kept = {name.lower(): value.lower() for name, value in answer.headers.items()}
    closes = "close" in kept.get("connection", "") or _kept_for(kept.get("keep-alive", "")) <= _SOON
    return plain and answer.status == HTTPStatus.OK and not closes


def _kept_for(words: str) -> int:
    """Seconds that `Keep-Alive: timeout=5` promises; many where it promises none."""
    promised = re.search(r"timeout\s*=\s*(\d{1,6})", words)
    return int(promised[1]) if promised else _SOON + 1


@dataclass(frozen=True, slots=True)
class _Words:
    """Parts of a body, each "" where it is missing or unreadable."""

    status: str = ""
    code: str = ""
    call_id: str = ""
    message: str = ""
    #: There is something where a call id belongs, readable or not.
    hints_at_call: bool = False
    #: One name stands there twice with different values.
    contradicts_itself: bool = False

    @property
    def refuses(self) -> bool:
        return self.status == "error" and self.code != ""


def _words(body: bytes) -> _Words:
    named: dict[str, list[object]] = {}
    for name, value in _pairs(body):
        # callid, callId and call_id are one name.
        named.setdefault(name.lower().replace("_", ""), []).append(value)
    call_ids = named.get("callid", [])
    return _Words(
        status=_text(named.get("status")).lower(),
        code=_code(named.get("code")),
        call_id=_call_id(call_ids),
        message=_text(named.get("message")),
        hints_at_call=any(call_id not in (None, "", 0) for call_id in call_ids),
        contradicts_itself=not all(
            _agree(named.get(name, [])) for name in ("status", "code", "callid")
        ),
    )


def _agree(values: list[object]) -> bool:
    """Whether all *values* are one text or one number; lists and objects never agree."""
    plain = all(isinstance(value, str | int | None) for value in values)
    return len(values) < 2 or (plain and len({(type(v), v) for v in values}) == 1)  # noqa: PLR2004 - one cannot disagree


def _pairs(body: bytes) -> list[tuple[str, object]]:
    """Names and values of a JSON object, doubled names included; else nothing."""
    try:
        document = parsed(body)
    except (ValueError, RecursionError):
        return []
    # An object arrives as a tuple of its pairs, an array as a list.
    return list(document) if isinstance(document, tuple) else []


def _text(values: list[object] | None) -> str:
    value = values[0] if values else None
    return value.strip() if isinstance(value, str) else ""


def _code(values: list[object] | None) -> str:
    value = values[0] if values else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_LONGEST_CODE:
        return str(value)
    code = _text(values)
    # Longer digits could be a telephone number, and a code is shown everywhere.
    return code if code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE else ""


def _call_id(values: list[object]) -> str:
    value = values[0] if values else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_LONGEST_CALL_ID:
        return str(value)
    call_id = _text(values)
    readable = call_id.isprintable() and len(call_id) <= _LONGEST_CALL_ID
    return call_id if readable else ""


def _by_body(words: _Words, row: Code, mode: str) -> Outcome | None:
    if words.contradicts_itself:
        return Doubtful("answer that contradicts itself", words.code)
    if words.status == "success":
        return _success(words, mode)
    if words.hints_at_call:
        return Doubtful("call id without success", words.code)
    if words.code == codes.SUCCESS:
        return Doubtful("code of success without success", words.code)
    return Refused(row) if words.refuses and row.kind is not Kind.UNKNOWN else None


def _success(words: _Words, mode: str) -> Outcome:
    if words.code != codes.SUCCESS:
        return Doubtful("success without its code", words.code)
    if words.call_id or (mode == "developer" and not words.hints_at_call):
        return Placed(words.call_id)
    return Doubtful("success without a readable call id", words.code)


def _by_status(status: int, words: _Words, row: Code) -> Outcome:
    kind = _KIND_BY_STATUS.get(status)
    if kind is not None:
        return Refused(codes.undocumented(f"http_{status}", kind), _phrase(status))
    is_ok = status // 100 == 2  # noqa: PLR2004 - the class of statuses that HTTP calls successful
    if is_ok and words.refuses:
        return Refused(row)
    if is_ok:
        return Doubtful("answer that is not the documented JSON", words.code or f"http_{status}")
    return Doubtful(_phrase(status), f"http_{status}")


def _phrase(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _told(answer: Answer) -> list[str]:
    """Lines of the heads that may tell of a call: all but the ordinary ones."""
    lines = [*(f"{name}: {value}" for name, value in answer.headers.items()), *answer.beside]
    return [line for line in lines if line.partition(":")[0].strip().lower() not in _ORDINARY]


def _is_packed(answer: Answer) -> bool:
    """Whether the body is in a coding that was not undone."""
    codings = ",".join(v for n, v in answer.headers.items() if n.lower() == "content-encoding")
    packed = any(one.strip().lower() not in _UNPACKED for one in codings.split(","))
    return packed and bool(answer.body.strip())


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Seconds or a date; at most an hour, and None for anything else."""
    value = next((v.strip() for k, v in headers.items() if k.lower() == "retry-after"), "")
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value[:9]))
    else:
        try:
            date = parsedate_to_datetime(value)
            wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)
