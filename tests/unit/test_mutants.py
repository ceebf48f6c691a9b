"""The list of guards that `make mutants` takes away keeps up with the code."""

from pathlib import Path

import pytest
from mutant import Mutant
from mutants import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.promise)
def test_line_that_a_mutant_changes_stands_once(mutant: Mutant):
    """A line that was moved or rewritten takes its mutant along."""
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1


def test_each_mutant_has_tests_and_a_name_of_its_own():
    """Which test noticed it is remembered by its promise."""
    assert [each.promise for each in MUTANTS if not (ROOT / each.tests).is_file()] == []
    promises = [each.promise for each in MUTANTS]
    assert [each for each in promises if promises.count(each) > 1] == []
