"""One place makes foreign text safe to show, and nothing prints but through it."""

import ast
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.cli import output
from dialer.store.redis.notation import one_line
from dialer.text.printable import printable, printable_json, printable_lines

ROOT = Path(__file__).parents[3]

UNSAFE = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *"\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u2060\ufeff\ufffb\U000e0041\ud800\udcff",
]
PLAIN = [
    "नमस्ते क्‍ष र्‌य",
    "👩‍👩‍👧 👍🏽 ❤️ 🇮🇳 1️⃣",
    "e\u0301a\u0308 ﷽ עברית العربية ไทย",
    "a\u00a0b\u202fc\u3000d",
    "\u06dd\u0600",
    '→ “…” ₹ 5, [bold] \\x1b %1b {"a": 1}',
]


@pytest.mark.parametrize("character", UNSAFE, ids=ascii)
def test_what_moves_turns_ends_or_hides_is_replaced(character):
    """Controls of both sets, direction marks, line ends, invisible letters and halves of them."""
    assert printable(f"a{character}b") == "a\ufffdb"
    assert one_line(f"a{character}b") in ("a\ufffdb", "a b")
    assert printable_json(json.dumps(f"a{character}", ensure_ascii=False)).isprintable()


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_passes_unharmed(text):
    """Joiners of Hindi and emoji, marks that combine, and spaces of every width."""
    assert printable(text) == text
    assert printable_json(json.dumps(text, ensure_ascii=False)) == json.dumps(
        text, ensure_ascii=False
    )


@given(st.text(st.characters()))
def test_nothing_unsafe_is_left(text):
    """Whatever comes in, one line without controls comes out; twice is as good as once."""
    shown = printable(text)

    assert printable(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert all(unicodedata.bidirectional(c) not in ("LRE", "RLE", "LRO", "RLO") for c in shown)
    assert all("\n" not in line for line in printable_lines(text))


@given(st.text(st.characters()))
def test_json_says_the_same(text):
    """A JSON line is escaped and not changed: who reads it gets every character."""
    line = printable_json(json.dumps({"reason": text}, ensure_ascii=False))

    assert json.loads(line) == {"reason": text}
    assert printable(line) == line


@pytest.mark.parametrize("write", [output.say, output.complain])
def test_sentence_is_one_safe_line(capsys, write):
    """A reason that ends a line or clears the screen does neither."""
    write("held: \x1b[2Jall\r\nworkers are well\u202e")
    out, err = capsys.readouterr()

    assert out + err == "held: \ufffd[2Jall\ufffd\ufffdworkers are well\ufffd\n"


def test_table_grid_and_json_are_safe(capsys):
    """Every form of output is made safe by the one rule."""
    output.show(["name"], [["a\x9b31mb\u2066"]])
    output.pairs([("reason", "a\x1b]0;title\x07")])
    output.emit({"reason": "a\x9bb\u202e", "bad": "\ud800"})
    out = capsys.readouterr().out

    assert printable(out.replace("\n", "")) == out.replace("\n", "")
    assert json.loads(out.splitlines()[-1]) == {"reason": "a\x9bb\u202e", "bad": "\ud800"}


#: Who may write to a stream: each of them makes text printable before it does.
PRINTERS = {
    "dialer/cli/output.py",
    "dialer/local/demo/play.py",
    "dialer/local/demo/table.py",
    "dialer/machine/logs.py",
    "dialer/sandbox/process.py",
    "dialer/local/up/printer.py",
    "workers/flower.py",
}
FOLDERS = ("dialer", "workers", "schedules")
MODULES = [path for name in FOLDERS for path in sorted(ROOT.glob(f"{name}/**/*.py"))]
CALLS = (
    "print",
    "pprint",
    "Console",
    "Text",
    "typer.echo",
    "typer.secho",
    "click.echo",
    "os.write",
)
METHODS = (".stdout.write", ".stderr.write", ".writelines", "console.print")


def prints(tree: ast.AST) -> list[int]:
    """Name the lines that write to a stream of the process, or make what does."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [(call.lineno, ast.unparse(call.func)) for call in calls]
    return [line for line, name in names if name in CALLS or name.endswith(METHODS)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_prints_but_the_printers(path):
    """A module that shows something does it through one that makes it safe."""
    text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    found = prints(ast.parse(text))
    if name in PRINTERS:
        assert "from dialer.text.printable import" in text
        assert found
    else:
        assert found == []
