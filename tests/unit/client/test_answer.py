"""What an answer of the API means, without a network."""

import base64
import gzip
import html
import json
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.client import hint
from dialer.client.answer import BODY_LIMIT, Answer, is_documented, read_answer
from dialer.client.redact import redact
from dialer.domain.job.codes import CODES, lookup
from dialer.domain.job.outcome import Doubtful, Placed, Refused

TOKEN = "made-up-token-0001"
USER_ID = "90000001"
NUMBER = "9000000001"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OK = {"callid": "abc123", "status": "success", "code": "200"}
NO_AGENT = {"message": "From-Agent is not available", "status": "error", "code": "1578"}


def read(body, *, status=200, mode="live", headers=None, **aside):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status, headers or {}, raw, **aside)
    return read_answer(answer, mode=mode, secrets=(TOKEN, USER_ID), now=NOW)


def brief(outcome):
    """Name an outcome in the words of the tables below."""
    match outcome:
        case Placed(call_id):
            return f"placed {call_id}"
        case Refused(row):
            return f"{row.kind} {row.code}"
        case Doubtful(_, code):
            return f"doubtful {code}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (OK, "placed abc123"),
        (OK | {"code": 200}, "placed abc123"),
        (OK | {"status": " Success "}, "placed abc123"),
        (OK | {"callid": " abc123 "}, "placed abc123"),
        (OK | {"callid": 161777088516}, "placed 161777088516"),
        ({"callId": "a1", "status": "success", "code": "200"}, "placed a1"),
        ({"call_id": "a2", "status": "success", "code": "200"}, "placed a2"),
        ({"CALLID": "a3", "STATUS": "success", "Code": 200, "more": [{}]}, "placed a3"),
        # The same said twice is no contradiction.
        (b'{"callid":"a","callId":"a","status":"success","code":"200"}', "placed a"),
        (NO_AGENT, "agent 1578"),
        (NO_AGENT | {"code": 1578}, "agent 1578"),
        (NO_AGENT | {"callid": ""}, "agent 1578"),
        (NO_AGENT | {"callid": None}, "agent 1578"),
        (NO_AGENT | {"code": "1013"}, "account 1013"),
        (NO_AGENT | {"code": "1574"}, "compliance 1574"),
        (NO_AGENT | {"code": "1501"}, "provider 1501"),
        (NO_AGENT | {"code": "105"}, "request 105"),
        (NO_AGENT | {"code": "1009"}, "ambiguous 1009"),
        (NO_AGENT | {"code": "9999"}, "unknown 9999"),
        ({"status": "error", "code": "1578"}, "agent 1578"),
        # Whatever hints at a placed call is no refusal.
        (NO_AGENT | {"callid": "abc123"}, "doubtful 1578"),
        (NO_AGENT | {"callid": ["abc123"]}, "doubtful 1578"),
        (NO_AGENT | {"code": "200"}, "doubtful 200"),
        (OK | {"code": "1508"}, "doubtful 1508"),
        (OK | {"code": None}, "doubtful "),
        (OK | {"code": True}, "doubtful "),
        (OK | {"code": 200.0}, "doubtful "),
        (OK | {"callid": ""}, "doubtful 200"),
        (OK | {"callid": None}, "doubtful 200"),
        (OK | {"callid": True}, "doubtful 200"),
        (OK | {"callid": {"id": "a"}}, "doubtful 200"),
        (OK | {"callid": "x" * 65}, "doubtful 200"),
        (OK | {"callid": "two\nlines"}, "doubtful 200"),
        (OK | {"callid": "\ud800"}, "doubtful 200"),
        ({"status": "success", "code": "200"}, "doubtful 200"),
        ({"callid": "a", "code": "200"}, "doubtful 200"),
        ({"callid": "a", "status": 1, "code": "200"}, "doubtful 200"),
        (b'{"callid":"a","callid":"b","status":"success","code":"200"}', "doubtful 200"),
        (b'{"status":"error","status":"success","callid":"a","code":"200"}', "doubtful 200"),
        (b'{"status":"error","code":"1578","code":"1508"}', "doubtful 1578"),
        # Only "error" is a no, and only with a code that can be read.
        (NO_AGENT | {"status": "failed"}, "doubtful 1578"),
        (NO_AGENT | {"status": ""}, "doubtful 1578"),
        ({"message": "x", "code": "1578"}, "doubtful 1578"),
        ({"message": "x", "status": "error"}, "doubtful http_200"),
        (NO_AGENT | {"code": ""}, "doubtful http_200"),
        (NO_AGENT | {"code": -1578}, "doubtful http_200"),
        (NO_AGENT | {"code": NUMBER}, "doubtful http_200"),
        (NO_AGENT | {"code": [1578]}, "doubtful http_200"),
    ],
)
def test_body(body, expected):
    """A whole JSON object decides; whoever hints at a call without proving it leaves doubt."""
    assert brief(read(body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"OK",
        b"<html>maintenance</html>",
        b'"success"',
        b"200",
        b"null",
        b"[]",
        b'[{"callid":"a","status":"success","code":"200"}]',
        b'[["callid","a"],["status","success"],["code","200"]]',
        b'{"callid":"a","status":"success","code":"200"',
        b'{"callid":"a","status":"success","code":"200"}{}',
        b"[" * BODY_LIMIT,
        b"1" * 5000,
        b"\xff\xfe\x00",
        b"\x00" * 40,
    ],
)
def test_not_the_documented_json(body):
    """An HTTP 200 without a JSON object says nothing about the phone, so it is doubtful."""
    assert brief(read(body)) == "doubtful http_200"


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + json.dumps(NO_AGENT).encode(),
        json.dumps(NO_AGENT).encode("utf-16"),
        json.dumps(NO_AGENT).encode("utf-32-le"),
        json.dumps(NO_AGENT | {"message": "agent \xe9puis\xe9"}, ensure_ascii=False).encode(
            "cp1252"
        ),
        b"\r\n " + json.dumps(NO_AGENT).encode() + b"\r\n",
    ],
)
def test_charsets(body):
    """A byte order mark or an odd charset does not hide a code."""
    assert brief(read(body)) == "agent 1578"


