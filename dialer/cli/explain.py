"""`dialer explain`: why has this job, or this number, not been rung?"""

import re
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import AccountName, Json, Key, looks_like_id
from dialer.cli.session import Session, session
from dialer.cli.views.explanation import fields, tell
from dialer.diagnosis.explain import Explanation
from dialer.domain.call.number import read_number
from dialer.domain.job.ids import ContactJobId
from dialer.errors import JobNotFound
from dialer.text.masking import mask
from dialer.text.plural import counted

#: Explanations that a person gets, of the newest jobs; programs get all.
_MOST = 5


def explain(
    what: Annotated[str | None, typer.Argument(metavar="ID|NUMBER", help="Which job.")] = None,
    key: Key = None,
    account: AccountName = "default",
    *,
    json: Json = False,
) -> None:
    """Say why a job or a number has not been rung."""
    if (what is None) == (key is None):
        raise typer.BadParameter("give a job's id, a number, or --key", param_hint="ID|NUMBER")
    with session() as opened:
        found = _explained(opened, what or "", key, account)
    if json:
        for explained in found:
            output.emit(fields(explained))
        return
    for nth, explained in enumerate(found[:_MOST]):
        if nth:
            output.say()
        tell(explained)
    if len(found) > _MOST:
        older = counted(len(found) - _MOST, "older job")
        output.say(f"{older} for this number: --json shows all")


def _explained(opened: Session, text: str, key: str | None, account: str) -> list[Explanation]:
    if key is not None:
        return [opened.explain(opened.find(key, account).id)]
    if looks_like_id(text) or ContactJobId.parse(text):
        try:
            return [opened.explain(text)]
        except JobNotFound as error:
            raise JobNotFound(f"{error}; those there are: dialer jobs") from None
    if not any(character.isdecimal() for character in text) or re.search(r"[A-Za-z_]", text):
        raise JobNotFound(f'"{text}" is neither an id nor a number; if it is a key: --key {text}')
    answer = opened.explain_number(read_number(text))
    if not answer.found:
        reasons = [mask(one.reason) for one in answer.suppressed[:1]]
        why = "".join(f"; it is on the do-not-call list: {reason}" for reason in reasons)
        raise JobNotFound(f"no job was ever made for this number, or it was pruned{why}")
    return list(answer.found)
