"""The sandbox over real sockets: what a client sees, and what the ledger says about it."""

import ast
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

import dialer.sandbox
from dialer.errors import SandboxRefused
from dialer.sandbox import DEFAULT_WORLD, Fault, Row, Sandbox, When, read_ledger
from dialer.sandbox.world import Latency

CALL = {
    "user_id": "00000001",
    "token": "sandbox-token-not-secret",
    "from": "9000000001",
    "to": "9000000002",
}
SHORT = timedelta(milliseconds=30)


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


def raw_request(params, *, close=True):
    end = "Connection: close\r\n" if close else ""
    path = f"/v2/clickToCall/para?{urlencode(params)}"
    return f"POST {path} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 0\r\n{end}\r\n".encode()


def read_to_end(client):
    """Give the bytes until the server closed, ending in b"<reset>" where it reset."""
    received = b""
    try:
        while more := client.recv(65536):
            received += more
    except ConnectionResetError:
        received += b"<reset>"
    return received


def exchange_bytes(sandbox, params=CALL):
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=20) as client:
        client.sendall(raw_request(params))
        return read_to_end(client)


def wait_for(condition):
    """Wait for something another thread is about to make true, and fail after ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


@pytest.mark.parametrize("transport", ["query", "form"])
def test_both_transports_place_a_call(sandbox, transport):
    """Parameters are read from the query string and from a form body."""
    query, form = (CALL, {}) if transport == "query" else ({}, CALL)
    answer = requests.post(sandbox.url, params=query, data=form, timeout=10)
    (row,) = sandbox.ledger.placed()
    assert answer.json() == {"callId": row.call_id, "status": "success", "code": "200"}
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert (row.method, row.transport, row.params["to"]) == ("POST", transport, CALL["to"])
    assert row.first_byte_ns <= row.head_ns
    assert [ring.leg for ring in row.rings] == ["from", "to"]


def test_a_refusal_looks_as_on_the_vendors_page(sandbox):
    """A refusal is HTTP 200 with message, status and code."""
    answer = requests.post(sandbox.url, params=CALL | {"fromType": "Robot"}, timeout=10)
    assert answer.status_code == 200
    assert answer.json() == {"message": "fromType Invalid", "status": "error", "code": "1503"}


def test_a_get_is_a_call(sandbox):
    """GET rings, and the ledger keeps it apart so that tests can forbid it."""
    assert requests.get(sandbox.url, params=CALL, timeout=10).json()["status"] == "success"
    assert sandbox.ledger.summary()["gets"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v2/clickToCall", 404), ("PUT", "/v2/clickToCall/para", 405)],
)
def test_what_is_no_call_is_written_down_too(sandbox, method, path, status):
    """Another path or method gets its HTTP status, rings nobody and has a row."""
    url = f"http://127.0.0.1:{sandbox.port}{path}"
    assert requests.request(method, url, params=CALL, timeout=10).status_code == status
    (row,) = sandbox.ledger.rows()
    assert (row.verdict, row.placed) == (f"http_{status}", False)


@pytest.mark.parametrize("sent", [b"POST /v2", raw_request(CALL)[:-2], b"\x16\x03\x01\r\n\r\n"])
def test_half_a_request_rings_nobody(sandbox, sent):
    """A request that breaks off, or is not HTTP, has a row and is not placed."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        assert b" 200 " not in read_to_end(client)
    (row,) = sandbox.ledger.rows()
    assert not row.placed


def test_a_chunked_body_rings_nobody(sandbox):
    """A body in chunks is not read, so it is refused instead of being misread."""
    answer = requests.post(sandbox.url, data=iter([urlencode(CALL).encode()]), timeout=10)
    assert answer.status_code == 400
    assert sandbox.ledger.placed() == []


def test_a_missing_body_rings_nobody(sandbox):
    """A form shorter than its Content-Length is not acted on."""
    head = b"POST /v2/clickToCall/para HTTP/1.1\r\nContent-Length: 500\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(head + kind + urlencode(CALL).encode())
        client.shutdown(socket.SHUT_WR)
        assert b" 400 " in read_to_end(client)
    assert sandbox.ledger.placed() == []


