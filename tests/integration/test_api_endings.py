"""Calls that ended badly, over HTTP: read to the end of the list, by pages."""

from collections.abc import Iterator

import pytest
from apikit import CALL, Api, emptied, serving, settings_for, word_of
from clikit import attempt

from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.outcome import Doubtful, Outcome, Refused
from dialer.local.embedded_server import EmbeddedServer

DEAD = Refused(undocumented("1508", Kind.REQUEST))


@pytest.fixture
def api(redis_server: EmbeddedServer) -> Iterator[Api]:
    emptied(redis_server)
    with serving(settings_for(redis_server)) as running:
        yield running


def end_badly(api: Api, outcome: Outcome, count: int) -> list[str]:
    """Hand calls in, and let each end so; their ids, in the order in which they ended."""
    for nth in range(count):
        api.post("/v1/calls", {**CALL, "to": f"94000000{nth:02d}", "key": f"bad-{nth}"})
    return [attempt(api.dialer, outcome) for _ in range(count)]


@pytest.mark.parametrize(
    ("path", "outcome"),
    [("/v1/dead", DEAD), ("/v1/unconfirmed", Doubtful("no answer within 30s"))],
)
def test_each_is_on_one_page_the_last_to_end_first(api: Api, path: str, outcome: Outcome) -> None:
    """A page has as many as asked for, and only the last one has no cursor."""
    ended = end_badly(api, outcome, 5)
    read, cursor, sizes = [], "", []
    while cursor is not None:
        asked = f"{path}?limit=2{cursor and f'&cursor={cursor}'}"
        answer = api.get(asked).json()
        read += [one["id"] for one in answer["data"]]
        sizes.append(len(answer["data"]))
        cursor = answer["next_cursor"]
    assert sizes == [2, 2, 1]
    assert read == ended[::-1]


def test_a_cursor_is_good_for_its_own_list(api: Api) -> None:
    """That of dead letters means nothing among the unconfirmed."""
    end_badly(api, DEAD, 2)
    cursor = api.get("/v1/dead?limit=1").json()["next_cursor"]
    assert word_of(api.get(f"/v1/unconfirmed?cursor={cursor}")) == "validation"


def test_more_ids_than_one_request_may_name_are_refused(api: Api) -> None:
    """None of them is left out in silence."""
    answer = api.post("/v1/dead/redrive", {"ids": ["x"] * 1001})
    assert (word_of(answer), answer.json()["errors"][0]["pointer"]) == ("validation", "/ids")
