"""Where requests may go, and what is written behind the question mark."""

import pytest

from dialer.client import Endpoint

TOKEN = "made-up-token-0001"


@pytest.mark.parametrize(
    "base_url",
    [
        "https://calls.invalid/v2/clickToCall/para",
        "https://calls.invalid:8443/para",
        "http://127.0.0.1:8080/para",
        "http://[::1]:8080/para",
        "http://localhost/para",
    ],
)
def test_good_addresses(base_url):
    """Https goes anywhere, plain http only to loopback."""
    assert Endpoint(base_url, "90000001", TOKEN).base_url == base_url


def test_question_mark_of_the_vendors_page():
    """The "?" at the end of the vendor's address is taken off."""
    endpoint = Endpoint("https://calls.invalid/para?", "90000001", TOKEN)

    assert endpoint.base_url == "https://calls.invalid/para"


@pytest.mark.parametrize(
    ("base_url", "rule"),
    [
        ("http://calls.invalid/para", "must be https"),
        ("http://127.0.0.1.invalid/para", "must be https"),
        ("http://localhost.invalid/para", "must be https"),
        ("http://10.0.0.1/para", "must be https"),
        ("http://0.0.0.0/para", "must be https"),
        ("ftp://127.0.0.1/para", "must begin with https://"),
        ("calls.invalid/para", "must begin with https://"),
        ("https:///para", "must begin with https://"),
        ("", "must begin with https://"),
        ("https://me:s3cret@calls.invalid/para", "must not hold credentials"),
        ("https://s3cret@calls.invalid/para", "must not hold credentials"),
        ("https://calls.invalid/para?token=s3cret", "must not hold a query"),
        ("https://calls.invalid/para??", "must not hold a query"),
        ("https://calls.invalid/para#s3cret", "must not hold a query or a fragment"),
        ("https://calls.invalid:port/s3cret", "must be an address"),
        ("https://[s3cret/", "must be an address"),
        ("https://calls.invalid/a b", "must be printable ASCII"),
        ("https://calls.invalid/\r\nX: s3cret", "must be printable ASCII"),
        ("https://c\u0430lls.invalid/para", "must be printable ASCII"),
    ],
)
def test_bad_addresses(base_url, rule):
    """A bad address is refused by field and rule, without being quoted."""
    with pytest.raises(ValueError, match=f"^base_url: {rule}") as caught:
        Endpoint(base_url, "90000001", TOKEN)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " ", "two words", "line\n", "\x00"])
@pytest.mark.parametrize("field", ["user_id", "token"])
def test_bad_credentials(field, value):
    """Credentials are text without blanks."""
    fields = {"user_id": "90000001", "token": TOKEN} | {field: value}

    with pytest.raises(ValueError, match=f"^{field}: "):
        Endpoint("https://calls.invalid/para", **fields)


def test_repr_hides_the_token():
    """The token is no part of the repr."""
    assert TOKEN not in repr(Endpoint("https://calls.invalid/para", "90000001", TOKEN))


def test_query_in_the_order_of_the_vendors_page():
    """The credentials come first, then the call as given, then the mode, always."""
    endpoint = Endpoint("https://calls.invalid/para", "90000001", TOKEN)

    query = endpoint.query({"from": "1", "to": "2", "toType": "Agent"}, mode="developer")

    assert list(query.items()) == [
        ("user_id", "90000001"),
        ("token", TOKEN),
        ("from", "1"),
        ("to", "2"),
        ("toType", "Agent"),
        ("mode", "developer"),
    ]


@pytest.mark.parametrize("name", ["mode", "token", "user_id"])
def test_parameters_that_are_ours(name):
    """A call cannot bring its own mode or credentials."""
    endpoint = Endpoint("https://calls.invalid/para", "90000001", TOKEN)

    with pytest.raises(ValueError, match=f"^{name}: "):
        endpoint.query({name: "live"}, mode="developer")


@pytest.mark.parametrize("mode", ["", "Live", "test"])
def test_unknown_mode(mode):
    """There are two modes and no default."""
    endpoint = Endpoint("https://calls.invalid/para", "90000001", TOKEN)

    with pytest.raises(ValueError, match=r"^mode: "):
        endpoint.query({}, mode=mode)
