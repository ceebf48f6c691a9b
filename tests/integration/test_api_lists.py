"""Lists over HTTP: taken as they come, cut off, sent again; campaigns and their revisions."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
import requests
from apikit import CALL, Api, word_of
from serverkit import wait_until

CSV = {"Content-Type": "text/csv"}


def define(api: Api, name: str, **fields: object) -> requests.Response:
    """Define a campaign."""
    body = {"set": {"from": "9000000001"}, "columns": {"to": "phone"}, **fields}
    return api.ask("PUT", f"/v1/campaigns/{name}", json=body, headers={"If-None-Match": "*"})


def upload(api: Api, name: str, text: str) -> requests.Response:
    """Add a list."""
    return api.ask("POST", f"/v1/campaigns/{name}/contacts", data=text, headers=CSV)


def rows(first: int, count: int) -> str:
    """Some rows of a list."""
    return "".join(f"91{first + nth:08d}\n" for nth in range(count))


def test_a_list_is_taken_and_its_record_says_what_became_of_it(api: Api) -> None:
    """Rows, accepted, duplicate and rejected add up; rows that were not taken carry no value."""
    define(api, "counted")
    answer = upload(api, "counted", f"phone\n{rows(0, 1200)}9100000000\n98x\n9200000000")
    assert answer.status_code == 202
    record = api.get(answer.headers["location"]).json()
    assert record == answer.json()
    assert (record["state"], record["rows"]) == ("done", 1203)
    assert (record["accepted"], record["duplicate"], record["rejected"]) == (1201, 1, 1)
    missed = api.get(f"/v1/imports/{record['id']}/rows?outcome=rejected").json()
    assert missed["data"] == [
        {"line": 1203, "column": "phone", "rule": "to: holds letters; write ten digits"}
    ]
    assert missed["rows_truncated"] is False
    again = upload(api, "counted", f"phone\n{rows(0, 1200)}").json()
    assert (again["accepted"], again["duplicate"]) == (0, 1200)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_list_that_is_cut_in_mid_number_makes_none_of_it(api: Api, *, chunked: bool) -> None:
    """What was whole is taken or not; nobody is who is not in the list; then all of it is sent."""
    name = f"cut_{chunked}".lower()
    define(api, name)
    text = f"phone\n{rows(0, 5000)}"
    part = text[: int(len(text) * 0.4)] + "9"
    part = part[: part.rindex("\n") + 10]
    host, port = api.url.removeprefix("http://").split(":")
    head = f"POST /v1/campaigns/{name}/contacts HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: Bearer {api.key()}\r\nContent-Type: text/csv\r\n"
    if chunked:
        sent = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(part):x}\r\n{part}\r\n"
    else:
        sent = f"{head}Content-Length: {len(text)}\r\n\r\n{part}"
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(sent.encode())
    while api.service.uploads.taken:
        pass
    assert upload(api, name, text).json()["rejected"] == 0
    assert api.get(f"/v1/campaigns/{name}/progress").json()["total"] == 5000
    assert api.post("/v1/explain", {"number": "910000199"}).status_code == 422


def test_columns_of_metadata_are_kept_beside_the_calls(api: Api) -> None:
    """A row that has too much of it is not taken; a name that is too long is named where it is."""
    long = f"metadata.{'x' * 41}"
    refused = define(api, "kept", columns={"to": "phone", long: "id"})
    assert refused.json()["errors"][0]["pointer"] == f"/columns/{long}"
    columns = {"to": "phone", "metadata.crm_id": "id", "metadata.note": "note"}
    assert define(api, "kept", columns=columns).status_code == 201
    text = f"phone,id,note\n9106000001,17,\n9106000002,{'8' * 501},\n9106000003,18,a.b\n"
    record = upload(api, "kept", text).json()
    assert (record["accepted"], record["rejected"]) == (2, 1)
    (row,) = api.get(f"/v1/imports/{record['id']}/rows").json()["data"]
    assert row["column"] == "id"
    assert "at most 500 characters" in row["rule"]
    api.post("/v1/campaigns/kept/start", {})
    made = api.get("/v1/calls?campaign=kept").json()["data"]
    calls = [api.get(f"/v1/calls/{one['id']}").json()["metadata"] for one in made]
    assert sorted(calls, key=len) == [{"crm_id": "17"}, {"crm_id": "18", "note": "a.b"}]


def test_who_may_only_hand_in_sees_what_became_of_its_own_lists(api: Api) -> None:
    """Those of others are not there for it; a key that reads sees all."""
    define(api, "handed_in")
    mine, path = api.key("enqueue"), "/v1/campaigns/handed_in/contacts"
    own = api.ask("POST", path, mine, data=f"phone\n{rows(8000, 2)}", headers=CSV).json()["id"]
    other = upload(api, "handed_in", f"phone\n{rows(8100, 2)}").json()["id"]
    assert api.get(f"/v1/imports/{own}", mine).json()["accepted"] == 2
    assert api.get(f"/v1/imports/{own}/rows", mine).ok
    for question in (f"/v1/imports/{other}", f"/v1/imports/{other}/rows"):
        assert word_of(api.get(question, mine)) == "not-found"
        assert api.get(question, api.key("read")).ok


def test_a_list_without_its_column_is_refused_and_on_record(api: Api) -> None:
    """422 says which column; the import is refused."""
    define(api, "columns")
    answer = upload(api, "columns", "name\nAsha\n")
    assert word_of(answer) == "validation"
    assert "phone" in answer.json()["detail"]


def test_a_draft_runs_pauses_goes_on_and_ends(api: Api) -> None:
    """Each step answers 200, also repeated; one that cannot be is 409 with the state."""
    define(api, "steered")
    upload(api, "steered", f"phone\n{rows(7000, 5)}")
    for step, state in [
        *(("start", "running"), ("start", "running"), ("pause", "paused")),
        *(("resume", "running"), ("cancel", "cancelled"), ("cancel", "cancelled")),
    ]:
        answer = api.post(f"/v1/campaigns/steered/{step}", {"reason": "because"})
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    late = api.ask("POST", "/v1/campaigns/steered/resume")
    assert word_of(late) == "state"
    assert "cancelled" in late.json()["detail"]
    assert api.ask("POST", "/v1/campaigns/steered/forget").ok


def test_a_definition_is_created_once_and_changed_by_its_revision(api: Api) -> None:
    """An equal one is 200, another 412; a change needs the revision, and moves it."""
    assert define(api, "defined").status_code == 201
    assert define(api, "defined").status_code == 200
    assert word_of(define(api, "defined", weight=3)) == "stale-revision"
    seen = api.get("/v1/campaigns/defined")
    etag = {"If-Match": seen.headers["etag"]}
    path = "/v1/campaigns/defined"
    changed = api.ask("PATCH", path, json={"weight": 3, "zone": "Asia/Dubai"}, headers=etag)
    assert changed.json()["definition"]["weight"] == 3
    assert changed.headers["etag"] != seen.headers["etag"]
    assert word_of(api.ask("PATCH", path, json={"weight": 4}, headers=etag)) == "stale-revision"
    etag = {"If-Match": changed.headers["etag"]}
    whole = {"set": {"from": "9000000001"}, "columns": {"to": "phone"}}
    replaced = api.ask("PUT", path, json=whole, headers=etag).json()["definition"]
    assert (replaced["weight"], replaced["zone"]) == (1, "Asia/Kolkata")
    assert replaced["ends"] == seen.json()["definition"]["ends"]


def test_what_contacts_were_read_by_stays(api: Api) -> None:
    """Once there are contacts, 409 names the field as the body has it."""
    define(api, "fixed")
    upload(api, "fixed", f"phone\n{rows(0, 1)}")
    etag = {"If-Match": api.get("/v1/campaigns/fixed").headers["etag"]}
    body = {"columns": {"to": "mobile"}}
    answer = api.ask("PATCH", "/v1/campaigns/fixed", json=body, headers=etag)
    assert (word_of(answer), answer.json()["errors"][0]["pointer"]) == ("state", "/columns")


def test_rules_of_a_definition_are_named_as_the_body_has_them(api: Api) -> None:
    """The provider's parameters stand in set, hours are hours."""
    body = {"set": {"from": "12"}, "columns": {"to": "phone"}, "hours": "never", "what": 1}
    headers = {"If-None-Match": "*"}
    strange = api.ask("PUT", "/v1/campaigns/ruled", json=body, headers=headers)
    assert [one["pointer"] for one in strange.json()["errors"]] == ["/what"]
    del body["what"]
    answer = api.ask("PUT", "/v1/campaigns/ruled", json=body, headers=headers)
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/set/from", "/hours"}


