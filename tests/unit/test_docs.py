"""What the documents say is what the code does."""

import inspect
import re
import shlex
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from pkgutil import iter_modules

import pytest

import dialer
import schedules
import workers
from dialer import doctor, probe
from dialer.cli.app import command
from dialer.job import TRANSITIONS, State
from dialer.owners import MACHINES, OPERATOR
from dialer.store import layout, scripts

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RUNBOOK = (ROOT / "ops/runbook.md").read_text()
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
    """Every `dialer` command in a code block of the README."""
    return [
        line.split("#")[0].strip()
        for line in re.findall(r"^\$ (?:\.venv/bin/)?(dialer .+)$", README, re.MULTILINE)
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
def test_readme_shows_each_command(name):
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
    text = scripts.read("begin")
    reasons = set(re.findall(r"\bno\('([a-z:]+)'", text))
    reasons |= set(re.findall(r"return nil, '([a-z]+)'", text))
    assert {"closed", "empty", "held:all", "rollback"} <= reasons
    # The scope of a hold is put behind its colon.
    assert {"held:account" if reason == "held:" else reason for reason in reasons} <= HEADINGS


def test_runbook_knows_each_hold_owner():
    """Each owner that the scripts set holds for is known, and each one known has its heading."""
    text = "".join(scripts.read(name) for name in [*scripts.names(), "breaker"])
    owners = set(re.findall(r"(?:add|drop)_hold\([^,]+, '([a-z]+)'", text))
    assert owners == {"api", "breaker", "configuration", "mode", "witness"}
    assert owners <= MACHINES.keys()
    assert {OPERATOR, *MACHINES} <= HEADINGS


def test_runbook_knows_each_finding_of_the_doctor():
    """Each name that a finding can have has its heading."""
    judges = [import_module(f"dialer.doctor.{one.name}") for one in iter_modules(doctor.__path__)]
    source = "".join(map(inspect.getsource, [doctor, *judges, probe]))
    findings = set(re.findall(r"Level\.[A-Z]+,\s+\"([a-z_]+)\"", source))
    findings |= {"persistence", *doctor.server._NAMES.values()}
    assert len(findings) > 10
    assert {"holds", "probe"} <= findings
    assert findings <= HEADINGS


@pytest.mark.parametrize("name", scripts.names())
def test_scripts_say_what_they_take_and_give(name):
    """The head of each script names its KEYS, every ARGV it uses, and what it returns."""
    text = scripts.read(name)
    head = "\n".join(line for line in text.splitlines() if line.startswith("--"))
    assert text.startswith("#!lua")
    assert "KEYS[1]" in head
    assert "Returns" in head
    used = {int(n) for n in re.findall(r"ARGV\[(\d+)\]", text)}
    # "ARGV[15..]" is a list from there on.
    said = {int(n) for n in re.findall(r"ARGV\[(\d+)(?:\.\.)?\]", head)}
    assert used <= said


def test_data_dictionary_names_each_key_of_the_scripts():
    """A key that a script touches is described in `dialer.store.keys`."""
    described = set(re.findall(r"^([a-z]+)[: ]", layout.__doc__ or "", re.MULTILINE))
    for name in [*scripts.names(), "prologue", "breaker"]:
        touched = set(re.findall(r"\bP \.\. '([a-z]+)", scripts.read(name)))
        assert touched <= described, name


def test_public_names_are_few_and_sorted():
    """What `from dialer import …` offers is short enough to remember, and all there."""
    assert dialer.__all__ == sorted(dialer.__all__)
    assert {"ClickToCall", "Dialer"} <= set(dialer.__all__)
    assert len(dialer.__all__) <= 12
    assert all(hasattr(dialer, name) for name in dialer.__all__)


def test_our_packages_are_ours():
    """Nobody installed files into our packages, and nobody's package hides one of them."""
    ours = (dialer, workers, schedules)
    owners = packages_distributions()
    for package in ours:
        assert owners.get(package.__name__, ["outbound-dialer"]) == ["outbound-dialer"]
    assert len({Path(package.__file__ or "").parents[1] for package in ours}) == 1


def test_nothing_in_the_tree_is_too_long_to_read():
    """No module has more than 300 lines, and none is named after nothing."""
    modules = [
        path for name in ("dialer", "workers", "schedules") for path in ROOT.glob(f"{name}/**/*.py")
    ]
    assert len(modules) > 50
    assert [path for path in modules if len(path.read_text().splitlines()) > 300] == []
    assert {path.stem for path in modules}.isdisjoint({"utils", "common", "helpers", "misc"})
