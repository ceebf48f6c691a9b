"""The record of a job as Python reads it, beside the tables that the scripts go by."""

import json
import re

import pytest

from dialer.domain.call.call import ClickToCall
from dialer.store.redis import scripts
from dialer.store.redis.record import (
    LETTERS,
    NAMES,
    USUAL,
    full_content,
    read_record,
    short_content,
)

LUA = scripts.read("record")
WHEN = {"t": "1772431201000000", "r": "400000000000534", "l": "default/-/-/", "s": "ready"}
CALLS = [
    ClickToCall(from_="9000000001", to="9000000002"),
    ClickToCall(from_="9000000001,9000000003", to=["9000000002"], time_limit=600),
    ClickToCall(from_="7", from_type="Group", to="9000000002", from_ring_time=35, to_retry_count=2),
    ClickToCall(from_="12,13", from_type="Agent", to="9000000002,9000000004", time_limit=20),
]


def table(name: str) -> dict[str, str]:
    """Return a table of words of the scripts."""
    inside = re.search(rf"^local {name} = {{(.*?)}}", LUA, re.MULTILINE | re.DOTALL)
    assert inside, name
    return dict(re.findall(r"(\w+) = '([^']*)'", inside[1]))


def test_the_scripts_hold_the_same_tables():
    """What one writes the other reads."""
    assert table("LETTERS") == LETTERS
    assert table("USUAL") == USUAL
    assert len(NAMES) == len(LETTERS)


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_content_is_read_as_it_was_accepted(call: ClickToCall):
    """Ids and digests are made of the full text: not a byte of it may change."""
    short = short_content(call.content())
    assert full_content(short) == call.content()
    assert len(short) < len(call.content()) - 60
    assert ClickToCall.from_content(full_content(short)) == call


def test_what_is_usual_never_changes():
    """What was written by the first version of this layout is read by each of them."""
    short = '{"f":["+919000000001","+919000000003"],"l":600,"t":"+919000000002"}'
    assert full_content(short) == CALLS[1].content()
    record = read_record({**WHEN, "c": short, "e0": "\tann"})
    usual = {"mode": "live", "customer": "to", "lead_us": "30000000", "ring_us": "50000000"}
    assert record | usual == record


def test_what_a_call_left_unsaid_stays_unsaid():
    """A text without a usual value, of another version say, does not get one."""
    text = '{"from":["7"],"fromType":"Group","to":["+919000000002"]}'
    assert full_content(short_content(text)) == text


@pytest.mark.parametrize("text", ["no json", "7", "[", '["90"]', "{}", '{"to":"+919000000001"}'])
def test_text_that_is_no_call_stays_as_it_is(text: str):
    """It is damaged, and shown as such."""
    assert full_content(short_content(text)) == text


def test_what_is_usual_is_filled_in():
    """A small record says all that a large one does."""
    content = short_content(CALLS[1].content())
    record = read_record({**WHEN, "c": content, "e0": "\tann"})
    assert record["protected"] == "+919000000002"
    assert record["talk_us"] == "600000000"
    assert (record["account"], record["priority"], record["mode"]) == ("default", "5", "live")
    assert record["entered_us"] == WHEN["t"]
    assert int(record["not_after_us"]) - int(WHEN["t"]) == 86_400_000_000
    assert record["log"] == f"{WHEN['t']}\t\tready\tann\taccepted"
    assert json.loads(record["content"]) == json.loads(CALLS[1].content())


def test_what_is_long_goes_on():
    """A piece of full length is followed by the next one, and a shorter one is the last."""
    pieces = {"k": "x" * 64, "k.1": "y" * 62, "k.2": "z", "k.3": "left over"}
    record = read_record({**WHEN, **pieces, "c": "{}", "e0": "\tann"})
    assert record["key"] == "x" * 64 + "y" * 62 + "z"


def test_last_moves_come_in_their_order():
    """The creation stays; the 33rd move after it stands in the place of the second."""
    moves = {
        f"e{1 + (nth - 1) % 31}": f"{nth}\tready\tscheduled\trule\twhy {nth}"
        for nth in range(1, 34)
    }
    record = read_record({**WHEN, **moves, "e0": "\tann", "c": "{}", "n": "34"})
    whys = [line.split("\t")[4] for line in record["log"].splitlines()]
    assert whys == ["accepted", *(f"why {nth}" for nth in range(3, 34))]
    assert record["reason"] == "why 33"
