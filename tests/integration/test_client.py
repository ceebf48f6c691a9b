"""
One call over a real socket, through everything that can go wrong there.

The assertion that matters most is in `place`: a request of which the server
saw a single byte is never reported as not sent. And no test, whatever it is
about, may let a token or a number out (`nothing_is_told`).
"""

import gzip
import json
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from http.client import NotConnected
from math import inf
from pathlib import Path
from threading import Event
from urllib.parse import parse_qsl

import pytest
from faultserver import FaultServer, closed_port, full_backlog, server_tls
from urllib3 import HTTPConnectionPool

from dialer.client import Client, Endpoint
from dialer.client.adapter import Adapter
from dialer.client.answer import BODY_LIMIT
from dialer.client.connection import Connection
from dialer.client.exchange import Exchange, TimeLimits
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.outcome import Doubtful, NotSent, Placed, Refused
from dialer.machine.clock import Clock

DATA = Path(__file__).parent.parent / "data"
TOKEN = "made-up-token-0001"
USER_ID = "90000001"
FROM, TO = "9000000001", "9000000002"
SECRETS = (TOKEN, USER_ID, FROM, TO)
CALL = {"from": FROM, "to": TO}

OK = {"callid": "abc123", "status": "success", "code": "200"}
REFUSAL = {"message": f"{FROM} with {TOKEN}", "status": "error", "code": "1508"}

#: Time enough on the slowest machine; and for those who are kept waiting.
ENOUGH = timedelta(seconds=5)
SHORT = timedelta(seconds=0.4)
#: Far above SHORT and below what the slow servers take: a call that took so
#: long was not ended by its deadline.
FOREVER = 8.0


@pytest.fixture(autouse=True)
def nothing_is_told(caplog, capfd, monkeypatch):
    """With every logger at DEBUG, no test of this file may log or print a secret."""
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    with ExitStack() as levels:
        for name in (None, *logging.root.manager.loggerDict):
            levels.enter_context(caplog.at_level(logging.DEBUG, logger=name))
        yield
    lines = map(logging.Formatter().format, caplog.get_records("call"))
    told = "\n".join(lines) + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in told]


def client(**options):
    trust = {"ca_file": DATA / "loopback.pem"}
    return Client(**{"connect_timeout": ENOUGH, "deadline": ENOUGH} | trust | options)


def place(target, server=None, *, mode="live", start_at=-inf, start_by=inf, **options):
    endpoint = Endpoint(target, USER_ID, TOKEN)
    began = time.monotonic()

    outcome = client(**options).place(
        endpoint, CALL, mode=mode, start_at=start_at, start_by=start_by
    )

    assert time.monotonic() - began < FOREVER, "not ended by its deadline"
    if server and server.seen:
        assert not isinstance(outcome, NotSent)
    assert not [secret for secret in SECRETS if secret in repr(outcome)]
    return outcome


def response(body=OK, status="200 OK", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(raw)), "Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + raw


def answering(data):
    def behave(talk):
        talk.read_request()
        talk.send(data)

    return behave


def placing(data, **options):
    """Place one call with a server that answers *data* and closes."""
    with FaultServer(answering(data)) as server:
        return place(server.url, server, **options)


# The request itself


def test_request_as_on_the_vendors_page():
    """One POST over one connection, everything in the query, no body, the mode always sent."""
    with FaultServer(answering(response())) as server:
        outcome = place(server.url, server, mode="developer")

    head, _, body = bytes(server.seen).partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    method, target, version = line.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, _, value in (f.partition(": ") for f in fields)}
    assert Placed("abc123") == outcome
    assert (method, path, version) == ("POST", "/v2/clickToCall/para", "HTTP/1.1")
    assert parse_qsl(query, keep_blank_values=True) == [
        ("user_id", USER_ID),
        ("token", TOKEN),
        ("from", FROM),
        ("to", TO),
        ("mode", "developer"),
    ]
    assert body == b""
    assert headers["content-length"] == "0"
    assert headers["connection"] == "close"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert "cookie" not in headers
    assert "authorization" not in headers
    assert server.connections == 1


def test_each_call_has_its_own_connection():
    """Nothing is kept from call to call: no connection, no cookie."""
    answer = response(Set_Cookie="session=kept; Path=/", Connection="keep-alive")
    with FaultServer(answering(answer)) as server:
        one = client()
        endpoint = Endpoint(server.url, USER_ID, TOKEN)
        for _ in range(3):
            assert one.place(endpoint, CALL, mode="live", start_at=-inf, start_by=inf) == Placed(
                "abc123"
            )
            server.seen.clear()

    assert server.connections == 3
    assert b"kept" not in server.seen


