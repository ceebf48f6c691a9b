"""Who may do what over HTTP: each route, each scope, keys of other accounts, keys that are none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from apikit import CALL, SCOPES, Api, emptied, serving, settings_for, word_of

from dialer.local.embedded_server import EmbeddedServer

#: Route -> the scopes that open it; "" is any key, None is nobody's.
TABLE = {
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /v1/openapi.json": None,
    "GET /docs": None,
    "GET /v1/key": "",
    "POST /v1/calls": "enqueue",
    "POST /v1/calls/batch": "enqueue",
    "GET /v1/calls": "read",
    "POST /v1/calls/search": "read",
    "POST /v1/calls/cancel": "operate",
    "GET /v1/calls/{id}": "read enqueue",
    "GET /v1/calls/by-key/{account}/{key}": "read enqueue",
    "POST /v1/calls/{id}/cancel": "enqueue operate",
    "PUT /v1/campaigns/{name}": "operate",
    "PATCH /v1/campaigns/{name}": "operate",
    "GET /v1/campaigns": "read",
    "GET /v1/campaigns/{name}": "read",
    "GET /v1/campaigns/{name}/progress": "read",
    "GET /v1/campaigns/{name}/preflight": "read",
    "GET /v1/campaigns/{name}/forecast": "read",
    "POST /v1/campaigns/{name}/start": "operate",
    "POST /v1/campaigns/{name}/pause": "operate",
    "POST /v1/campaigns/{name}/resume": "operate",
    "POST /v1/campaigns/{name}/cancel": "operate",
    "POST /v1/campaigns/{name}/forget": "admin",
    "POST /v1/campaigns/{name}/contacts": "enqueue operate",
    "GET /v1/campaigns/{name}/contacts/{row}": "read",
    "POST /v1/campaigns/{name}/contacts/{row}/move": "operate",
    "POST /v1/campaigns/{name}/contacts/{row}/remove": "operate",
    "GET /v1/imports/{id}": "read enqueue operate",
    "GET /v1/imports/{id}/rows": "read enqueue operate",
    "POST /v1/explain": "read",
    "GET /v1/dead": "read",
    "POST /v1/dead/redrive": "operate",
    "GET /v1/unconfirmed": "read",
    "POST /v1/unconfirmed/{id}/resolve": "operate",
    "GET /v1/holds": "read",
    "POST /v1/holds": "operate",
    "POST /v1/holds/release": "operate",
    "GET /v1/suppressions": "read",
    "POST /v1/suppressions": "operate",
    "POST /v1/suppressions/remove": "operate",
    "POST /v1/suppressions/import": "operate",
    "GET /v1/accounts": "read",
    "PATCH /v1/accounts/{name}": "admin",
    "POST /v1/hours": "read",
    "GET /v1/status": "read",
    "GET /v1/doctor": "read",
    "GET /metrics": "read",
}
#: Of another account: a question or a step about each, and a body where it needs one.
FOREIGN: list[tuple[str, str, Any]] = [
    ("GET", "/v1/calls/{job}", None),
    ("GET", "/v1/calls/by-key/other/theirs", None),
    ("POST", "/v1/calls/{job}/cancel", {}),
    ("POST", "/v1/calls/cancel", {"key": "theirs", "account": "other", "reason": "r"}),
    ("PATCH", "/v1/accounts/other", {"burst": 2}),
    ("GET", "/v1/campaigns/theirs", None),
    ("GET", "/v1/campaigns/theirs/progress", None),
    ("GET", "/v1/campaigns/theirs/preflight", None),
    ("GET", "/v1/campaigns/theirs/forecast", None),
    ("GET", "/v1/campaigns/theirs/contacts/1", None),
    ("POST", "/v1/campaigns/theirs/contacts/1/move", {"not_before": "2999-01-01T00:00:00Z"}),
    ("POST", "/v1/campaigns/theirs/contacts/1/remove", {}),
    ("POST", "/v1/campaigns/theirs/start", {}),
    ("POST", "/v1/campaigns/theirs/forget", {}),
    ("POST", "/v1/explain", {"id": "{job}"}),
    ("POST", "/v1/explain", {"key": "theirs", "account": "other"}),
    ("POST", "/v1/dead/redrive", {"ids": ["{job}"]}),
    ("POST", "/v1/unconfirmed/{job}/resolve", {"as": "dead", "reason": "r"}),
]


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedServer) -> Iterator[Api]:
    emptied(redis_server)
    with serving(settings_for(redis_server)) as running:
        fields = {"call": {"from": "9000000001"}, "columns": {"to": "phone"}, "account": "other"}
        running.dialer.campaigns.define("theirs", fields)
        yield running


def routes(api: Api) -> dict[str, list[str]]:
    """Each route as the reference has it, with the scopes that it names."""
    page = api.get("/v1/openapi.json").json()
    return {
        f"{method.upper()} {path}": operation.get("x-scopes", [])
        for path, methods in page["paths"].items()
        for method, operation in methods.items()
    }


def test_the_table_names_every_route_and_the_reference_says_the_same(api: Api) -> None:
    """No route is opened by scopes that this table does not know of."""
    said = {name: set(scopes) for name, scopes in routes(api).items()}
    undocumented = {"GET /v1/openapi.json", "GET /docs"}
    table = {name: set((scopes or "").split()) for name, scopes in TABLE.items()}
    assert said == {name: table[name] for name in table.keys() - undocumented}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_the_routes_of_its_scope_and_no_other(api: Api, scope: str) -> None:
    """Refused is refused before anything is read: a request without a body is enough."""
    key = api.key(scope)
    for route, opens in TABLE.items():
        method, path = route.split()
        answer = api.ask(method, path.format(id="x", name="x", account="x", key="x", row=1), key)
        refused = answer.status_code == 403 and word_of(answer) == "scope"
        assert refused is (opens not in (None, "") and scope not in opens.split()), route


@pytest.mark.parametrize("kind", ["none", "wrong", "unknown", "revoked", "expired", "malformed"])
def test_what_is_no_valid_key_opens_nothing(api: Api, kind: str) -> None:
    """401 with the way to log in, on every route that is not open to all, with one text."""
    _, good = api.dialer.api_keys.create(f"ends-{kind}", ["read"], expires=timedelta(days=1))
    prefix, secret = good.split("_")[1:]
    keys = {
        "none": "",
        "wrong": f"dlr_{prefix}_{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}",
        "unknown": f"dlr_zzzzzzzz_{secret}",
        "revoked": good,
        "expired": good,
        "malformed": "x" * 50,
    }
    if kind == "revoked":
        api.dialer.api_keys.revoke(prefix)
    api.forget_keys()
    if kind == "expired":
        api.get("/v1/key", good)
        api.service.ring._now += timedelta(days=2)
    for route, opens in TABLE.items():
        method, path = route.split()
        answer = api.ask(
            method, path.format(id="x", name="x", account="x", key="x", row=1), keys[kind]
        )
        if opens is None:
            assert answer.status_code == 200, route
            continue
        assert (answer.status_code, word_of(answer)) == (401, "unauthorized"), route
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["detail"].startswith("send a valid key"), route
    api.forget_keys()


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_another_account_does_not_exist(api: Api, method: str, path: str, body: Any) -> None:
    """What belongs to it is answered word for word as what is not there."""
    theirs = api.post("/v1/calls", {**CALL, "account": "other", "key": "theirs"}).json()["id"]
    key = api.key(*SCOPES, accounts=("default",))

    def answer(job: str, other: str, campaign: str) -> tuple[int, str]:
        asked = path.format(job=job).replace("other", other).replace("theirs", campaign)
        sent = body and {
            name: [job]
            if one == ["{job}"]
            else str(one).replace("{job}", job)
            if isinstance(one, str)
            else one
            for name, one in body.items()
        }
        if sent and "account" in sent:
            sent["account"] = other
        found = api.ask(method, asked, key, json=sent)
        said = found.json()["detail"]
        for name in (job, other, campaign):
            said = said.replace(name, "…")
        return found.status_code, said

    there, not_there = answer(theirs, "other", "theirs"), answer("a" * 26, "nowhere", "nothing")
    assert there == not_there
    assert there[0] in (404, 422)


def test_a_body_that_names_another_account_names_one_that_does_not_exist(api: Api) -> None:
    """422 at /account, with the accounts of this key alone, in one call and in a batch."""
    key = api.key("enqueue", accounts=("default",))
    single = api.post("/v1/calls", {**CALL, "account": "other", "key": "k"}, key)
    batch = api.post("/v1/calls/batch", [{**CALL, "account": "other", "key": "k"}], key)
    assert [one["pointer"] for one in single.json()["errors"]] == ["/account"]
    assert "the accounts are: default" in single.json()["detail"]
    assert batch.json()["results"][0]["errors"][0]["pointer"] == "/account"


def test_lists_hold_nothing_of_another_account(api: Api) -> None:
    """Calls, campaigns, accounts and holds of others are left out."""
    api.post("/v1/calls", {**CALL, "account": "other", "key": "unseen"})
    api.dialer.hold("account:other", reason="theirs")
    key = api.key("read", accounts=("default",))
    for path in ("/v1/calls", "/v1/campaigns", "/v1/accounts", "/v1/holds", "/v1/status"):
        text = api.get(path, key).text
        assert "other" not in text, path
        assert "theirs" not in text, path
    api.dialer.release("account:other")


def test_a_key_that_is_bound_may_not_stop_everything(api: Api) -> None:
    """A hold on all, and a do-not-call entry for all where it has several accounts, are 403."""
    key = api.key("operate", accounts=("default", "other"))
    hold = api.post("/v1/holds", {"scope": {"kind": "all"}, "reason": "r"}, key)
    numbers = {"numbers": ["9100000001"], "reason": "r"}
    entry = api.post("/v1/suppressions", numbers, key)
    assert (word_of(hold), word_of(entry)) == ("scope", "scope")
    assert api.post("/v1/suppressions", {**numbers, "account": "default"}, key).ok
    assert api.get("/v1/suppressions").json()["data"] == []


def test_a_producer_sees_what_it_made_and_no_more(api: Api) -> None:
    """A key of enqueue alone reads and takes back its own calls; those of others are not there."""
    one, two = api.key("enqueue"), api.key("enqueue", reveal=True)
    made = api.post("/v1/calls", {**CALL, "key": "mine"}, one).json()["id"]
    assert api.get(f"/v1/calls/{made}", one).status_code == 200
    assert api.get(f"/v1/calls/{made}", two).status_code == 404
    assert api.ask("POST", f"/v1/calls/{made}/cancel", two).status_code == 404
    assert api.ask("POST", f"/v1/calls/{made}/cancel", one).status_code == 200


def test_a_key_tells_what_it_may_do(api: Api) -> None:
    """Without its secret."""
    said = api.get("/v1/key", api.key("read", accounts=("default",))).json()
    assert (said["scopes"], said["accounts"], said["reveal"]) == (["read"], ["default"], False)
    assert "key" not in said
    assert "digest" not in said
