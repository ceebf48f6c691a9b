"""The text of a call and its two numbers apart: what is put together again is the same text."""

import pytest

from dialer.domain.call.call import LANDLINES, ClickToCall
from dialer.domain.call.frame import Frame
from dialer.errors import InvalidCall

PLAIN = ClickToCall(from_="9000000001", to="9000000002", timeLimit=60)


def test_a_plain_call_is_put_together_again():
    frame, *numbers = Frame.of(PLAIN.content()) or pytest.fail("it has two plain numbers")
    assert numbers == ["+919000000001", "+919000000002"]
    assert frame.around(*numbers) == PLAIN.content()
    other = ClickToCall(from_="9000000003", to="9000000004", timeLimit=60)
    assert frame.around("+919000000003", "+919000000004") == other.content()


@pytest.mark.parametrize(
    "content",
    [
        ClickToCall(from_="12", from_type="Agent", to="9000000002").content(),
        ClickToCall(from_=("9000000001", "9000000003"), to="9000000002").content(),
        PLAIN.content().replace('"to":["+919000000002"]', '"to":[]'),
        PLAIN.content().replace('"to":', '"x":{"from":[]},"to":'),
        PLAIN.content().replace('"to":', '"x":{"to":["+919000000003"]},"to":'),
        "no json",
        "",
    ],
)
def test_other_calls_have_no_frame(content: str):
    assert Frame.of(content) is None


def test_what_looks_like_numbers_in_a_text_is_none():
    """Its quotes are escaped, so that it is no part of the frame that numbers are put into."""
    call = ClickToCall(
        from_="9000000001", to="9000000002", extra_params={"note": '"to":["+919000000009"]'}
    )
    frame, *numbers = Frame.of(call.content()) or pytest.fail("it has two plain numbers")
    assert frame.around(*numbers) == call.content()
    assert ClickToCall.from_content(call.content()) == call


def test_calls_of_one_frame_are_read_alike():
    for to in ("9000000002", "9000000003", "+14155550123", "1140000000"):
        call = ClickToCall.model_validate(
            {"from": "9000000001", "to": to, "timeLimit": 60}, context=LANDLINES
        )
        read = ClickToCall.from_content(call.content())
        assert (read, read.content(), read.wire()) == (call, call.content(), call.wire())


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("+919000000002", "+919000000001", "to: names a value"),
        ("+919000000002", "+9190000000", "to: "),
        ("+919000000002", "+919000000002123", "to: "),
        ('"timeLimit":60', '"timeLimit":-1', "timeLimit"),
    ],
)
def test_a_damaged_call_is_refused_though_others_of_its_frame_are_not(
    old: str, new: str, rule: str
):
    ClickToCall.from_content(PLAIN.content())
    with pytest.raises(InvalidCall, match=rule):
        ClickToCall.from_content(PLAIN.content().replace(old, new))