def test_a_connection_is_made_once():
    """Whatever asks for a second one gets an error: it could only carry a second request."""
    exchange = Exchange(TimeLimits(-inf, inf, ENOUGH), Clock())
    with FaultServer(answering(response(Connection="close"))) as server:
        adapter = Adapter(server.url, keep=False)
        options = {"resolve": socket.getaddrinfo, "within": ENOUGH, "clock": Clock()}
        one = Connection("127.0.0.1", server.port, **options)
        one.connect()
        adapter.ask(one, exchange, {})
        with pytest.raises(NotConnected):
            adapter.ask(one, exchange, {})
        with pytest.raises(ConnectionError, match="made once"):
            one.connect()

    assert server.connections == 1


def test_one_client_for_many_threads():
    """Calls placed at the same time by one client get their own answers."""

    def echo(talk):
        talk.server.seen.clear()
        talk.read_request()
        query = parse_qsl(bytes(talk.server.seen).split(b" ")[1].partition(b"?")[2].decode())
        talk.send(response(OK | {"callid": dict(query)["from"]}))

    with FaultServer(echo, tls=server_tls(DATA / "loopback.pem")) as server:
        one = client()
        endpoint = Endpoint(server.url, USER_ID, TOKEN)

        def placed(name):
            call = {"from": name, "to": TO}
            return one.place(endpoint, call, mode="live", start_at=-inf, start_by=inf)

        names = [f"agent{n}" for n in range(16)]
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(placed, names))

    assert [Placed(name) for name in names] == outcomes


