"""`vwplan state …`: what is known to exist. Each of its commands is in a file of its own."""

from __future__ import annotations

import typer

from vwplan.cli.commands import OfState

commands = typer.Typer(
    cls=OfState, add_completion=False, no_args_is_help=True, suggest_commands=False, rich_markup_mode=None
)


@commands.callback()
def state() -> None:
    """Look at the state, and change what it says."""
