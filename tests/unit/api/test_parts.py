"""Parts of the HTTP door that only compute."""

import pytest

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.problems import ApiProblem, pointer
from dialer.api.rates import Places, Rates
from dialer.api.reading import parse_json
from dialer.domain.job.metadata import read_metadata
from dialer.text.size import format_size, parse_size


@pytest.mark.parametrize(("text", "size"), [("1KiB", 1024), ("16MiB", 2**24), ("1GiB", 2**30)])
def test_a_size_is_read_and_written(text, size):
    """In units of 1024."""
    assert parse_size(text) == size
    assert format_size(size) == text


@pytest.mark.parametrize("text", ["", "16", "16MB", "0KiB", "-1KiB", "1.5MiB", 16])
def test_what_is_no_size_is_refused(text):
    """With an example."""
    with pytest.raises(ValueError, match="64KiB"):
        parse_size(text)


@pytest.mark.parametrize(
    "metadata",
    [
        "text",
        {"a": 1},
        {"": "a"},
        {"a" * 41: "b"},
        {"a": "b" * 501},
        {str(n): "" for n in range(21)},
        {str(n): "x" * 400 for n in range(11)},
        {"a": "\ud800"},
    ],
)
def test_metadata_has_bounds(metadata):
    """Of names, values, count and size."""
    with pytest.raises(ValueError, match=r"must|has|holds|takes"):
        read_metadata(metadata)


def test_a_cursor_is_of_its_list_and_of_its_day():
    """Another list's, a changed one and one of yesterday are refused, each in its words."""
    cursor = write_cursor("secret", "calls", "place", now=1000)
    assert read_cursor("secret", "calls", cursor, now=1000) == "place"
    for secret, what, text in [
        ("other", "calls", cursor),
        ("secret", "dead", cursor),
        ("secret", "calls", cursor[:-2] + "AA"),
        ("secret", "calls", "nonsense"),
        ("secret", "calls", ""),
    ]:
        with pytest.raises(ApiProblem) as caught:
            read_cursor(secret, what, text, now=1000)
        assert caught.value.word == "validation"
    with pytest.raises(ApiProblem) as caught:
        read_cursor("secret", "calls", cursor, now=1000 + 86_401)
    assert caught.value.word == "cursor-expired"


def test_a_rate_allows_a_burst_and_then_its_pace():
    """Two seconds' worth at once; each key by itself."""
    now = [0.0]
    rates = Rates(2, lambda: now[0])
    for _ in range(4):
        rates.take("a")
    with pytest.raises(ApiProblem):
        rates.take("a")
    rates.take("b")
    now[0] = 0.5
    rates.take("a")
    with pytest.raises(ApiProblem):
        rates.take("a")


def test_places_are_given_back():
    """Also after an error; one too many is busy."""
    places = Places(1, "batches")
    with places, pytest.raises(ApiProblem) as caught, places:
        pass
    assert caught.value.word == "busy"
    with pytest.raises(KeyError), places:
        raise KeyError
    with places:
        pass


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"\xff",
        b'"\\ud800"',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)
def test_what_is_no_json_is_malformed(text):
    """Whatever is wrong with it."""
    with pytest.raises(ApiProblem) as caught:
        parse_json(text)
    assert caught.value.word == "malformed"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("to", "/to"), ("set.from", "/set/from"), ("line", ""), ("a/b~c", "/a~1b~0c")],
)
def test_a_field_is_a_pointer(name, expected):
    """RFC 6901."""
    assert pointer(name) == expected
