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
