"""What the documents say is what the code does."""

import ast
import inspect
import re
import shlex
from collections import Counter
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from pkgutil import iter_modules

import pytest
import reference
from luakit import refusals

import dialer
import schedules
import workers
from dialer.cli.app import command
from dialer.diagnosis import doctor, probe
from dialer.domain.holds.owners import MACHINES, OPERATOR
from dialer.domain.job.job import TRANSITIONS, State
from dialer.store.redis import schema as layout
from dialer.store.redis import scripts

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
USING = (ROOT / "ops/using.md").read_text()
GLOSSARY = (ROOT / "ops/glossary.md").read_text()
RUNBOOK = (ROOT / "ops/runbook.md").read_text()
DICTIONARY = set(re.findall(r"^([a-z_]+)[: ]", layout.__doc__ or "", re.MULTILINE))
ARROW = re.compile(r"^    (\w+) --> (\w+): (.+)$", re.MULTILINE)
HEADINGS = set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("ops/*.md")]
)
TREE = command()


def commands() -> list[str]:
    """Every command, groups spelt out: "dead list"."""
    names = []
    for name, one in TREE.commands.items():
        names += [f"{name} {sub}" for sub in getattr(one, "commands", {})] or [name]
    return names


def shell_lines() -> list[str]:
    """Every `dialer` command that the README shows, and the page that goes on from there."""
    return [
        line.split("#")[0].strip()
        for line in re.findall(r"^\$ (?:\.venv/bin/)?(dialer .+)$", README + USING, re.MULTILINE)
    ]


def test_diagram_has_exactly_the_arrows_of_the_code():
    """The README's diagram shows each move that is possible, and no other."""
    drawn = {
        (verb, source, target)
        for source, target, verbs in ARROW.findall(README)
        for verb in verbs.split(" / ")
    }
    made = {
        (verb, str(source), str(target))
        for verb, (sources, targets) in TRANSITIONS.items()
        for source in sources
        for target in targets
    }
    assert drawn == made


