"""Whose a hold is, and what ends it."""

import pytest

from dialer.domain.holds.hold import Hold
from dialer.domain.holds.owners import MACHINES, OPERATOR, name_problem
from dialer.domain.holds.words import release


@pytest.mark.parametrize("owner", [OPERATOR, "night-shift", "asha_2"])
def test_plain_names_are_for_people(owner):
    """Lower case, digits, a dash, a line below."""
    assert name_problem(owner) == ""


@pytest.mark.parametrize("owner", ["", " ", "a\tb", "two words", "Asha", "a\n", "आशा"])
def test_other_names_are_refused_with_the_rule(owner):
    """What a person cannot type again in `hold release`, and what would split a row, is no name."""
    assert name_problem(owner).startswith("write a name of a-z, 0-9, _ and -")


@pytest.mark.parametrize("owner", [*MACHINES, "Durability", "WITNESS"])
def test_names_of_machines_are_taken(owner):
    """However they are written: a hold that looks like the system's is believed to be."""
    assert "set and released by the system itself" in name_problem(owner)


@pytest.mark.parametrize(
    ("owner", "scope", "sentence"),
    [
        ("asha", "all", "dialer hold release --all --owner asha"),
        ("breaker", "account:a", "dialer hold release --account a --owner breaker"),
        (
            "durability",
            "all",
            (
                "mend the server's settings (ops/runbook.md, durability); the next tick ends it"
                " then, and so does: dialer hold release --all --owner durability"
            ),
        ),
        (
            "missing",
            "account:a",
            (
                "write [accounts.a] back and restart the workers, or cancel its jobs; the next tick"
                " ends it then, and so does: dialer hold release --account a --owner missing"
            ),
        ),
        (
            "recover",
            "all",
            "do what `dialer recover` lists, then: dialer hold release --all --owner recover",
        ),
        (
            "witness",
            "all",
            "dialer recover --who NAME takes it over (ops/runbook.md, witness)",
        ),
    ],
)
def test_release_says_what_comes_first_and_who_ends_it(owner, scope, sentence):
    """The command is given where it lasts, behind what must be done before it."""
    assert release(Hold(scope, owner, "x", "why", None)) == sentence
