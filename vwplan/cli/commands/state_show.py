"""`vwplan state list` and `vwplan state show`: what is known to exist, resource by resource."""

from __future__ import annotations

import json as codec
from typing import Annotated

import typer

from vwplan.cli.options import Json, NoColor, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal

Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Only these.")]


def list_(
    addresses: Addresses = None, json: Json = False, stack: StackName = "default", simulate: Simulate = False
) -> None:
    """List the addresses of all that is recorded."""
    from vwplan.state.operations import select

    terminal = Terminal.of(json=json)
    stored = Stack(Given(stack, simulate)).stored
    records = select(stored.state, addresses or ()) if stored else ()
    if json:
        terminal.say(codec.dumps([record.address for record in records], indent=2))
    elif records:
        terminal.say("\n".join(record.address for record in records))


def show(
    address: Annotated[str, typer.Argument(help="The address of one resource.")],
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    no_color: NoColor = False,
) -> None:
    """Show what is recorded of one resource."""
    from vwplan.render.state_json import record_json
    from vwplan.render.state_text import record_text
    from vwplan.state import State
    from vwplan.state.operations import select

    terminal = Terminal.of(no_color, json)
    stored = Stack(Given(stack, simulate)).stored
    records = select(stored.state if stored else State(""), [address])
    terminal.say("\n".join(record_json(one) if json else record_text(one, colour=terminal.colour) for one in records))