def test_a_number_that_nobody_knows_may_be_rung_until_it_may_not(api: Api) -> None:
    """Explained it has no calls; on the do-not-call list it may not be rung."""
    known = api.post("/v1/explain", {"number": "9300000001"}).json()
    assert (known["calls"], known["may_be_rung"]) == ([], True)
    api.post("/v1/suppressions", {"numbers": ["9300000001"], "reason": "asked"})
    assert api.post("/v1/explain", {"number": "9300000001"}).json()["may_be_rung"] is False
    made = api.post("/v1/calls", {**CALL, "to": "9300000001", "key": "dnc"}).json()
    assert made["barrier"] == "do_not_call"
    assert "asked" not in made["because"]
    gone = api.post("/v1/suppressions/remove", {"numbers": ["9300000001"], "reason": "asked again"})
    assert gone.json()["changed"] == 1


def test_a_number_is_off_the_list_again_when_its_entry_is_over(api: Api) -> None:
    """The later of two times holds; a time that has passed, or is none, is named."""
    number, suppressions = "9300000077", "/v1/suppressions"
    body = {"numbers": [number], "reason": "asked", "account": "default"}

    def add(expires: object) -> requests.Response:
        return api.post(suppressions, {**body, "expires_at": expires})

    for wrong in ("2020-01-01T00:00:00Z", "tomorrow", 7, "2999-01-01"):
        assert add(wrong).json()["errors"][0]["pointer"] == "/expires_at"
    soon = datetime.now(UTC) + timedelta(seconds=1)
    assert add(soon.isoformat()).json()["changed"] == 1
    asked = {"number": number, "account": "default"}
    assert api.post("/v1/explain", asked).json()["may_be_rung"] is False
    wait_until(
        lambda: bool(api.post("/v1/explain", asked).json()["may_be_rung"]),
        within=10,
        why="it never ended",
    )
    assert api.get(f"{suppressions}?account=default").json()["data"] == []
    assert add("2999-01-01T00:00:00Z").json()["changed"] == 1
    assert add("2998-01-01T00:00:00Z").json()["changed"] == 0
    (entry,) = api.get(f"{suppressions}?account=default").json()["data"]
    assert entry["expires_at"] == "2999-01-01T00:00:00Z"
    assert api.post(suppressions, body).json()["changed"] == 0
    (entry,) = api.get(f"{suppressions}?account=default").json()["data"]
    assert entry["expires_at"] is None
    path = f"{suppressions}/import?account=default&expires_at="
    assert word_of(api.ask("POST", f"{path}2030", data="9300000078\n", headers=CSV)) == "validation"
    path = f"{path}2999-01-01T00:00:00Z&source=register-7"
    assert api.ask("POST", path, data="9300000078\n", headers=CSV).json()["added"] == 1
    listed = api.get(f"{suppressions}?account=default").json()["data"]
    assert sorted(str(one["source"]) for one in listed) == ["None", "register-7"]
    assert api.post(f"{suppressions}/remove", body).json()["changed"] == 1


