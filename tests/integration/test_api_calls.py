"""Calls over HTTP: handed in, asked for, taken back."""

import threading
from collections import Counter

from apikit import CALL, Api, word_of
from prometheus_client.parser import text_string_to_metric_families

from dialer.domain.job.job import State


def test_a_new_call_is_created_and_its_repetition_is_the_same_job(api: Api) -> None:
    """The first answer is 201 with a place to ask, and the second 200 with the state now."""
    first = api.post("/v1/calls", {**CALL, "key": "once"})
    again = api.post("/v1/calls", CALL, headers={"Idempotency-Key": '"once"'})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == f"/v1/calls/{first.json()['id']}"
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["state"] == "ready"
    assert first.json()["barrier"] == "workers"


def test_what_is_not_compared_is_named_and_changes_nothing(api: Api) -> None:
    """A repetition with other times, priority and metadata is the same job, and says so."""
    api.post("/v1/calls", {**CALL, "key": "same", "metadata": {"a": "1"}})
    other = {"priority": 9, "not_after": "2090-01-01T00:00:00Z", "metadata": {"a": "2"}}
    again = api.post("/v1/calls", {**CALL, "key": "same", **other})
    assert again.status_code == 200
    assert set(again.json()["ignored"]) == {"/priority", "/not_after", "/metadata"}
    shown = api.get(f"/v1/calls/{again.json()['id']}").json()
    assert (shown["priority"], shown["metadata"]) == (5, {"a": "1"})


def test_another_call_under_the_same_key_is_refused_with_what_differs(api: Api) -> None:
    """409 names the job, and the field."""
    first = api.post("/v1/calls", {**CALL, "key": "taken"})
    other = api.post("/v1/calls", {**CALL, "to": "9100000002", "key": "taken"})
    assert (other.status_code, word_of(other)) == (409, "key-conflict")
    assert other.json()["id"] == first.json()["id"]
    assert [one["pointer"] for one in other.json()["errors"]] == ["/to"]
    assert "9100000002" not in other.text
    assert "9100000001" not in other.text


def test_a_hundred_clients_with_one_key_make_one_job(api: Api) -> None:
    """At most one 201, the rest 200, none an error."""
    api.key()
    statuses: list[int] = []
    ready = threading.Barrier(100)

    def send() -> None:
        ready.wait()
        statuses.append(api.post("/v1/calls", {**CALL, "key": "crowd"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(100)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Counter(statuses) == {201: 1, 200: 99}
    assert len(api.get("/v1/calls?key=crowd").json()["data"]) == 1


def test_checking_a_call_applies_the_rules_and_stores_nothing(api: Api) -> None:
    """With check=true a good call is told its id, a bad one its rules, and there is no job."""
    good = api.post("/v1/calls?check=true", {**CALL, "key": "checked"})
    bad = api.post("/v1/calls?check=true", {**CALL, "to": "12x", "key": "checked"})
    assert good.json()["verdict"] == "created"
    assert good.json()["checked"] is True
    assert word_of(bad) == "validation"
    assert api.get(f"/v1/calls/{good.json()['id']}").status_code == 404


def test_a_call_is_taken_back_once_and_for_good(api: Api) -> None:
    """Cancelling answers 200 also the second time, and the key stays taken."""
    made = api.post("/v1/calls", {**CALL, "key": "unwanted"}).json()
    path = f"/v1/calls/{made['id']}/cancel"
    first, again = api.post(path, {"reason": "wrong person"}), api.ask("POST", path)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["state"] == "cancelled"
    assert again.json()["customer_rung"] == "no"
    assert again.json()["history"][-1]["why"] == "wrong person"
    assert api.post("/v1/calls", {**CALL, "key": "unwanted"}).json()["state"] == "cancelled"


def test_a_call_is_found_by_its_key(api: Api) -> None:
    """By account and key, in the mode that is asked for."""
    made = api.post("/v1/calls", {**CALL, "key": "named"}).json()
    path = "/v1/calls/by-key/default/named"
    assert api.get(path).json()["id"] == made["id"]
    assert api.get(f"{path}?mode=developer").status_code == 404


def test_numbers_are_masked_unless_the_key_reveals_them(api: Api) -> None:
    """The same call is shown to two keys."""
    made = api.post("/v1/calls", {**CALL, "key": "shown"}).json()
    masked = api.get(f"/v1/calls/{made['id']}").json()
    bare = api.get(f"/v1/calls/{made['id']}", api.key("read", reveal=True)).json()
    assert masked["to"] == "+91******0001"
    assert bare["to"] == "+919100000001"


def test_a_list_shows_each_call_once_whatever_comes_in_between(api: Api) -> None:
    """Pages of two, with calls made in between, hold each earlier call exactly once."""
    keys = [f"page-{nth}" for nth in range(7)]
    ids = [api.post("/v1/calls", {**CALL, "key": key}).json()["id"] for key in keys]
    found, cursor = [], ""
    while cursor is not None:
        page = api.get("/v1/calls", params={"limit": 2, "cursor": cursor or None}).json()
        found += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        api.post("/v1/calls", {**CALL, "key": f"between-{len(found)}"})
    assert [one for one in found if one in ids] == ids[::-1]
    assert len(found) == len(set(found))


def test_a_batch_answers_each_call_by_itself(api: Api) -> None:
    """Created, duplicate, conflict and rejected stand side by side; blank lines do not count."""
    lines = (
        '{"from":"9000000001","to":"9100000001","key":"b1"}\n\n'
        '{"from":"9000000001","to":"9100000001","key":"b1"}\n'
        '{"from":"9000000001","to":"9100000009","key":"b1"}\nnonsense\n{"key":"b2"}'
    )
    headers = {"Content-Type": "application/x-ndjson"}
    answer = api.ask("POST", "/v1/calls/batch", data=lines, headers=headers).json()
    verdicts = [one["verdict"] for one in answer["results"]]
    assert verdicts == ["created", "duplicate", "conflict", "rejected", "rejected"]
    assert (answer["created"], answer["rejected"]) == (1, 2)
    assert answer["results"][3]["errors"][0]["code"] == "malformed"
    assert {one["pointer"] for one in answer["results"][4]["errors"]} == {"/from", "/to"}


def test_who_waits_for_a_call_hears_of_its_change(api: Api) -> None:
    """A question with wait is answered when the call moves."""
    made = api.post("/v1/calls", {**CALL, "key": "waited-for"}).json()
    answers: list[str] = []
    path = f"/v1/calls/{made['id']}?wait=20s"
    waiting = threading.Thread(target=lambda: answers.append(api.get(path).json()["state"]))
    waiting.start()
    api.ask("POST", f"/v1/calls/{made['id']}/cancel")
    waiting.join(25)
    assert answers == ["cancelled"]


def test_a_monitor_reads_figures(api: Api) -> None:
    """In the form that Prometheus reads, each name with our word before it, and no number."""
    api.post("/v1/calls", {**CALL, "key": "figures", "to": "9200000001"})
    answer = api.get("/metrics", headers={"Accept": "text/plain;version=0.0.4;q=0.3,*/*;q=0.1"})
    assert answer.ok, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert all(name.startswith("dialer_") for name in families)
    states = {one.labels["state"]: one.value for one in families["dialer_jobs"].samples}
    assert states["ready"] >= 1
    assert set(states) == {str(state) for state in State}
    (rate,) = [
        one.value
        for one in families["dialer_account_rate"].samples
        if one.labels == {"account": "default"}
    ]
    assert rate > 0
    assert "9200000001" not in answer.text
    assert word_of(api.get("/metrics", api.key("read", accounts=("default",)))) == "scope"
