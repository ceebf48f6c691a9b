"""The commands, in the order of the help; each is loaded when it is asked for."""

from collections import UserDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main
from typer.exceptions import TyperException

import dialer
from dialer.cli import output
from dialer.text.printable import printable

#: Module and name of each command, and the first sentence of its help.
COMMANDS = {
    "up": ("processes:up", "Run the whole stack in this terminal until Ctrl-C."),
    "demo": ("processes:demo", "Run everything once, and prove that nothing rang twice."),
    "doctor": ("doctor:doctor", "Check the installation; exit 1 when something fails."),
    "status": ("status:status", "Show the whole system at a glance."),
    "sandbox": ("processes:sandbox", "Run a stand-in for the API on loopback; it rings nobody."),
    "call": ("call:call", "Hand one call over, and say when it is rung."),
    "enqueue": ("enqueue:enqueue", "Hand a file of calls over; bad lines are reported."),
    "jobs": ("jobs:list_jobs", "List jobs, newest first; with --json all of them."),
    "job": ("jobs:show_job", "Show one job and its history."),
    "explain": ("explain:explain", "Say why a job or a number has not been rung."),
    "cancel": ("jobs:cancel", "Take jobs back that have not been dialled."),
    "hours": (
        "hours:hours",
        "Say whether calling hours are open, and until when: an account's, or those you give.",
    ),
    "recover": (
        "recover:recover",
        "Hold everything after a restore, and list what may have been dialled since the copy.",
    ),
    "migrate": (
        "doctor:migrate",
        "Carry the data over to the layout of this version; repeat it where it was interrupted.",
    ),
    "dead": ("dead:app", "Dead letters: refused for good, or out of tries."),
    "unconfirmed": ("unconfirmed:app", "Calls that may have rung: no machine rings them again."),
    "suppress": ("suppress:app", "Numbers nobody may ring."),
    "hold": ("hold:app", "Stop calls, and let them go on."),
    "account": ("account:app", "Limits of accounts, changed while running."),
    "api": ("processes:api", "Take calls from other services over HTTP."),
    "key": ("key:app", "Keys of the HTTP service."),
    "campaign": ("campaign.app:app", "Lists of people to ring, day by day."),
}
#: The sandbox reads its own options, and has its own --help.
_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
#: Raised by Typer, which does not export it, for a group without a command.
_HELP = "NoArgsIsHelpError"


class _Commands(UserDict[str, Any]):
    """Commands by name; each is a path until it is asked for, and loaded then."""

    def __getitem__(self, name: str) -> Any:
        if isinstance(found := super().__getitem__(name), str):
            self.data[name] = found = _load(name, found)
        return found


def _load(name: str, where: str) -> Any:
    module, _, part = where.partition(":")
    found, alone = getattr(import_module(f"dialer.cli.{module}"), part), _typer()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name, context_settings=_PASS_ON if name == "sandbox" else None)(found)
    return typer.main.get_group(alone).commands[name]


class _Root(typer.core.TyperGroup):
    """Loads commands, and words errors of their arguments as ours."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        lines = [typer.core.TyperCommand(name, help=said) for name, (_, said) in COMMANDS.items()]
        typer.core.TyperGroup(commands=lines).format_commands(ctx, formatter)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _in_our_words():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # Typer's own context
        with _in_our_words():
            return super().invoke(ctx)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Typer prints its own complaints, and quotes the arguments in them."""
    try:
        yield
    except TyperException as error:
        if type(error).__name__ == _HELP:
            raise  # our words already, on lines of their own
        from dialer.text.reading import plainly  # noqa: PLC0415 - most command lines are right

        said = plainly(error.message) if isinstance(error, typer.BadParameter) else error.message
        error.message = printable(said)
        raise


def _typer() -> typer.Typer:
    return typer.Typer(
        name="dialer",
        cls=_Root,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _version(*, wanted: bool) -> None:
    if wanted:
        output.say(f"dialer {dialer.__version__}")
        raise typer.Exit


def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda v: _version(wanted=v))
    ] = False,
) -> None:
    """Place outbound calls through Sarv's Click-to-Call: never twice, never lost."""
    del version


@cache
def command() -> Any:
    """Build the command line; `main(args=…)` runs it and ends in SystemExit."""
    # Calling the app itself would replace sys.excepthook, which masks numbers.
    app = _typer()
    app.callback()(root)
    whole: Any = typer.main.get_command(app)
    whole.commands = _Commands({name: where for name, (where, _) in COMMANDS.items()})
    return whole