def test_a_list_of_numbers_goes_onto_the_do_not_call_list(api: Api) -> None:
    """As it comes, twice the same adds nobody."""
    text = rows(9_000_000, 700)
    first = api.ask("POST", "/v1/suppressions/import", data=text, headers=CSV).json()
    again = api.ask("POST", "/v1/suppressions/import", data=text, headers=CSV).json()
    assert (first["added"], again["added"], again["listed"]) == (700, 0, 700)


def test_a_hold_stops_what_it_names_until_its_owner_lets_go(api: Api) -> None:
    """The barrier of a new call says so, without the reason that a person gave."""
    body = {"scope": {"kind": "account", "account": "other"}, "reason": "a private matter"}
    assert api.post("/v1/holds", body).json()["held"] is True
    made = api.post("/v1/calls", {**CALL, "account": "other", "key": "held"}, api.key("enqueue"))
    assert made.json()["barrier"] == "hold"
    assert "private" not in made.text
    assert api.post("/v1/holds/release", body).json() == {
        "done": True,
        "owner": "operator",
        "held": False,
    }


def test_limits_of_an_account_are_stored_and_taken_back(api: Api) -> None:
    """Null takes one back to the settings; a limit that breaks a rule is named."""
    changed = api.ask("PATCH", "/v1/accounts/default", json={"calls_per_second": 7, "burst": 2})
    assert changed.json()["calls_per_second"] == 7
    back = api.ask("PATCH", "/v1/accounts/default", json={"calls_per_second": None}).json()
    assert (back["calls_per_second"], back["stored"]) == (1, ["burst"])
    wrong = api.ask("PATCH", "/v1/accounts/default", json={"calls_per_second": -1})
    assert wrong.json()["errors"][0]["pointer"] == "/calls_per_second"