def test_environment_is_not_consulted(monkeypatch, tmp_path):
    """A proxy or a netrc of the machine changes nothing."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FaultServer(answering(b"")) as proxy, FaultServer(answering(response())) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        outcome = place(server.url, server)

    assert Placed("abc123") == outcome
    assert proxy.connections == 0
    assert b"authorization" not in server.seen.lower()


def test_arguments_that_break_a_rule():
    """A wrong argument is told by name before anything connects."""
    with pytest.raises(ValueError, match=r"^deadline: "):
        client(deadline=timedelta(0))
    with pytest.raises(ValueError, match=r"^connect_timeout: "):
        client(connect_timeout=timedelta(seconds=-1))
    with FaultServer(answering(response())) as server:
        for wrong in ({"mode": "loud"}, {"start_at": 2.0, "start_by": 1.0}):
            with pytest.raises(ValueError, match=r"^(mode|start_at): "):
                place(server.url, server, **wrong)

    assert server.connections == 0


# Not sent


def test_connection_refused():
    """Nobody listens: not sent."""
    with closed_port() as port:
        assert NotSent("connection refused") == place(f"http://127.0.0.1:{port}/")


def test_unknown_host():
    """The name does not resolve: not sent."""

    def resolve(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert NotSent("host name not found") == place("https://calls.invalid/", resolve=resolve)


def test_host_without_address():
    """The name resolves to nothing: not sent."""
    outcome = place("https://calls.invalid/", resolve=lambda *_, **__: [])

    assert NotSent("connection failed: OSError") == outcome


def test_second_address_is_tried():
    """A first address that refuses does not end the call, and each is tried once."""
    with FaultServer(answering(response())) as server, closed_port() as port:
        ends = [("127.0.0.1", port), ("127.0.0.1", server.port)]
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", end) for end in ends]
        outcome = place("http://localhost/", server, resolve=lambda *_, **__: addresses)

    assert Placed("abc123") == outcome
    assert server.connections == 1


def test_silent_address_leaves_time_for_the_next():
    """An address that never answers uses up its share of the time to connect, not all of it."""
    with FaultServer(answering(response())) as server, full_backlog() as port:
        ends = [("127.0.0.1", port), ("127.0.0.1", server.port)]
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", end) for end in ends]
        outcome = place(
            "http://localhost/",
            server,
            connect_timeout=timedelta(seconds=1),
            resolve=lambda *_, **__: addresses,
        )

    assert Placed("abc123") == outcome


def test_connect_timeout():
    """A port that neither accepts nor refuses is given up in time: not sent."""
    with full_backlog() as port:
        assert NotSent("no connection in time") == place(
            f"http://127.0.0.1:{port}/", connect_timeout=SHORT
        )


def test_stalled_handshake():
    """A TLS handshake that does not end is given up in time: not sent."""
    with FaultServer(lambda talk: talk.hang()) as server:
        endpoint = server.url.replace("http:", "https:")

        assert NotSent("no connection in time") == place(endpoint, connect_timeout=SHORT)
    assert TOKEN.encode() not in server.seen


def test_trickled_handshake():
    """A handshake that makes a little progress for ever is given up in time, too."""
    start = b"\x16\x03\x03\x3f\xff" + b"\x02\x00\x3f\xfb" + b"\x03\x03" * 200
    with FaultServer(lambda talk: talk.trickle(start)) as server:
        outcome = place(server.url.replace("http:", "https:"), connect_timeout=SHORT)

    assert isinstance(outcome, NotSent)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x03\x00\x02\x02\x28"]
)
def test_failed_handshake(answer):
    """A server that does not speak TLS, leaves or alerts: not sent."""

    def behave(talk):
        talk.send(answer)
        talk.client_left(0.1)

    with FaultServer(behave) as server:
        outcome = place(server.url.replace("http:", "https:"))

    assert isinstance(outcome, NotSent)
    assert TOKEN.encode() not in server.seen


@pytest.mark.parametrize(
    ("certificate", "ca_file"),
    [("loopback", None), ("elsewhere", "elsewhere"), ("expired", "expired")],
    ids=["unknown authority", "another host", "expired"],
)
def test_bad_certificate(certificate, ca_file):
    """Where a certificate does not hold, the token is shown to nobody."""
    ca = DATA / f"{ca_file}.pem" if ca_file else None
    tls = server_tls(DATA / f"{certificate}.pem")
    with FaultServer(answering(response()), tls=tls) as server:
        outcome = place(server.url, server, ca_file=ca)

    assert isinstance(outcome, NotSent)
    assert outcome.why.startswith("its certificate: ")
    assert server.seen == b""


def test_good_certificate():
    """Over TLS a call is placed like any other."""
    tls = server_tls(DATA / "loopback.pem")
    with FaultServer(answering(response()), tls=tls) as server:
        outcome = place(server.url, server)

    assert Placed("abc123") == outcome
    assert TOKEN.encode() in server.seen


def test_hang_over_tls():
    """The deadline holds for TLS sockets, too."""
    tls = server_tls(DATA / "loopback.pem")
    with FaultServer(lambda talk: talk.hang(), tls=tls) as server:
        outcome = place(server.url, server, deadline=SHORT)

    assert isinstance(outcome, Doubtful)


# The window of the start


def test_waits_connected_until_its_instant():
    """A request that is ready early has its connection, and sends nothing before its instant."""
    waits = []
    accepted = Event()

    def sleep(seconds):
        waits.append((seconds, accepted.wait(5), bytes(server.seen)))

    def behave(talk):
        accepted.set()
        answering(response())(talk)

    clock = Clock(monotonic=lambda: 100.0, boottime=lambda: 0.0, sleep=sleep)
    with FaultServer(behave) as server:
        outcome = place(server.url, server, start_at=100.2, start_by=100.3, clock=clock)

    assert Placed("abc123") == outcome
    assert [(pytest.approx(0.2), True, b"")] == waits


def test_too_late_before_connecting():
    """Past its last moment a call does not even connect."""
    with FaultServer(answering(response())) as server:
        outcome = place(server.url, server, start_by=time.monotonic() - 0.001)

    assert isinstance(outcome, NotSent)
    assert outcome.late
    assert server.connections == 0


@pytest.mark.parametrize("sleeping", [False, True], ids=["slow", "suspended"])
def test_too_late_after_connecting(sleeping):
    """When connecting takes too long, or the machine sleeps meanwhile, no request byte leaves."""
    now = 100.0
    shift = 0.0

    def resolve(*args, **kwargs):
        nonlocal now, shift
        now, shift = (now, 3600.0) if sleeping else (now + 0.3, shift)
        return socket.getaddrinfo(*args, **kwargs)

    clock = Clock(monotonic=lambda: now, boottime=lambda: now + shift)
    with FaultServer(lambda talk: talk.hang()) as server:
        outcome = place(server.url, server, start_by=100.25, clock=clock, resolve=resolve)

    assert isinstance(outcome, NotSent)
    assert outcome.late
    assert server.seen == b""


# Doubt


def close_before_reading(talk):
    pass


def reset_before_reading(talk):
    talk.reset()


def read_then_close(talk):
    talk.read_request()


def read_then_reset(talk):
    talk.read_request()
    talk.reset()


def read_then_hang(talk):
    talk.read_request()
    talk.hang()


def answer_then_hang(data):
    def behave(talk):
        talk.read_request()
        talk.send(data)
        talk.hang()

    return behave


def answer_then_reset(data):
    def behave(talk):
        talk.read_request()
        talk.send(data)
        talk.reset()

    return behave


def trickle(data):
    def behave(talk):
        talk.read_request()
        talk.trickle(data)

    return behave


def endless(start, data):
    def behave(talk):
        talk.read_request()
        talk.send(start)
        talk.repeat(data)

    return behave


BODY = json.dumps(OK).encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY + b" " * 200) + b"0\r\n\r\n"
ZIPPED = gzip.compress(BODY)

LONG_HEAD = b"HTTP/1.1 103 X\r\n" + b"a: b\r\n" * 20_000 + b"\r\n"
LONG_LINE = b"HTTP/1.1 103 X\r\na: " + b"b" * 200_000 + b"\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nLink: </a.js>\r\n\r\n"

#: Only the deadline ends these.
ENDLESS = {
    "hang": read_then_hang,
    "hang after half a status": answer_then_hang(b"HTTP/1.1 2"),
    "hang after the head": answer_then_hang(response()[: -len(BODY)]),
    "hang in the body": answer_then_hang(response()[:-5]),
    "103 Early Hints, then hang": answer_then_hang(HINTS),
    "trickled 103": trickle(HINTS * 5),
    "trickled head": trickle(response(X_Padding="x" * 200)),
    "trickled body": trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b" " * 300),
    "trickled chunks": trickle(CHUNKED + CHUNKS),
}

#: These end by themselves, as nothing that could be understood.
UNCLEAR = {
    "read then close": read_then_close,
    "read then reset": read_then_reset,
    "close in the status": answering(b"HTTP/1.1 2"),
    "close in the head": answering(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "close after the head": answering(response()[: -len(BODY)]),
    "truncated body": answering(response()[:-5]),
    "truncated though whole as JSON": answering(response(Content_Length="500")),
    "truncated chunks": answering(CHUNKED + CHUNKS[:-30]),
    "broken chunk size": answering(CHUNKED + b"many\r\n" + BODY),
    "reset in the body": answer_then_reset(response()[:-5]),
    "100 Continue for ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 without end": answering(HINTS * 200 + response()),
    "103 with a long head": answering(LONG_HEAD + response()),
    "103 with a long line": answering(LONG_LINE + response()),
    "103 and no more": answering(HINTS),
    "103 without its end": answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a>"),
    "another protocol": answering(b"HTTP/1.1 101 Switching\r\n\r\n" + response()),
    "another protocol behind a hint": answering(HINTS + b"HTTP/1.1 101 X\r\n\r\n" + response()),
    "garbage status line": answering(b"220 mail.invalid ESMTP\r\n\r\n"),
    "garbage bytes": answering(bytes(range(256)) * 8),
    "TLS spoken to plain": answering(b"\x15\x03\x01\x00\x02\x02\x0a"),
    "absurd length": answering(response(Content_Length="12, 13")),
    "head without end": endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "header line without end": endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 4096),
    "2 MB of body": answering(response(BODY.ljust(2_000_000))),
    "body without end": endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 4096),
    "2 MB of body in 2 kB of gzip": answering(
        response(gzip.compress(BODY.ljust(2_000_000)), Content_Encoding="gzip")
    ),
    "truncated gzip": answering(response(ZIPPED[:-20], Content_Encoding="gzip")),
    "gzip that is none": answering(response(BODY, Content_Encoding="gzip")),
    "unknown encoding": answering(response(ZIPPED, Content_Encoding="rot13")),
    "empty": answering(response(b"")),
    "no content": answering(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "HTML": answering(response(b"<html>maintenance</html>")),
    "array": answering(response([OK])),
    "success without call id": answering(response({"status": "success", "code": "200"})),
    "error with call id": answering(response(REFUSAL | {"callid": "abc123"})),
    "success with code 1508": answering(response(OK | {"code": "1508"})),
    "status missing": answering(response({"code": "1508"})),
    "408": answering(response(b"", "408 Request Timeout")),
    "500": answering(response(b"oops", "500 Internal Server Error")),
    "502": answering(response(b"", "502 Bad Gateway")),
    "503 with Retry-After": answering(response(b"", "503 Service Unavailable", Retry_After="9")),
    "504": answering(response(b"", "504 Gateway Timeout")),
}


@pytest.mark.parametrize("behaviour", ENDLESS.values(), ids=ENDLESS.keys())
def test_ended_by_the_deadline(behaviour):
    """However little or much an answer trickles, the deadline ends it, and in doubt."""
    with FaultServer(behaviour) as server:
        outcome = place(server.url, server, deadline=SHORT)

    assert isinstance(outcome, Doubtful)
    assert outcome.why.endswith("answer within 0.4s")
    assert server.connections == 1


@pytest.mark.parametrize("behaviour", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_unclear(behaviour):
    """Once bytes may have left, whatever is no clear answer is a doubt, and is sent once."""
    with FaultServer(behaviour) as server:
        outcome = place(server.url, server)

    assert isinstance(outcome, Doubtful)
    assert "within 5s" not in outcome.why
    assert server.connections == 1
    assert server.seen.count(b"POST ") <= 1


@pytest.mark.parametrize("behaviour", [close_before_reading, reset_before_reading])
def test_gone_before_reading(behaviour):
    """A server that leaves at once is seen while connecting, or too late to be sure."""
    with FaultServer(behaviour) as server:
        outcome = place(server.url, server)

    assert isinstance(outcome, NotSent | Doubtful)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (read_then_close, "connection closed before the answer"),
        (answering(response()[:-5]), "connection closed within the answer"),
        (read_then_reset, "connection reset before the answer"),
        (answering(response(b"", "503 Service Unavailable")), "HTTP 503 Service Unavailable"),
    ],
)
def test_doubt_is_told_in_plain_words(behaviour, why):
    """A doubt says what was seen on the wire."""
    with FaultServer(behaviour) as server:
        outcome = place(server.url, server)

    assert isinstance(outcome, Doubtful)
    assert why == outcome.why


def test_a_fault_of_ours_after_sending():
    """When our own code fails after the request left, the call is doubtful."""

    def broken():
        raise RuntimeError(TOKEN)

    outcome = placing(response(), clock=Clock(now=broken))

    assert Doubtful("answer that cannot be read: RuntimeError") == outcome


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_being_stopped_passes_through(stop):
    """Being told to stop is no outcome; it is passed on."""

    def resolve(*_args, **_kwargs):
        raise stop

    with pytest.raises(stop):
        place("https://calls.invalid/", resolve=resolve)


# Answers


@pytest.mark.parametrize(
    "data",
    [
        response(),
        response(OK | {"code": 200}),
        response(Connection="close"),
        response(Content_Type="text/html; charset=iso-8859-1"),
        response(b"\xef\xbb\xbf" + BODY),
        response(BODY.ljust(BODY_LIMIT)),
        response(ZIPPED, Content_Encoding="gzip"),
        CHUNKED + CHUNKS,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + response(),
        HINTS + response(),
        b"HTTP/1.1 102 Processing\r\n\r\n" * 5 + HINTS * 2 + response(),
        b"HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n" + HINTS + CHUNKED + CHUNKS,
        b"HTTP/1.1 199 \n\n" + response(),
        response(Set_Cookie="broken; =; ;;"),
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n" + BODY,
    ],
)
def test_placed(data):
    """However it is wrapped, the documented success is a placed call."""
    assert placing(data) == Placed("abc123")


def test_placed_although_the_connection_is_reset_after_the_answer():
    """A whole answer counts, whatever happens to the connection behind it."""

    def behave(talk):
        talk.read_request()
        talk.send(response())
        talk.client_left(5)
        talk.reset()

    with FaultServer(behave) as server:
        assert Placed("abc123") == place(server.url, server)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (REFUSAL, "200 OK", ("1508", Kind.REQUEST)),
        (REFUSAL, "503 Service Unavailable", ("1508", Kind.REQUEST)),
        (REFUSAL | {"code": "9999"}, "200 OK", ("9999", Kind.UNKNOWN)),
        (b"", "401 Unauthorized", ("http_401", Kind.ACCOUNT)),
        (b"", "403 Forbidden", ("http_403", Kind.ACCOUNT)),
        (b"", "404 Not Found", ("http_404", Kind.ACCOUNT)),
        (b"", "405 Method Not Allowed", ("http_405", Kind.ACCOUNT)),
        (b"", "407 Proxy Authentication Required", ("http_407", Kind.ACCOUNT)),
        (b"", "410 Gone", ("http_410", Kind.ACCOUNT)),
        (b"", "400 Bad Request", ("http_400", Kind.REQUEST)),
        (b"", "413 Content Too Large", ("http_413", Kind.REQUEST)),
        (b"", "414 URI Too Long", ("http_414", Kind.REQUEST)),
        (b"", "422 Unprocessable Content", ("http_422", Kind.REQUEST)),
        (b"", "429 Too Many Requests", ("http_429", Kind.CAPACITY)),
    ],
)
def test_refused(body, status, expected):
    """An understood no is a refusal, by the code in the body first, by the status second."""
    outcome = placing(response(body, status))

    assert isinstance(outcome, Refused)
    assert expected == (outcome.code, outcome.kind)


@pytest.mark.parametrize("interim", [HINTS, b"HTTP/1.1 102 Processing\r\n\r\n" * 3])
def test_refused_behind_an_interim_answer(interim):
    """What comes before the answer changes nothing of it, a refusal by status included."""
    assert isinstance(placing(interim + response(REFUSAL)), Refused)
    assert isinstance(placing(interim + response(b"", "404 Not Found")), Refused)


DONE = json.dumps(OK).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 103 Early Hints\r\nX-Call-Id: abc123\r\n\r\n" + response(b"", "404 Not Found"),
        b"HTTP/1.1 102 Success\r\n\r\n" + response(b"", "404 Not Found"),
        response(b"", "404 Success"),
        response(b"", "403 code 200"),
        b"HTTP/1.1 404 X\r\nno colon\r\nX-Call-Id: a\r\nContent-Length: 0\r\n\r\n",
        response(b"", "404 Not Found") + DONE,
        response(b"no", "403 Forbidden") + response(),
        response(b"no", "403 Forbidden") + DONE[:20],
        CHUNKED.replace(b"200 OK", b"404 X") + b"2\r\nno\r\n0\r\n\r\n" + DONE,
        response(b"no", "404 Not Found", Content_Encoding="br"),
        response(b"", "303 See Other", Location="/calls/1"),
        response(b"", "302 Found", Set_Cookie="callid=5"),
    ],
)
def test_refusal_beside_a_sign(data):
    """Whatever else was received and hints at a placed call makes a doubt of the refusal."""
    assert isinstance(placing(data), Doubtful)


def test_429_says_how_long():
    """The wait the provider asks for is in the refusal."""
    outcome = placing(response(b"", "429 Too Many Requests", Retry_After="7"))

    assert isinstance(outcome, Refused)
    assert outcome.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("body", [b"", b"x" * 2_000_000], ids=["short", "long"])
def test_redirects_are_not_followed(status, body):
    """A redirect goes nowhere: 307 and 308 would be a second POST with the token, elsewhere."""
    with FaultServer(answering(response())) as other:
        answer = response(body, f"{status} Moved", Location=other.url)
        with FaultServer(answering(answer)) as server:
            outcome = place(server.url, server)

    code = f"http_{status}"
    assert outcome == (
        Doubtful("answer longer than 64 KiB", code)
        if body
        else Refused(undocumented(code, Kind.ACCOUNT), message=outcome.message)
    )
    assert other.connections == 0
    assert server.connections == 1


# Secrets


@pytest.mark.parametrize(
    "data",
    [
        response(REFUSAL),
        response(REFUSAL | {"code": TO}),
        response(b"", "302 Found", Location=f"/?token={TOKEN}&to={TO}"),
        response(b"", f"400 {TO}"),
        response(f"<p>{TOKEN} {TO}</p>".encode(), "500 Internal Server Error"),
        f"HTTP/1.1 200 {TO}\r\n{TOKEN}\r\n\r\n".encode(),
        f"{TOKEN} {TO}\r\n\r\n".encode(),
    ],
)
def test_echoed_secrets_are_not_repeated(data):
    """What the server echoes of token and numbers stays out of the outcome and the logs."""
    assert isinstance(placing(data), Refused | Doubtful)


def test_the_watch_has_its_eyes_open(caplog):
    """`nothing_is_told` sees what urllib3 logs for others: it is silent only for our calls."""
    with (
        FaultServer(answering(response())) as server,
        HTTPConnectionPool("127.0.0.1", server.port) as pool,
    ):
        pool.request("POST", "/somebody-else")

    assert "/somebody-else" in caplog.text
