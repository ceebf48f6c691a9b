"""What the scripts say, read from their text."""

import re

from dialer.store.redis import scripts

#: What `begin` calls on its way to refuse a call, and the words with which that does so.
_WITHIN = {
    "distrust": ("life", r"(?:return|and) '([a-z:]+)'"),
    "account_gate": ("gate", r"return '([a-z:]+)'"),
    "room_of": ("gate", r"room, why = .*, '([a-z]+)'"),
}
_REFUSES = re.compile(
    r"\bno\((?:#jobs > 0 and '\w+' or )?'([a-z:]+)'|return '(wait)'|return 'no', '([a-z]+)'"
    r"|'(enough)' or '(more)'"
    r"|stop, budget = '([a-z:]+)'|return nil, '([a-z]+)'"
    r"|\b(distrust|account_gate|room_of)\("
)


def function(name: str, script: str) -> str:
    """The text of one function of a script."""
    return scripts.read(script).partition(f"local function {name}(")[2].partition("\nend\n")[0]


def refusals() -> list[str]:
    """Every word with which `begin` refuses a call, in the order in which it comes to them."""
    found = list[str]()
    for match in _REFUSES.finditer(scripts.read("begin")):
        called = match[8]
        script, words = _WITHIN.get(called, ("", ""))
        found += (
            re.findall(words, function(called, script)) if called else filter(None, match.groups())
        )
    # The scope of a hold is put behind its colon.
    return list(dict.fromkeys("held:account" if one == "held:" else one for one in found))


def passed_over() -> list[str]:
    """What `begin` has against one job, in the order in which it looks."""
    found = re.findall(r"needs_live|'rule',\s*(?:'[^']+'|\w+)", function("fits", "begin"))
    return [one.removeprefix("'rule',").strip().strip("'") for one in found]
