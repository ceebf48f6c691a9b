"""The heads of the scripts: what each is made of and asked for, and that both sides keep to it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from storekit import Clockwork

from dialer.store import jobs
from dialer.store.redis import scripts
from dialer.store.redis.witness import NOTHING_NOTICED

STORE = Path(scripts.__file__).parents[1]


def head_and_body(name: str) -> tuple[str, str]:
    """A script's comments at its top, and what comes behind them without any comment."""
    head, _, body = scripts.read(name).partition("\n\n")
    return head, re.sub(r"--[^\n]*", "", body)


def words(text: str) -> set[str]:
    """Every name in a piece of Lua that is no field, in no string, and none of its own."""
    text = re.sub(r"'[^'\n]*'", "", text)
    own = re.findall(
        r"\b(?:local function|local|for|function \w*\(|function\() ?((?:\w+(?:, )?)+)", text
    )
    names = {name for some in own for name in some.split(", ")}
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", text)) - names


def defined(part: str) -> set[str]:
    """What a part gives to the scripts that use it."""
    text = scripts.read(part)
    found = set(re.findall(r"^local function (\w+)", text, re.MULTILINE))
    for names in re.findall(r"^local (\w+(?:, \w+)*) = ", text, re.MULTILINE):
        found |= set(names.split(", "))
    return found


@pytest.mark.parametrize("name", scripts.names())
def test_head_says_what_a_script_is_asked_and_gives(name: str):
    """Each name that it reads is explained, and none that it does not read."""
    head, body = head_and_body(name)
    assert head.startswith("#!lua")
    assert "Returns" in head
    assert set(re.findall(r"\bask\.(\w+)", head)) == set(re.findall(r"\bask\.(\w+)", body))


@pytest.mark.parametrize("name", [*scripts.names(), *scripts.PARTS])
def test_no_argument_is_known_by_its_place(name: str):
    """The prologue reads the only one."""
    places = scripts.read(name).count("ARGV[") - scripts.read(name).count("-- ARGV[")
    assert places == (name == "prologue")


@pytest.mark.parametrize("name", scripts.names())
def test_script_declares_the_parts_that_it_uses(name: str):
    """One that is missing would stop it at its first line, one too many slows it down."""
    declared = scripts.uses(name)
    known = words(head_and_body(name)[1])
    assert set(declared) == {part for part in scripts.DECLARED if known & defined(part)}


def test_parts_stand_on_those_that_each_script_has():
    """No declared part needs another: what a script declares is all that it needs."""
    for part in scripts.DECLARED:
        known = words(re.sub(r"--[^\n]*", "", scripts.read(part)))
        others = {one for other in scripts.DECLARED if other != part for one in defined(other)}
        assert not known & (others - defined(part)), part


def keys_of(node: ast.expr, function: ast.AST) -> set[str]:
    """The names in a dictionary, whose parts may have been put together before."""
    if isinstance(node, ast.Dict):
        found = set[str]()
        for key, value in zip(node.keys, node.values, strict=True):
            found |= keys_of(value, function) if key is None else {ast.literal_eval(key)}
        return found
    if isinstance(node, ast.GeneratorExp):  # one for each of many
        return keys_of(node.elt, function)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return keys_returned(node.func.id)
    if isinstance(node, ast.Call):  # of a step of the clock, which says itself what it asks
        assert ast.unparse(node).endswith(".ask()")
        return set(NOTHING_NOTICED.ask())
    assert isinstance(node, ast.Name)
    for one in ast.walk(function):
        if isinstance(one, ast.Assign):
            for target, value in _assigned(one):
                if target == node.id:
                    return keys_of(value, function)
    pytest.fail(f"{node.id} is nowhere made")


def keys_returned(name: str) -> set[str]:
    """The names in the dictionary that a function of the store gives back."""
    for path in STORE.rglob("*.py"):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.name == name:
                *_, last = function.body
                assert isinstance(last, ast.Return)
                assert last.value
                return keys_of(last.value, function)
    pytest.fail(f"{name} is nowhere defined")


def _assigned(one: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    target, value = one.targets[0], one.value
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(map(ast.unparse, target.elts), value.elts, strict=True)


def asked() -> Iterator[tuple[str, str, set[str]]]:
    """Every place that runs a script: where it is, which one, and by which names it asks."""
    for path in sorted(STORE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                    continue
                way = call.func.attr
                if way not in ("run", "run_each", "_run_once", "_batches") or not call.args:
                    continue
                script, *rest = call.args
                if not isinstance(script, ast.Constant):
                    continue
                names = {"jobs"} if way == "_batches" else set[str]()
                if rest:
                    names |= keys_of(rest[way == "_batches"], function)
                yield f"{path.name}:{call.lineno}", script.value, names


ASKED = list(asked())


@pytest.mark.parametrize(("place", "script", "names"), ASKED, ids=[place for place, *_ in ASKED])
def test_python_asks_by_the_names_that_a_head_explains(place: str, script: str, names: set[str]):
    """One too few is nil in Lua, and one too many is read by nobody."""
    assert names == set(re.findall(r"\bask\.(\w+)", head_and_body(script)[0])), place


def test_every_script_is_run():
    """None is left over that nobody asks."""
    assert {script for _, script, _ in ASKED} == set(scripts.names())


def test_new_job_says_what_the_scripts_read_of_it(clockwork: Clockwork):
    """The names of `accept.lua`, and as text the fields of a record that the call decides."""
    said = jobs.job_asked(clockwork.job())
    accept, remake = scripts.read("accept"), scripts.read("remake")
    read = re.findall(r"\bjob\.(\w+)", accept) + re.findall(r"\bnew\.(\w+)", remake)
    assert set(read) == set(said)
    call = said["call"]
    assert isinstance(call, dict)
    assert set(re.findall(r"\bjob\.call\.(\w+)", accept)) <= set(call)
    assert all(isinstance(value, str) for value in call.values())