def test_table_of_states_is_complete():
    """The README explains each state in a row of its own, and no state that is not there."""
    table = README.partition("| state | means |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) == set(State)


@pytest.mark.parametrize("name", sorted({name.split()[0] for name in commands()}))
def test_each_command_is_shown(name):
    """No command is left for the user to find by accident."""
    assert [line for line in shell_lines() if line.split()[1] == name]


@pytest.mark.parametrize("line", shell_lines())
def test_commands_in_the_readme_parse(line, tmp_path, monkeypatch):
    """What the README tells people to type has the commands, options and arguments that exist."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.jsonl").touch()
    one, words = TREE, shlex.split(line)[1:]
    while hasattr(one, "commands"):
        one = one.commands[words.pop(0)]
    with one.make_context("dialer", words) as context:
        assert context.command is one


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_running_text_exist(page):
    """A command that a page mentions in passing exists, under that name and with those options."""
    for words in re.findall(r"`dialer ([a-z][^`]*)`", page.read_text()):
        parts, one = words.split(), TREE
        while hasattr(one, "commands") and parts:
            assert parts[0] in one.commands, words
            one = one.commands[parts.pop(0)]
        known = {name for option in one.params for name in option.opts}
        assert {part for part in parts if part.startswith("--")} <= known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """A link to a file of ours is to a file that is there."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_in_running_text_exist(page):
    """A file or folder that a page names is there."""
    named = re.findall(r"`((?:dialer|workers|schedules|tests|ops|\.ci)/[\w./-]*)", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_runbook_knows_each_refusal_of_begin():
    """Each reason that `begin` can give for not dialling has its heading."""
    reasons = set(refusals()) - {"wait", "enough", "more"}  # then it is asked again
    assert {"closed", "empty", "held:all", "rollback", "clock", "slow"} <= reasons
    assert reasons <= HEADINGS


def test_runbook_knows_each_hold_owner():
    """Each owner that the scripts set holds for is known, and each one known has its heading."""
    text = "".join(scripts.read(name) for name in [*scripts.names(), "breaker", "life"])
    owners = set(re.findall(r"(?:add|drop)_hold\([^,]+, '([a-z]+)'", text))
    assert owners == {"api", "breaker", "clock", "configuration", "mode", "witness"}
    assert owners <= MACHINES.keys()
    assert {OPERATOR, *MACHINES} <= HEADINGS


def test_runbook_knows_each_finding_of_the_doctor():
    """Each name that a finding can have has its heading."""
    judges = [
        import_module(f"dialer.diagnosis.doctor.{one.name}")
        for one in iter_modules(doctor.__path__)
    ]
    source = "".join(map(inspect.getsource, [doctor, *judges, probe]))
    findings = set(re.findall(r"Level\.[A-Z]+,\s+\"([a-z_]+)\"", source))
    findings |= {"persistence", *doctor.server._NAMES.values()}
    assert len(findings) > 10
    assert {"holds", "probe"} <= findings
    assert findings <= HEADINGS


def test_data_dictionary_names_each_key_of_the_scripts():
    """A key that a script touches is described in `dialer.store.redis.keys`."""
    described = set(re.findall(r"^([a-z_]+)[: ]", layout.__doc__ or "", re.MULTILINE))
    for name in [*scripts.names(), *scripts.PARTS]:
        touched = set(re.findall(r"\bP \.\. '([a-z_]+)", scripts.read(name)))
        assert touched <= described, name


def test_reference_is_what_the_commands_say():
    """`make reference` was run after an option was changed."""
    assert reference.PAGE.read_text() == reference.page()


def test_glossary_names_keys_that_are_there():
    """Each key in the glossary is in the data dictionary."""
    column = re.findall(r"^\|.*\|.*\|.*\|(.*)\|$", GLOSSARY, re.MULTILINE)
    keys = re.findall(r"`([a-z]+)(?::<[^`]*)?`", " ".join(column))
    assert len(keys) > 30
    fields = {"tat_us", "cut_us"}
    assert {key for key in keys if key not in fields} <= DICTIONARY


def test_public_names_are_few_and_sorted():
    """What `from dialer import …` offers is short enough to remember, and all there."""
    assert dialer.__all__ == sorted(dialer.__all__)
    assert {"ClickToCall", "Dialer"} <= set(dialer.__all__)
    assert len(dialer.__all__) <= 13
    assert all(hasattr(dialer, name) for name in dialer.__all__)


def test_our_packages_are_ours():
    """Nobody installed files into our packages, and nobody's package hides one of them."""
    ours = (dialer, workers, schedules)
    owners = packages_distributions()
    for package in ours:
        assert owners.get(package.__name__, ["outbound-dialer"]) == ["outbound-dialer"]
    assert len({Path(package.__file__ or "").parents[1] for package in ours}) == 1


def modules() -> list[Path]:
    """Every module of the product."""
    return [
        path for name in ("dialer", "workers", "schedules") for path in ROOT.glob(f"{name}/**/*.py")
    ]


def bodies(path: Path) -> dict[str, int]:
    """How many lines each function of a module has below its docstring."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            rest = node.body[1:] if ast.get_docstring(node) else node.body
            if rest:
                found[node.name] = (rest[-1].end_lineno or 0) - rest[0].lineno + 1
    return found


def test_nothing_in_the_tree_is_too_long_to_read():
    """No module is longer than 300 lines, no function than 40, and none is named after nothing."""
    found = modules()
    assert len(found) > 50
    assert [path for path in found if len(path.read_text().splitlines()) > 300] == []
    assert [one for path in found for one in bodies(path).items() if one[1] > 40] == []
    assert {path.stem for path in found}.isdisjoint({"utils", "common", "helpers", "misc"})


def test_no_module_lies_loose():
    """A newcomer reads folders: what is no package says why everything may import it."""
    loose = {path.stem for path in (ROOT / "dialer").glob("*.py")}
    assert loose == {"__init__", "__main__", "errors"}


def test_no_class_name_stands_for_two_things():
    """The sandbox is a world of its own: it shares no code, and may share names."""
    names = Counter(
        node.name
        for path in modules()
        if "sandbox" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []
