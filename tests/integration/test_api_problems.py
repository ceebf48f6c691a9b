"""Every word of the table of errors, with its status and what it points at."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from apikit import CALL, Api, emptied, serving, settings_for, word_of

from dialer.api import pipe, reading
from dialer.api.cursors import write_cursor
from dialer.api.problems import WORDS
from dialer.errors import StoreUnavailable
from dialer.local.embedded_server import EmbeddedServer

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedServer) -> Iterator[Api]:
    emptied(redis_server)
    with serving(settings_for(redis_server, max_body="64KiB")) as running:
        yield running


def draft(api: Api, name: str) -> requests.Response:
    """Define a campaign."""
    body = {"set": {"from": "9000000001"}, "columns": {"to": "phone"}}
    return api.ask("PUT", f"/v1/campaigns/{name}", json=body, headers={"If-None-Match": "*"})


def conflict(api: Api) -> requests.Response:
    """Use a key for two calls."""
    api.post("/v1/calls", {**CALL, "key": "k1"})
    return api.post("/v1/calls", {**CALL, "to": "9100000002", "key": "k1"})


def late(api: Api) -> requests.Response:
    """Cancel a draft, and start it."""
    draft(api, "late")
    api.ask("POST", "/v1/campaigns/late/cancel")
    return api.ask("POST", "/v1/campaigns/late/start")


def stale(api: Api) -> requests.Response:
    """Change a campaign by a revision that is none."""
    draft(api, "stale")
    headers = {"If-Match": '"1-1"'}
    return api.ask("PATCH", "/v1/campaigns/stale", json={"weight": 2}, headers=headers)


def old_cursor(api: Api) -> requests.Response:
    """Go on with a list of the day before yesterday."""
    filters = "[null, null, null, null, null, null]"
    secret = api.dialer.api_keys.signing_secret()
    cursor = write_cursor(secret, f"calls {filters}", "[]", now=0)
    return api.get("/v1/calls", params={"cursor": cursor})


#: Word -> a request that meets it, and where the problem is, if it names a place.
REACHED: dict[str, tuple[Any, dict[str, str] | None]] = {
    "malformed": (lambda api: api.ask("POST", "/v1/calls", data="{", headers=JSON), None),
    "key-required": (lambda api: api.post("/v1/calls", CALL), {"pointer": "/key"}),
    "key-mismatch": (
        lambda api: api.post("/v1/calls", {**CALL, "key": "a"}, headers={"Idempotency-Key": "b"}),
        {"pointer": "/key"},
    ),
    "unauthorized": (lambda api: api.get("/v1/key", "dlr_a_b"), None),
    "scope": (lambda api: api.post("/v1/calls", CALL, api.key("read")), None),
    "not-found": (lambda api: api.get("/v1/calls/none"), None),
    "method-not-allowed": (lambda api: api.ask("DELETE", "/v1/calls"), None),
    "not-acceptable": (
        lambda api: api.get("/v1/key", headers={"Accept": "text/xml"}),
        {"header": "Accept"},
    ),
    "key-conflict": (conflict, {"pointer": "/to"}),
    "state": (late, None),
    "cursor-expired": (old_cursor, None),
    "stale-revision": (stale, None),
    "too-large": (
        lambda api: api.post("/v1/calls", {**CALL, "metadata": {"a": "x" * 70_000}}),
        None,
    ),
    "unsupported-media": (
        lambda api: api.ask("POST", "/v1/calls", data="a=b"),
        {"header": "Content-Type"},
    ),
    "validation": (
        lambda api: api.post("/v1/calls", {**CALL, "to": "12", "key": "v"}),
        {"pointer": "/to"},
    ),
    "revision-required": (
        lambda api: api.ask("PATCH", "/v1/campaigns/x", json={}),
        {"header": "If-Match"},
    ),
    "headers-too-large": (
        lambda api: api.get("/v1/key", headers={"X-Long": "x" * 20_000}),
        None,
    ),
}
#: Reached by tests of their own below.
APART = {"request-timeout", "slow-down", "busy", "store-full", "store-unavailable", "internal"}


@pytest.mark.parametrize("word", REACHED)
def test_a_word_is_reached(api: Api, word: str) -> None:
    """With its status, its content type, its place, and a sentence."""
    make, place = REACHED[word]
    answer = make(api)
    assert (word_of(answer), answer.status_code) == (word, WORDS[word][0])
    assert len(answer.json()["detail"].split()) > 3
    if place:
        assert place.items() <= answer.json()["errors"][0].items()


def test_no_word_is_left_out() -> None:
    """The table of words is the sum of those that are reached."""
    assert set(WORDS) == set(REACHED) | APART


def test_a_parameter_that_is_given_twice_is_refused(api: Api) -> None:
    """The last one alone would count, and nothing be said of the other."""
    answer = api.get("/v1/calls?limit=5&account=default&limit=")
    assert (word_of(answer), answer.status_code) == ("validation", 422)
    assert [one["parameter"] for one in answer.json()["errors"]] == ["limit"]


def test_a_body_that_trickles_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not whole in time is 408, and its connection is closed."""
    monkeypatch.setattr(reading, "WHOLE_WITHIN", pipe.timedelta(milliseconds=200))
    host, port = api.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key()}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(head.encode())
        said = b""
        while piece := wire.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b":request-timeout" in said