def test_taking_a_number_back_names_the_lists_in_which_it_waits(api: Api) -> None:
    """Its job is cancelled; its contact is named, but not to a key of another account."""
    define(api, "asked_for")
    upload(api, "asked_for", f"phone\n{rows(5_000_000, 3)}")
    number = "9105000001"
    made = api.post("/v1/calls", {**CALL, "to": number, "key": "asked-for"}).json()["id"]
    body = {"number": number, "reason": "asked not to be called"}
    theirs = api.key("operate", accounts=("other",))
    nothing = {"done": [], "refused": {}, "waiting": []}
    assert api.post("/v1/calls/cancel", body, theirs).json() == nothing
    waiting = [{"campaign": "asked_for", "row": 2}]
    taken = {"done": [made], "refused": {}, "waiting": waiting}
    assert api.post("/v1/calls/cancel", body).json() == taken
    assert api.get(f"/v1/calls/{made}").json()["state"] == "cancelled"


def pages(api: Api, path: str, key: str) -> list[list[dict[str, str]]]:
    """All pages of a list."""
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(f"{path}{cursor and f'&cursor={cursor}'}", key).json()
        found.append(page["data"])
        cursor = page["next_cursor"]
    return found


def test_a_do_not_call_list_is_read_to_its_end_by_pages(api: Api) -> None:
    """Each entry once, also those of one moment; a cursor of another list is none of this."""
    numbers = [f"+9192{nth:08d}" for nth in range(25)]
    body = {"numbers": numbers, "account": "other", "reason": "asked"}
    assert api.post("/v1/suppressions", body).json()["changed"] == 25
    path = "/v1/suppressions?account=other&limit=10"
    read = pages(api, path, api.key("read", reveal=True))
    assert list(map(len, read)) == [10, 10, 5]
    assert sorted(one["number"] for page in read for one in page) == numbers
    cursor = api.get(path).json()["next_cursor"]
    assert word_of(api.get(f"/v1/suppressions?cursor={cursor}")) == "validation"
