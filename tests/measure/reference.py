"""Write ops/commands.md: every command with its options, out of the commands themselves."""

from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from dialer.cli.app import command

PAGE = Path(__file__).parents[2] / "ops" / "commands.md"


def page() -> str:
    """Say it as Typer does, which knows what a command takes."""
    whole = command()
    context = typer.Context(whole, info_name="dialer")
    return (
        get_docs_for_click(obj=whole, ctx=context, name="dialer", title="Commands").strip() + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page())
