"""Single contacts of a campaign over HTTP: moved to a time, taken out, passed over when fed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from apikit import Api, word_of

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
WHEN = {"not_before": LATER.isoformat()}
CAMPAIGN = {
    "call": {"from": "21", "fromType": "Group"},
    "columns": {"to": "phone", "metadata.id": "id"},
    "ends": LATER + timedelta(days=5),
}


@pytest.fixture
def name(api: Api, request: pytest.FixtureRequest) -> str:
    """A campaign of its own, a draft, with a list of 700."""
    name = f"c{abs(hash(request.node.name)) % 10**9}"
    api.dialer.campaigns.define(name, CAMPAIGN)
    rows = [{"phone": f"91{nth:08d}", "id": f"n{nth}"} for nth in range(1, 701)]
    api.dialer.campaigns.add(name, rows)
    return name


def ask(api: Api, name: str, row: int, step: str = "", body: Any = None) -> requests.Response:
    """Ask about a contact, or have something done with it."""
    path = f"/v1/campaigns/{name}/contacts/{row}"
    return api.post(f"{path}/{step}", body or {}) if step else api.get(path)


def counts(api: Api, name: str) -> dict[str, int]:
    """Counts that are not zero; they sum to the list."""
    progress = api.get(f"/v1/campaigns/{name}/progress").json()
    assert sum(progress["counts"].values()) == progress["total"] == 700
    return {state: count for state, count in progress["counts"].items() if count}


def test_a_contact_is_found_by_its_row(api: Api, name: str) -> None:
    """Its number is masked; a row that is not there is 404."""
    seen = ask(api, name, 602).json()
    assert (seen["row"], seen["state"], seen["id"]) == (602, "waiting", None)
    assert (seen["numbers"], seen["metadata"]) == (["+91******0602"], {"id": "n602"})
    for row in (0, 701, 10**12):
        assert word_of(ask(api, name, row)) == "not-found"


def test_a_contact_that_waits_is_moved_and_the_feeder_passes_over_it(api: Api, name: str) -> None:
    """A draft rings nobody; moved it is a job of its own, moved again it is the same one."""
    assert word_of(ask(api, name, 3, "move", WHEN)) == "state"
    api.dialer.campaigns.steer("start", name)
    api.dialer.campaigns.steer("pause", name)
    fed = 700 - counts(api, name)["waiting"]
    assert 0 < fed < 600
    moved = ask(api, name, 690, "move", {**WHEN, "agent": "12"}).json()
    assert (moved["state"], moved["id"]) == ("scheduled", f"{name}:690:1")
    assert datetime.fromisoformat(moved["due"]) == LATER
    assert api.get(f"/v1/calls/{moved['id']}").json()["from"] == "Agent 12"
    assert counts(api, name) == {"waiting": 699 - fed, "ready": fed, "scheduled": 1}
    later = LATER + timedelta(days=1)
    again = ask(api, name, 690, "move", {"not_before": later.isoformat()}).json()
    assert datetime.fromisoformat(again["due"]) == later
    assert api.get(f"/v1/calls/{moved['id']}").json()["from"] == "Group 21"
    before = api.get(f"/v1/campaigns/{name}/preflight").json()
    assert before["contacts"] == before["will_ring"] == 699 - fed
    feed_all(api, name)
    assert counts(api, name) == {"ready": 699, "scheduled": 1}
    assert api.dialer.campaigns.progress(name).early == 0


def feed_all(api: Api, name: str) -> None:
    """Have the feeder make a job of every contact."""
    assert api.ask("PATCH", "/v1/accounts/default", json={"calls_per_second": 100}).ok
    api.dialer.campaigns.steer("resume", name)
    assert api.ask("PATCH", "/v1/accounts/default", json={"calls_per_second": None}).ok


def test_a_contact_that_is_a_job_is_moved_and_its_agent_survives_an_edit(
    api: Api, name: str
) -> None:
    """It leaves its lane until then; made anew by another definition it keeps its agent."""
    api.dialer.campaigns.steer("start", name)
    assert ask(api, name, 1).json()["state"] == "ready"
    moved = ask(api, name, 1, "move", {**WHEN, "agent": "12"}).json()
    assert (moved["state"], datetime.fromisoformat(moved["due"])) == ("scheduled", LATER)
    api.dialer.campaigns.edit(name, {"call": {"timeLimit": 60}})
    call = api.get(f"/v1/calls/{moved['id']}").json()
    assert (call["from"], datetime.fromisoformat(call["due"])) == ("Agent 12", LATER)
    assert api.get(f"/v1/calls/{name}:2:1").json()["from"] == "Group 21"


def test_a_contact_that_was_moved_is_not_woken_before_its_time(api: Api, name: str) -> None:
    """A ring that is given back wakes those that wait for its customer: it is none of them."""
    api.dialer.campaigns.steer("start", name)
    server = api.dialer.store.server
    waiting = f"{server.keys.prefix}waiting:+919100000001"
    server.client.sadd(waiting, f"{name}:1:1")
    ask(api, name, 1, "move", WHEN)
    assert server.client.smembers(waiting) == set()


def test_a_contact_is_taken_out_wherever_it_waits(api: Api, name: str) -> None:
    """Also of a draft, and again; then it cannot be moved, and is never fed."""
    api.dialer.campaigns.steer("start", name)
    api.dialer.campaigns.steer("pause", name)
    for row in (1, 650):
        for _ in range(2):
            gone = ask(api, name, row, "remove", {"reason": "moved away"})
            assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
        late = ask(api, name, row, "move", WHEN)
        assert (word_of(late), "cancelled" in late.json()["detail"]) == ("state", True)
    feed_all(api, name)
    assert counts(api, name) == {"cancelled": 2, "ready": 698}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/not_before"),
        ({"not_before": "soon"}, "/not_before"),
        ({"not_before": "2999-01-01T00:00:00Z"}, "/not_before"),
        ({**WHEN, "agent": 12}, "/agent"),
        ({**WHEN, "agent": "x"}, "/agent"),
        ({**WHEN, "who": "x"}, "/who"),
    ],
)
def test_what_is_wrong_with_a_move_is_named(
    api: Api, name: str, body: dict[str, Any], pointer: str
) -> None:
    """Nothing is changed then."""
    api.dialer.campaigns.steer("start", name)
    answer = ask(api, name, 700, "move", body)
    assert (word_of(answer), answer.json()["errors"][0]["pointer"]) == ("validation", pointer)
    assert ask(api, name, 700).json()["state"] == "waiting"
