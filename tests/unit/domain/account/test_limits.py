"""How people read a rate."""

import pytest

from dialer.cli.options import read_rate
from dialer.domain.account.limits import pace


@pytest.mark.parametrize(
    "written", ["1000/s", "2/s", "1.5/s", "1/s", "12/min", "1/min", "5/h", "0.05/h", "33.33/s"]
)
def test_a_rate_is_written_as_it_is_typed(written):
    """Nobody has to read a call each twelve minutes as 0.00138889 a second."""
    assert pace(read_rate(written, "--rate")) == written


def test_nothing_is_no_rate_of_an_hour():
    """Of an account that rests the unit says nothing."""
    assert pace(0) == "0/s"
