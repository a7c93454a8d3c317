"""`vwplan force-unlock`: breaks a lock whose holder is gone or out of reach."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.options import Json, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal


def force_unlock(
    lock_id: Annotated[str, typer.Argument(help="The id of the lock, as told by whoever was refused.")],
    force: Annotated[bool, typer.Option("--force", help="Do not ask.")] = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
) -> None:
    """Break the lock of a stack; its holder begins and writes nothing more."""
    terminal = Terminal.of(json=json)
    work = Stack(Given(stack, simulate))
    if not force:
        # Whoever is asked is to know whose lock it is; a machine is not asked, and told so at once.
        hint = "" if json else f"{work.store.held(lock_id).sentence()} If that is still at work, it stops."
        if not terminal.approves("Do you really want to break this lock?", hint, unasked="--force"):
            terminal.say("Nothing was done.")
            raise typer.Exit(1)
    holder = work.store.force_unlock(lock_id)
    if json:
        from dataclasses import asdict

        from vwplan.cli.commands.state_change import say_json

        say_json(terminal, {"broken": asdict(holder)})
        return
    terminal.say(f"The lock is broken. {holder.past()}")
