"""Runs the tests of mutants, each in a copy of the tree, and remembers which test noticed."""

import re
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

from mutant import Mutant

ROOT = Path(__file__).parents[2]
#: Which test noticed a mutant the last time. A hint: it saves time, and may be wrong or gone.
HINTS = Path(__file__).with_name("mutants.tsv")
_PASSED, _FAILED, _NOT_THERE = 0, 1, 4
_NAMED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


def hints() -> dict[str, str]:
    """Read which test noticed which mutant."""
    lines = HINTS.read_text().splitlines() if HINTS.exists() else []
    return dict(line.split("\t") for line in lines)


def remember(noticed: dict[str, str], mutants: list[Mutant]) -> None:
    """Write down which test noticed which mutant, in the order of the mutants."""
    known = hints() | noticed
    lines = [
        f"{each.promise}\t{known[each.promise]}\n" for each in mutants if each.promise in known
    ]
    HINTS.write_text("".join(lines))


class Copy:
    """A copy of the tree, in which guards are taken away one after the other."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".venv", ".git", ".hypothesis"))
        # An environment of its own: processes that a test starts elsewhere shall run the copy too,
        # and `PYTHONPATH` reaches no test.
        venv.create(tree / ".venv", symlinks=True)
        (packages,) = (tree / ".venv").glob("lib/python*/site-packages")
        (packages / "copy.pth").write_text(f"{tree}\n{sysconfig.get_path('purelib')}\n")

    def noticed_by(self, mutant: Mutant, hint: str) -> str:
        """
        Take one guard away and run its tests: the one of the hint, then all of them.

        Returns:
            The first test that failed; "" when none did.
        """
        file = self._tree / mutant.file
        text = file.read_text()
        if text.count(mutant.old) != 1:
            raise SystemExit(f"{mutant.promise}: its line stands {text.count(mutant.old)} times")
        file.write_text(text.replace(mutant.old, mutant.new))
        try:
            noticed = self._run(hint) if hint.startswith(mutant.tests) else []
            return (noticed or self._run(mutant.tests) or [""])[0]
        finally:
            file.write_text(text)

    def broken(self, tests: set[str]) -> list[str]:
        """Name the tests that fail with every guard in its place: they notice nothing."""
        return self._run(*sorted(tests), at_most=len(tests), seconds=1200) if tests else []

    def _run(self, *tests: str, at_most: int = 1, seconds: float = 300) -> list[str]:
        """
        Run tests, and name at most so many that fail; nothing for a test that is not there.

        Raises:
            SystemExit: The tests cannot be run at all: nothing is known of the mutant.
        """
        flags = ["-q", f"--maxfail={at_most}", "-p", "no:cacheprovider", "--tb=no"]
        try:
            done = subprocess.run(
                [self._tree / ".venv/bin/python", "-m", "pytest", *flags, *tests],
                cwd=self._tree,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [*tests]
        if done.returncode in {_PASSED, _NOT_THERE} and "::" in tests[0]:
            return []
        if done.returncode not in {_PASSED, _FAILED}:
            raise SystemExit(
                f"{tests[0]} cannot be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        # A test that hangs ends the process before it is named.
        return _NAMED.findall(done.stdout) or [*tests] * (done.returncode == _FAILED)