def test_a_key_that_sends_too_much_is_told_when_to_go_on(redis_server: EmbeddedServer) -> None:
    """429 with Retry-After, behind the burst, for this key alone."""
    with serving(settings_for(redis_server, requests_per_second=1)) as api:
        one, other = api.key("read"), api.key("read", reveal=True)
        answers = [api.get("/v1/key", one) for _ in range(4)]
        assert word_of(answers[-1]) == "slow-down"
        assert answers[0].ok
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert api.get("/v1/key", other).ok


def test_a_service_without_a_place_says_so(redis_server: EmbeddedServer) -> None:
    """503 with Retry-After while its one place is taken; health is answered all the same."""
    with serving(settings_for(redis_server, concurrency=1)) as api:
        api.key()
        host, port = api.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as wire:
            head = f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key()}\r\n"
            wire.sendall(
                f"{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode()
            )
            while (answer := api.get("/v1/key")).ok:
                pass
            assert word_of(answer) == "busy"
            assert answer.headers["retry-after"] == "1"
            assert api.get("/healthz").ok
            assert api.get("/readyz").ok


def test_a_full_store_takes_nothing_and_still_answers(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 store-full with Retry-After for what is new; what is there can be read."""
    made = api.post("/v1/calls", {**CALL, "key": "before"}).json()["id"]
    monkeypatch.setattr(api.service.dialer.store.server, "fullness", lambda: 0.9)
    answer = api.post("/v1/calls", {**CALL, "key": "after"})
    assert word_of(answer) == "store-full"
    assert answer.headers["retry-after"]
    assert word_of(api.get("/readyz")) == "store-full"
    assert api.get(f"/v1/calls/{made}").ok


def test_without_the_store_every_key_gets_the_same_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, for a good key and for a wrong one; health says that the process answers."""
    key = api.key()

    def gone() -> None:
        raise StoreUnavailable("Redis does not answer (ConnectionError)")

    monkeypatch.setattr(api.service.ring.store.api_keys, "all", gone)
    for one in (key, "dlr_a_b", ""):
        api.forget_keys()
        answer = api.get("/v1/key", one)
        assert word_of(answer) == "store-unavailable"
        assert answer.headers["retry-after"]
    assert api.get("/healthz").ok


def test_a_fault_of_ours_leaves_no_trace_in_the_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500 names the request's id, under which the log has the traceback."""

    def broken(*_: object) -> None:
        raise RuntimeError("9100000001 in a secret place")

    monkeypatch.setattr(api.service.dialer.store.jobs, "get", broken)
    answer = api.get("/v1/calls/x", headers={"X-Request-Id": "mine-17"})
    assert word_of(answer) == "internal"
    assert answer.json()["request_id"] == "mine-17"
    assert "secret" not in answer.text
    assert "9100000001" not in answer.text
    assert "request mine-17 failed" in caplog.text


def test_logs_carry_the_route_and_nothing_of_the_request(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither number, key, query nor metadata is in the line of a request."""
    with caplog.at_level("INFO", "dialer.api.access"):
        api.post("/v1/calls", {**CALL, "key": "quiet", "metadata": {"word": "unheard"}})
        api.get("/v1/calls?key=quiet")
        api.get("/v1/calls/by-key/default/quiet")
        until = time.monotonic() + 20
        # The line is written when the answer is on its way.
        while "by-key" not in caplog.text and time.monotonic() < until:
            time.sleep(0.01)
    lines = [one.getMessage() for one in caplog.records if one.name == "dialer.api.access"]
    assert any(line.startswith("GET /v1/calls/by-key/{account}/{key} 200") for line in lines)
    text = "\n".join(lines)
    for secret in ("quiet", "unheard", "9100000001", api.key().rpartition("_")[2]):
        assert secret not in text


def test_answers_carry_the_headers_of_a_careful_service(api: Api) -> None:
    """No sniffing, no caching, no cross-origin door; a page for people runs no script."""
    answer = api.get("/v1/key", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    page = api.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
