"""`vwplan state mv` and `vwplan state rm`: other addresses for what is recorded, and letting go of it."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.commands.state_change import changing, new_id, refuse_unfinished, say_json, tell_kept, write
from vwplan.cli.options import Json, LockTimeout, NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def mv(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The address as it is recorded.")],
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="The address from now on.")] = "",
    to_stack: Annotated[str, typer.Option("--to-stack", metavar="NAME", help="Move it to another stack.")] = "",
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    no_color: NoColor = False,
) -> None:
    """Give what is recorded at an address, with all inside it, another one; its objects stay as they are."""
    from vwplan.state.operations import move, select

    terminal = Terminal.of(no_color, json)
    given = Given(stack, simulate, var, var_file, lock_timeout)
    if to_stack:
        from vwplan.cli.commands.state_handover import hand_over

        raise typer.Exit(hand_over(terminal, given, source, target or source, to_stack))
    if not target:
        detail = "Give a TARGET, the address from now on, or --to-stack."
        raise DiagnosticError(Diagnostic("no-target", "Where is it to move?", detail))
    work = Stack(given)
    with changing(terminal, work, f"state mv {source} {target}") as session:
        state, run = session.state(), new_id()
        addresses = [record.address for record in select(state, [source])]
        refuse_unfinished(session, addresses)
        entries = move(state, source, target, run)
        kept = write(session, f"state mv {source} {target}", entries, run)
        moved = {address: target + address[len(source) :] for address in addresses}
    if json:
        told = [{"from": before, "to": after} for before, after in moved.items()]
        say_json(terminal, {"moved": told, "serial": session.ledger.serial, "kept": kept})
        return
    for before, after in moved.items():
        terminal.say(f"Moved {before} to {after}.")
    tell_kept(terminal, work, kept, state.serial)


def rm(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="What to let go of.")],
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    no_color: NoColor = False,
) -> None:
    """Forget what is recorded at some addresses. The objects stay on their hosts."""
    from vwplan.state.operations import remove, select

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout))
    doing = f"state rm {' '.join(addresses)}"
    with changing(terminal, work, doing) as session:
        state, run = session.state(), new_id()
        refuse_unfinished(session, [record.address for record in select(state, addresses)])
        entries, gone = remove(state, addresses, run)
        kept = write(session, doing, entries, run)
    if json:
        told = [
            {"address": one.address, "kind": one.kind, "name": one.name, "host": f"{one.provider}/{one.host}"}
            for one in gone
        ]
        say_json(terminal, {"removed": told, "serial": session.ledger.serial, "kept": kept})
        return
    for one in gone:
        terminal.say(f"Forgot {one.address}: the {one.kind} {one.name} stays on {one.provider}/{one.host}.")
    terminal.say(f"{work.store.folder.command('orphans')} lists what is left on the hosts without a record.")
    tell_kept(terminal, work, kept, state.serial)