#: What the raw client must read: all of it where that is nothing or a reset, else a part.
ON_THE_WIRE: Any = [
    pytest.param({"do": "drop_before_place"}, b"", id="drop_before_place"),
    pytest.param({"do": "place_then_drop"}, b"", id="place_then_drop"),
    pytest.param({"do": "reset_before_place"}, b"<reset>", id="reset_before_place"),
    pytest.param({"do": "reset_after_place"}, b"<reset>", id="reset_after_place"),
    pytest.param({"do": "hang", "hold": SHORT}, b"", id="hang"),
    pytest.param({"do": "slow_first_byte", "hold": SHORT}, b'"success"', id="slow"),
    pytest.param({"do": "trickle", "hold": timedelta(0)}, b'"success"', id="trickle"),
    pytest.param({"do": "cut_body"}, b'"status":"success","', id="cut_body"),
    pytest.param({"do": "truncated_json"}, b'"status":"success","', id="truncated_json"),
    pytest.param({"do": "garbage_status_line"}, b"not HTTP", id="garbage"),
    pytest.param({"do": "array"}, b'[{"callId":', id="array"),
    pytest.param({"do": "null"}, b"\r\n\r\nnull", id="null"),
    pytest.param({"do": "number_code"}, b'"code":200}', id="number_code"),
    pytest.param({"do": "missing_callid"}, b'\r\n\r\n{"status":"success"', id="missing_callid"),
    pytest.param({"do": "error_with_callid"}, b'"code":"1508","callId":"sim', id="error_callid"),
    pytest.param({"do": "success_with_error_code"}, b'"success","code":"1508"', id="contradiction"),
    pytest.param({"do": "html"}, b"\r\n\r\n<html>", id="html"),
    pytest.param({"do": "empty"}, b"Content-Length: 0\r\n\r\n", id="empty"),
    pytest.param({"do": "bom"}, b'\r\n\r\n\xef\xbb\xbf{"callId"', id="bom"),
    pytest.param({"do": "gzip"}, b"Content-Encoding: gzip\r\n\r\n\x1f\x8b", id="gzip"),
    pytest.param({"do": "big_body"}, b'"padding":"xxx', id="big_body"),
    pytest.param({"do": "code", "code": "1999"}, b'"error","code":"1999"', id="code"),
    *(
        pytest.param({"do": "status", "status": status}, b"HTTP/1.1 %d " % status, id=str(status))
        for status in (301, 307, 400, 401, 403, 404, 407, 408, 429, 500, 502, 503, 504)
    ),
]
NEVER_PLACES = {"drop_before_place", "reset_before_place", "code"}
NAME_SAYS = NEVER_PLACES | {"place_then_drop", "reset_after_place", "slow_first_byte", "trickle"}


@pytest.mark.parametrize(("fault", "seen"), ON_THE_WIRE)
def test_a_fault_is_seen_and_written_down(sandbox, fault, seen):
    """Each fault reaches the client as bytes or a closed socket, after the ledger has its row."""
    sandbox.inject(Fault(**fault))
    received = exchange_bytes(sandbox)
    assert received == seen if seen in (b"", b"<reset>") else seen in received
    (row,) = sandbox.ledger.rows()
    assert (row.fault, row.placed) == (fault["do"], fault["do"] not in NEVER_PLACES)


@pytest.mark.parametrize(
    "fault",
    [case.values[0] for case in ON_THE_WIRE if case.values[0]["do"] not in NAME_SAYS],
    ids=lambda fault: str(fault.get("status", fault["do"])),
)
def test_a_fault_can_come_without_placing(sandbox, fault):
    """With `place` false the same trouble rings nobody, and the client reads the same shape."""
    sandbox.inject(Fault(**fault))
    placed = exchange_bytes(sandbox)
    sandbox.clear_faults()
    sandbox.inject(Fault(**fault, place=False))
    not_placed = exchange_bytes(sandbox)
    assert [row.placed for row in sandbox.ledger.rows()] == [True, False]
    assert abs(len(placed) - len(not_placed)) <= 8  # gzip squeezes two ids unequally


@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (503, 30)])
def test_retry_after_is_sent_in_seconds(sandbox, status, seconds):
    """A status may carry Retry-After."""
    wait = timedelta(seconds=seconds)
    sandbox.inject(Fault(do="status", status=status, place=False, retry_after=wait))
    answer = requests.post(sandbox.url, params=CALL, timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, str(seconds))


def test_a_redirect_leads_nowhere_a_call_is_taken(sandbox):
    """A client that follows a redirect is told 404 and is seen doing it."""
    sandbox.inject(Fault(do="status", status=307, place=False, when=When(times=1)))
    assert requests.post(sandbox.url, params=CALL, timeout=10).status_code == 404
    assert [row.verdict for row in sandbox.ledger.rows()] == ["", "http_404"]