def test_success_without_call_id_in_developer_mode():
    """In developer mode no phone rings, so a success needs no call id."""
    assert read({"status": "success", "code": "200"}, mode="developer") == Placed("")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "account http_401"),
        (403, "account http_403"),
        (404, "account http_404"),
        (405, "account http_405"),
        (407, "account http_407"),
        (410, "account http_410"),
        (301, "account http_301"),
        (302, "account http_302"),
        (303, "doubtful http_303"),
        (304, "account http_304"),
        (307, "account http_307"),
        (308, "account http_308"),
        (400, "request http_400"),
        (413, "request http_413"),
        (414, "request http_414"),
        (422, "request http_422"),
        (429, "capacity http_429"),
        (408, "doubtful http_408"),
        (500, "doubtful http_500"),
        (502, "doubtful http_502"),
        (503, "doubtful http_503"),
        (504, "doubtful http_504"),
        (599, "doubtful http_599"),
        (101, "doubtful http_101"),
        (201, "doubtful http_201"),
        (204, "doubtful http_204"),
        (402, "doubtful http_402"),
        (418, "doubtful http_418"),
        (999, "doubtful http_999"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"{}", b'{"status":"error","code":"9999"}']
)
def test_status(status, expected, body):
    """Without a known code in the body the HTTP status decides; unlisted ones are doubtful."""
    if (status // 100, body[:9]) == (2, b'{"status"'):
        expected = "unknown 9999"

    assert brief(read(body, status=status)) == expected


@pytest.mark.parametrize(
    ("status", "body", "headers", "documented"),
    [
        (200, OK, {}, True),
        (200, NO_AGENT, {}, True),
        (200, OK, {"Connection": "keep-alive", "Keep-Alive": "timeout=5, max=99"}, True),
        (200, OK, {"Connection": "Keep-Alive, Close"}, False),
        (200, OK, {"keep-alive": "timeout=2"}, False),
        (200, NO_AGENT | {"code": "9999"}, {}, False),
        (200, NO_AGENT | {"code": "1032"}, {}, False),
        (200, b"", {}, False),
        (201, OK, {}, False),
        (403, NO_AGENT, {}, False),
        (404, b"", {}, False),
    ],
)
def test_only_what_the_page_describes_lets_its_connection_be_used_again(
    status, body, headers, documented
):
    """Status 200, a code that is known and no doubt, and not a word of closing."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status, headers, raw)
    outcome = read_answer(answer, mode="live", secrets=(), now=NOW)

    assert is_documented(answer, outcome) is documented


@pytest.mark.parametrize("body", [NO_AGENT, b"", OK])
def test_408_is_a_doubt_whatever_it_says(body):
    """Gateways say it to idle connections, unasked: it may be no answer to this request."""
    assert brief(read(body, status=408)) == "doubtful http_408"


@pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 404, 429, 500, 503])
def test_body_before_status(status):
    """A code we know classifies whatever the HTTP status; so does a proven or hinted call."""
    assert brief(read(NO_AGENT, status=status)) == "agent 1578"
    assert brief(read(OK, status=status)) == "placed abc123"
    assert brief(read(NO_AGENT | {"callid": "a"}, status=status)) == "doubtful 1578"


def test_too_long_a_body():
    """A body over the limit is doubtful even when it begins like a refusal."""
    body = json.dumps(NO_AGENT).encode().ljust(BODY_LIMIT + 1)

    assert brief(read(body)) == "doubtful http_200"
    assert brief(read(body[:-1])) == "agent 1578"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("0", timedelta(0)),
        ("3600", timedelta(hours=1)),
        ("86400", timedelta(hours=1)),
        ("9" * 5000, timedelta(hours=1)),
        ("Mon, 02 Mar 2026 09:30:30 GMT", timedelta(seconds=30)),
        ("Mon, 02 Mar 2026 15:00:30 +0530", timedelta(seconds=30)),
        ("Mon, 02 Mar 2026 09:30:30 -0000", timedelta(seconds=30)),
        ("Mon, 02 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("Mon, 02 Mar 2099 09:00:00 GMT", timedelta(hours=1)),
        ("-7", None),
        ("1.5", None),
        ("\u0667", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(header, expected):
    """`Retry-After` is read as seconds or as a date, and never trusted beyond an hour."""
    outcome = read(b"", status=429, headers={"retry-AFTER": header})

    assert expected == outcome.retry_after


def test_retry_after_beside_a_code():
    """A refusal by code carries the wait the provider asked for, too."""
    assert read(NO_AGENT, headers={"Retry-After": "5"}).retry_after == timedelta(seconds=5)


def test_refusal_names_the_blamed_parameter():
    """The row of the code says which parameter is at fault."""
    assert read(NO_AGENT).row.blame == "from"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("From-Agent is not available", "From-Agent is not available"),
        (f"invalid number {NUMBER} in from", "invalid number *** in from"),
        ("call +91 90000 00001 or (900) 000-0001", "call +*** or (***"),
        ("9 0 0 0    0 0 0 0 0 1", "***"),
        ("९०००००००१", "***"),
        ("code 1508 and 90", "code 1508 and 90"),
        (f"token {TOKEN} wrong", "token *** wrong"),
        (f"token {TOKEN.upper()} wrong", "token *** wrong"),
        (f"user {USER_ID}", "user ***"),
        ("two\r\nlines\x1b[31m\x00 and \u200bmore", "two lines [31m and more"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_message_is_fit_to_be_shown(words, expected):
    """A message keeps its words and loses secrets, numbers, control characters and length."""
    assert read(NO_AGENT | {"message": words}).message == expected


def test_secret_as_it_stands_in_a_query():
    """A token is masked in its percent-encoded form, too."""
    assert redact("?token=a%2Bb%3D!", ["a+b="]) == "?token=***!"


def test_one_secret_inside_another():
    """A user id that is part of the token does not save the rest of the token."""
    assert redact("tokenwithmeinside", ["me", "tokenwithmeinside", ""]) == "***"


def test_message_that_is_no_text():
    """A message of another type is left out; the refusal stands."""
    outcome = read(NO_AGENT | {"message": {"number": NUMBER}})

    assert Refused(lookup("1578")) == outcome


def test_status_words_stand_in_for_a_missing_message():
    """A refusal by HTTP status is explained by the status."""
    assert read(b"<h1>no</h1>", status=404).message == "HTTP 404 Not Found"


_WORDS = st.sampled_from(["status", "Status", "code", "callid", "callId", "call_id", "message"])
_VALUES = st.sampled_from(
    ["success", "error", "200", 200, "1578", 1578, "abc", "", 0, None, True, []]
)
_DOCUMENTS = st.lists(st.tuples(_WORDS, _VALUES), max_size=6).map(
    lambda pairs: "{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in pairs) + "}"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_WORDS | st.text(), inner),
    max_leaves=8,
).map(json.dumps)
_BODIES = st.binary(max_size=200) | (_DOCUMENTS | _JSON).map(str.encode)
_HEADERS = st.dictionaries(st.just("Retry-After") | st.text(max_size=12), st.text(max_size=40))


@given(_BODIES, st.integers(0, 1000), _HEADERS, st.sampled_from(["live", "developer"]))
def test_nothing_is_placed_by_accident(body, status, headers, mode):
    """Any bytes give an outcome, and `Placed` only where every rule of success holds."""
    outcome = read(body, status=status, mode=mode, headers=headers)

    assert isinstance(outcome, Placed | Refused | Doubtful)
    if isinstance(outcome, Placed):
        document = {name.lower().replace("_", ""): v for name, v in json.loads(body).items()}
        assert document["status"].strip().lower() == "success"
        assert str(document["code"]).strip() == "200"
        if mode == "live" or outcome.call_id:
            assert str(document["callid"]).strip() == outcome.call_id != ""


@given(_DOCUMENTS, st.integers(0, 1000))
def test_nothing_is_refused_that_hints_at_a_call(document, status):
    """An answer with a call id, the word success or its code is never read as a refusal."""
    pairs = json.loads(document, object_pairs_hook=list)
    hints = [v for name, v in pairs if name.lower().replace("_", "") == "callid" and v]
    hints += [v for name, v in pairs if name.lower() == "status" and v == "success"]
    hints += [v for name, v in pairs if name == "code" and str(v) == "200"]

    if hints:
        assert not isinstance(read(document.encode(), status=status), Refused)


#: Statuses that refuse by themselves where nothing speaks against it.
REFUSING = [301, 302, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422, 429]
DONE = json.dumps(OK).encode()
WORDS = DONE.decode()


@pytest.mark.parametrize("status", REFUSING)
@pytest.mark.parametrize(
    "body",
    [
        b"[" + DONE + b"]",
        DONE + b"\n<!-- proxy -->",
        DONE + DONE,
        b"HTTP/1.1 200 OK\r\n\r\n" + DONE,
        b"callback(" + DONE + b");",
        b"while(1);" + DONE,
        b"<html><pre>" + DONE + b"</pre></html>",
        f"<p>{html.escape(WORDS)}</p>".encode(),
        b'{"data":' + DONE + b"}",
        b'{"error":{"detail":[' + DONE + b"]}}",
        json.dumps({"upstream": WORDS}).encode(),
        json.dumps(WORDS).encode(),
        json.dumps(json.dumps({"message": WORDS})).encode(),
        json.dumps({"message": "upstream", "status": "error", "code": "1578", "was": OK}).encode(),
        json.dumps({"message": "Success", "status": "error", "code": "1578"}).encode(),
        b'{"call":{"id":"abc123"}}',
        b'{"CallSid":"abc123"}',
        b'{"success":true}',
        b'{"result":"SUCCESS"}',
        b'{"status":"Succeeded"}',
        b'{"status":"ok","code":200}',
        b'{"code":200.0}',
        b'{"code":2e2}',
        b'{"code":20.0E+1}',
        b'{"code":"200.0"}',
        b'{"code":"200,00"}',
        b'{"code":[200]}',
        b'{"code":["200"]}',
        b'{"code":[[404],[{"n":200}]]}',
        b'{"code":{"value":200}}',
        b'{"statusCode":{"of":{"upstream":{"telephony":{"value":"0200.0"}}}}}',
        '{"code":"\u0968\u0966\u0966"}'.encode(),
        "<code>\u0968\u0966\u0966</code>".encode(),
        b"<code>200.0</code>",
        b"<code><value>200</value></code>",
        b"code=200, 0 errors",
        json.dumps({"was": '{"code":{"value":2e2}}'}).encode(),
        b"<status>success</status>",
        b"<call><id>abc123</id></call>",
        b"status=success&callid=abc123&code=200",
        b"%7B%22callid%22%3A%22abc123%22%7D",
        b"%7b%22%63%61%6clid%22%3A%22abc123%22%7d",
        b"<p>SUCC<wbr>ESS</p>",
        b"suc\xc2\xadcess",
        b"succ=\r\ness",
        "\uff33\uff35\uff23\uff23\uff25\uff33\uff33".encode(),
        rb'{"status":"\u0073uccess"',
        b"&#115;uccess",
        base64.b64encode(DONE),
        base64.urlsafe_b64encode(DONE),
        b"body: " + base64.encodebytes(DONE),
        gzip.compress(DONE, mtime=0),
        zlib.compress(DONE),
        DONE.decode().encode("utf-16") + b"\0\0",
        DONE.decode().encode("utf-16-le") + "x".encode("utf-16-le"),
        WORDS.encode("utf-32-be") + b"\0\0\0x",
        WORDS.encode("cp037"),
        *(DONE[:cut] for cut in range(1, len(DONE))),
        b'<html><pre>{"status":"succ',
        b'<html><pre>{"call',
    ],
)
def test_status_beside_a_sign_of_success(status, body):
    """Whatever the status, a body that may stand for a placed call is doubtful."""
    assert isinstance(read(body, status=status), Doubtful)


@pytest.mark.parametrize("status", REFUSING)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        b"{}",
        b"[]",
        b"null",
        b"Not Found",
        b"<html><head><style>body { color: #333; }</style></head><h1>404 Not Found</h1></html>",
        "<h1>Seite nicht gefunden \u2013 \u0928\u0939\u0940\u0902</h1>".encode(),
        b"<h1>acc\xe8s refus\xe9</h1>",
        b'{"success":false,"message":"Not Found"}',
        b'{"message":"Missing Authentication Token"}',
        b'{"error":{"code":404,"status":"NOT_FOUND"}}',
        b'{"callid":"","status":"error","code":"1999"}',
        b'{"call_id":null}',
        b'{"code":2000}',
        b'{"code":[404,2.5]}',
        b'{"code":{"value":404}},'[:-1],
        b'{"error":{"code":404},"limit":200}',
        b"<h1>Error code: 404</h1><img width=200>",
        b'{"fault":{"faultstring":"Rate limit","detail":{"errorcode":"policies.ratelimit"}}}',
        b"ray id: 8f0a1b2c3d4e5f60718293a4b5c6d7e8",
    ],
)
def test_status_that_refuses_by_itself(status, body):
    """An empty body, and one without a sign of success, leaves the refusal to the status."""
    assert isinstance(read(body, status=status), Refused)


@pytest.mark.parametrize("status", [302, 403, 404, 429])
@pytest.mark.parametrize(
    "line",
    [
        "Location: https://calls.invalid/done?status=Success",
        "Content-Location: /calls?callid=abc123",
        "Link: </call-id/abc123>; rel=self",
        "Set-Cookie: callid=5; Path=/",
        "X-Call-Id: abc123",
        "X-Status: success",
        "X-Result: code=200",
        "X-Code: 200.0",
        "Server-Timing: place;desc=succeeded",
    ],
)
def test_head_that_hints_at_a_call(line, status):
    """A call that is named by the head alone is in doubt, wherever it is named there."""
    name, _, value = line.partition(": ")

    assert isinstance(read(b"", status=status, headers={name: value}), Doubtful)
    assert isinstance(read(b"", status=status, beside=[line]), Doubtful)


@pytest.mark.parametrize("status", [302, 403, 404, 429])
def test_head_that_hints_at_none(status):
    """Other headers hold the word, or its number, for reasons of their own."""
    headers = {
        "Date": "Mon, 02 Mar 2026 20:00:00 GMT",
        "Server": "nginx/1.200.0",
        "Content-Length": "200",
        "Content-Type": "text/html; charset=utf-8",
        "NEL": '{"success_fraction":0,"max_age":200}',
        "Age": "200",
        "Retry-After": "200",
        "ETag": 'W/"code200"',
        "Vary": "X-Call-Id",
        "Access-Control-Expose-Headers": "X-Call-Id, X-Success",
        "Strict-Transport-Security": "max-age=200",
        "Cache-Control": "max-age=200",
        "CF-Ray": "8f0a1b2c3d4e5f60-200",
        "Location": "https://calls.invalid/login",
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]

    assert isinstance(read(b"", status=status, headers=headers), Refused)
    assert isinstance(read(b"", status=status, beside=["Not Found", *lines]), Refused)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [(DONE, Doubtful), (DONE[:9], Doubtful), (b"\r\n", Refused), (b"<!-- end -->", Refused)],
)
def test_what_comes_behind_the_end(behind, expected):
    """Bytes behind the length that was said are of nothing, and may be of a placed call."""
    assert isinstance(read(b"no", status=404, behind=behind), expected)


@pytest.mark.parametrize(
    ("coding", "expected"),
    [("br", Doubtful), ("gzip, zstd", Doubtful), ("", Refused), ("X-GZIP", Refused)],
)
def test_body_in_a_coding_that_is_not_undone(coding, expected):
    """Nobody knows what it says, so the status beside it does not refuse alone."""
    headers = {"content-ENCODING": coding}

    assert isinstance(read(b"\x8b#x", status=404, headers=headers), expected | Doubtful)
    assert isinstance(read(b"no", status=404, headers=headers), expected)
    assert isinstance(read(b"", status=404, headers=headers), Refused)


def test_long_name_above_many_fields_is_read_in_time():
    """Only the end of a path is looked at with each of its names."""
    fields = ",".join(f'"a{n}":1' for n in range(1000))
    seen = []

    for length in (10, 10_000):
        body = f'{{"{"x" * length}":{{{fields}}}}}'.encode()
        seen.append(max(len(word) for word in list(hint._words(hint.parsed(body)))[1:]))
    assert max(seen) < 100


_WRAPPINGS = st.lists(
    st.sampled_from(
        [
            lambda text: f"[{text}]",
            lambda text: f'{{"data":{text}}}',
            json.dumps,
            lambda text: json.dumps({"message": text, "status": "error", "code": "1578"}),
            html.escape,
            lambda text: f"<html><body>{text}</body></html>",
            lambda text: text + "\n",
            lambda text: text + " behind",
            lambda text: "before " + text,
            lambda text: text.upper(),
            lambda text: text.replace(",", ",\r\n  "),
        ]
    ),
    max_size=4,
)


@given(_WRAPPINGS, st.sampled_from([*REFUSING, 200, 500]), st.sampled_from(["utf-8", "utf-16"]))
def test_no_wrapping_makes_success_a_refusal(wrappings, status, charset):
    """The documented success, in whatever it is wrapped, is never read as a refusal."""
    text = WORDS
    for wrap in wrappings:
        text = wrap(text)

    assert not isinstance(read(text.encode(charset), status=status), Refused)


_PLAIN = st.text().filter(
    lambda t: not any(w in t.casefold() for w in ("succ", "call", "code", "\0"))
)


@given(
    st.sampled_from(sorted(CODES)),
    st.dictionaries(st.sampled_from(["detail", "reqid", "at"]), _PLAIN | st.integers(1000)),
    st.integers(200, 599),
)
def test_documented_refusal_stays_one(code, more, status):
    """A documented error without a sign of success is a refusal, whatever else is with it."""
    body = more | {"status": "error", "code": code, "message": "no"}

    assert brief(read(body, status=status)).endswith(code)
    assert isinstance(read(body, status=status), Refused)


@pytest.mark.parametrize("meaning", sorted({row.meaning for row in CODES.values()}))
def test_no_documented_meaning_is_a_sign_of_success(meaning):
    """The words the vendor documents for its refusals hold no sign of success."""
    assert isinstance(read(NO_AGENT | {"message": meaning}), Refused)


@given(st.text(), st.text(min_size=1).filter(str.isprintable), st.text())
def test_no_secret_survives_redaction(before, secret, after):
    """Wherever a secret without blanks stands in the words, it is not shown."""
    secret = "s3cr3t" + "".join(secret.split())

    assert secret.lower() not in redact(before + secret + after, [secret]).lower()
