"""`vwplan show`: the state, or a saved plan with its very steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vwplan.cli.commands.plan import tell_unfinished
from vwplan.cli.options import Json, NoColor, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal


def show(
    plan_file: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="A plan saved by plan --out.")] = None,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    no_color: NoColor = False,
) -> None:
    """Show what is recorded, or what a saved plan would do."""
    terminal = Terminal.of(no_color, json)
    if plan_file is not None:
        from vwplan.cli.saved import read_plan
        from vwplan.render.plan_json import plan_json
        from vwplan.render.plan_text import plan_text

        plan = read_plan(plan_file, Stack(Given()).cover)
        terminal.say(plan_json(plan) if json else plan_text(plan, colour=terminal.colour, steps=True))
        return
    from vwplan.render.state_json import state_json
    from vwplan.render.state_text import state_text

    stored = Stack(Given(stack, simulate)).stored
    tell_unfinished(terminal, stored)
    if stored is None:
        terminal.say(state_json(None) if json else "No state: nothing was applied here yet.")
        return
    terminal.say(state_json(stored.state) if json else state_text(stored.state, colour=terminal.colour))