def test_a_connection_can_be_closed_unread(sandbox):
    """accept_close ends the connection before a byte is read, which no row calls placed."""
    sandbox.inject(Fault(do="accept_close", when=When(times=1)))
    with pytest.raises(requests.ConnectionError):
        requests.post(sandbox.url, params=CALL, timeout=10)
    assert requests.post(sandbox.url, params=CALL, timeout=10).ok
    assert [row.placed for row in sandbox.ledger.rows()] == [False, True]


def test_refusing_keeps_the_port(sandbox):
    """While it refuses nobody connects; released, it listens on the same port again."""
    sandbox.inject(Fault(do="refuse"))
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", sandbox.port), timeout=10)
    sandbox.release()
    assert requests.post(sandbox.url, params=CALL, timeout=10).ok


def test_refusing_ends_by_itself(sandbox):
    """A refusal with a hold listens again when it is over."""
    sandbox.inject(Fault(do="refuse", hold=SHORT))

    def listens():
        try:
            socket.create_connection(("127.0.0.1", sandbox.port), timeout=10).close()
        except ConnectionRefusedError:
            return False
        return True

    wait_for(listens)


def test_hanging_ends_when_released(sandbox):
    """A request hangs, already placed, until somebody releases it; then it gets no byte."""
    sandbox.inject(Fault(do="hang"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(exchange_bytes, sandbox)
        wait_for(sandbox.ledger.placed)
        assert not waiting.done()
        sandbox.release()
        assert waiting.result(timeout=10) == b""


def test_a_connection_carries_several_requests_and_can_break_on_reuse(sandbox):
    """Keep-alive works, and a fault can wait for a connection that was used before."""
    sandbox.inject(Fault(do="reset_after_place", when=When(reused=True)))
    with requests.Session() as session:
        assert session.post(sandbox.url, params=CALL, timeout=10).ok
        with pytest.raises(requests.ConnectionError):
            session.post(sandbox.url, params=CALL, timeout=10)
    assert [row.fault for row in sandbox.ledger.rows()] == ["", "reset_after_place"]


def test_hundreds_hang_while_others_are_served(sandbox):
    """Three hundred hanging requests do not keep the next from being answered."""
    sandbox.inject(Fault(do="hang", when=When(params={"reqId": "stuck"})))
    stuck = [socket.create_connection(("127.0.0.1", sandbox.port), timeout=20) for _ in range(300)]
    for client in stuck:
        client.sendall(raw_request(CALL | {"reqId": "stuck"}))
    wait_for(lambda: len(sandbox.ledger.rows()) == 300)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: exchange_bytes(sandbox), range(200)))
    assert all(b'"success"' in answer for answer in answers)
    sandbox.release()
    for client in stuck:
        assert read_to_end(client) == b""
        client.close()
    assert len(sandbox.ledger.placed()) == 500


def test_the_row_is_there_before_the_answer(sandbox):
    """Whoever has an answer finds its row, however slow the answer was."""
    world = DEFAULT_WORLD.model_copy(update={"latency": Latency(median=SHORT)})
    sandbox.use(world)
    try:
        for count in range(1, 6):
            exchange_bytes(sandbox)
            assert len(sandbox.ledger.placed()) == count
    finally:
        sandbox.use(DEFAULT_WORLD)


def test_everything_can_be_steered_over_http(sandbox):
    """Faults, ledger, summary, world, release and reset have an address each."""
    admin = sandbox.admin_url
    rules = [{"do": "code", "code": "1575", "when": {"times": 1}}, {"do": "hang", "hold": "1ms"}]
    added = requests.post(f"{admin}/faults", json=rules, timeout=10)
    assert (added.status_code, len(added.json()["ids"])) == (201, 2)
    assert requests.post(sandbox.url, params=CALL, timeout=10).json()["code"] == "1575"
    listed = requests.get(f"{admin}/faults", timeout=10).json()
    assert [(rule["do"], rule["played"]) for rule in listed] == [("code", 1), ("hang", 0)]
    requests.delete(f"{admin}/faults", timeout=10)
    assert requests.get(f"{admin}/faults", timeout=10).json() == []
    assert requests.post(sandbox.url, params=CALL, timeout=10).ok

    lines = requests.get(f"{admin}/ledger", timeout=10).text.splitlines()
    rows = [Row.from_json(json.loads(line)) for line in lines]
    assert rows == sandbox.ledger.rows()
    since = requests.get(f"{admin}/ledger", params={"since": rows[0].seq}, timeout=10)
    assert [json.loads(line)["seq"] for line in since.text.splitlines()] == [rows[1].seq]
    summary = requests.get(f"{admin}/summary", timeout=10).json()
    assert summary["verdicts"] == {"1575": 1, "200": 1}

    barred = DEFAULT_WORLD.model_copy(update={"dnd": frozenset({CALL["to"]})})
    text = barred.model_dump_json()
    assert requests.post(f"{admin}/world", data=text, timeout=10).ok
    assert requests.post(sandbox.url, params=CALL, timeout=10).json()["code"] == "1574"
    requests.post(f"{admin}/world", data=DEFAULT_WORLD.model_dump_json(), timeout=10)
    assert requests.post(f"{admin}/release", timeout=10).ok
    assert requests.post(f"{admin}/reset", timeout=10).ok
    assert sandbox.ledger.rows() == []


@pytest.mark.parametrize(
    ("ask", "body", "status", "word"),
    [
        ("POST /faults", '{"do": "explode"}', 400, "do"),
        ("POST /faults", "[", 400, "JSON"),
        ("POST /world", '{"phones": []}', 400, "phones"),
        ("GET /ledger?since=yesterday", "", 400, "since"),
        ("GET /nothing", "", 404, "/nothing"),
    ],
)
def test_a_mistake_is_told_by_field(sandbox, ask, body, status, word):
    """A wrong administrative request gets one sentence that names what is wrong."""
    method, path = ask.split(" ")
    answer = requests.request(method, sandbox.admin_url + path, data=body, timeout=10)
    assert answer.status_code == status
    assert word in answer.json()["error"]


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.7", "example.invalid"])
def test_only_loopback_is_bound(host):
    """Any address but loopback is refused before a socket exists."""
    with pytest.raises(SandboxRefused, match="loopback"):
        Sandbox(host=host)


def test_a_taken_port_is_an_error(sandbox):
    """Two sandboxes on one port: the second says so and leaves nothing running."""
    other = Sandbox(port=sandbox.port)
    with pytest.raises(OSError, match="in use"):
        other.start()
    other.stop()
    assert requests.post(sandbox.url, params=CALL, timeout=10).ok


def test_what_is_not_running_says_so():
    """Steering a sandbox that was never started is refused with the next step."""
    with pytest.raises(RuntimeError, match="start"):
        Sandbox().inject(Fault(do="hang"))


def test_as_a_process(tmp_path):
    """As a process it says where it is, serves a world from JSON, and ends with 0 on SIGTERM."""
    config, ledger = tmp_path / "world.json", tmp_path / "ledger.jsonl"
    config.write_text(DEFAULT_WORLD.model_copy(update={"call_id_key": "callid"}).model_dump_json())
    command = [sys.executable, "-m", "dialer.sandbox", "--config", config, "--ledger", ledger]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        where = json.loads(it.stdout.readline())
        answer = requests.post(where["url"], params=CALL, timeout=10).json()
        assert requests.get(where["admin"] + "/summary", timeout=10).json()["placed"] == 1
        it.send_signal(signal.SIGTERM)
        out, err = it.communicate(timeout=20)
    assert (it.returncode, out, err) == (0, "", "")
    (row,) = read_ledger(ledger)
    assert row.call_id == answer["callid"]
    assert CALL["token"] not in ledger.read_text()


@pytest.mark.parametrize(
    ("config", "arguments", "words"),
    [
        ("{}", [], "accounts: Field required"),
        ('{"accounts": 5, "x": 1}', [], "\nx: Extra inputs"),
        (None, ["--host", "0.0.0.0"], "not a loopback address"),
        (None, ["--port", "70000"], "port: 70000"),
    ],
)
def test_a_process_that_cannot_start_says_why(tmp_path, capsys, config, arguments, words):
    """A wrong world or host ends with 1 and one sentence on stderr."""
    if config is not None:
        (tmp_path / "world.json").write_text(config)
        arguments = ["--config", str(tmp_path / "world.json")]
    assert dialer.sandbox.main(arguments) == 1
    assert words in capsys.readouterr().err


def test_it_shares_no_code_with_what_it_tests():
    """Of this project the sandbox imports itself, one error and what makes words safe to show."""
    assert dialer.sandbox.__file__ is not None
    modules = {
        node.module
        for path in Path(dialer.sandbox.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    ours = {name for name in modules if name.split(".")[0] in ("dialer", "schedules", "workers")}
    shared = {name for name in ours if not name.startswith("dialer.sandbox")}
    assert shared == {"dialer.errors", "dialer.text.printable"}
