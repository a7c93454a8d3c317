"""`vwplan state adopt --from-hosts`: a lost state, rebuilt from the marks on the hosts alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.commands.state_change import say_json
from vwplan.cli.options import Json, LockTimeout, NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vwplan.plan import ObservedWorld
    from vwplan.state import Stored


def adopt(
    from_hosts: Annotated[bool, typer.Option("--from-hosts", help="Rebuild a lost state from the marks.")] = False,
    lineage: Annotated[
        str, typer.Option("--lineage", metavar="LINEAGE", help="Whose marks, where the stack does not know.")
    ] = "",
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    no_color: NoColor = False,
) -> None:
    """Rebuild a state that is lost from the marks on the hosts; what exists is recorded again, nothing is touched."""
    from vwplan.cli.commands.state_found import all_seen, found_again
    from vwplan.engine.orphans import marked, roster_floors
    from vwplan.state import State, write_snapshot

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout))
    if not from_hosts:
        detail = "Only --from-hosts is there: it rebuilds a lost state. For single objects, use orphans adopt."
        raise DiagnosticError(Diagnostic("adopt-what", "Adopt from where?", detail))
    _refuse_whole(work)
    world = work.observe()
    all_seen(world)
    chosen = lineage or work.store.remembered or _only_lineage(world)
    orphans = list(marked(world, State(chosen)))
    if not orphans:
        raise DiagnosticError(_nothing(chosen, world))
    serial = max(one.mark.birth for one in orphans) + 1
    empty = State(chosen, serial)
    work.stored = None  # What is there cannot be read, so nobody is to try again.
    found = found_again(work, empty, orphans)
    terminal.diagnose(found.warnings)
    state = replace(
        empty,
        records={record.address: record for record in found.records},
        rosters=roster_floors(found.records, (), serial + 1),
        previous_writers=frozenset(one.mark.writer for one in found.left),
    )
    force = work.store.push(
        work.holder("state adopt --from-hosts"), write_snapshot(state), force=True, timeout=work.lock_timeout
    )
    if json:
        told = {"lineage": chosen, "serial": force.state.serial, "kept": force.kept}
        records = [{"address": one.address, "id": one.identity, "status": one.status.value} for one in found.records]
        say_json(terminal, {**told, "adopted": records, "left": [one.identity for one in found.left]})
        return
    for one in sorted(found.records, key=lambda record: record.address):
        note = {"kept": " as kept: the spec does not declare it", "tainted": " as half-made"}.get(one.status.value, "")
        terminal.say(f"Adopted {one.address}{note}.")
    for orphan in found.left:
        terminal.say(f"Left {orphan.observed.kind} {orphan.observed.name}: {orphan.address} has a younger object.")
    terminal.say(
        f"The state of lineage {chosen} is rebuilt, as serial {force.state.serial}. The next plan shows what differs."
    )
    if force.kept:
        terminal.say(f"What was there before is kept in {force.kept}.")


def _refuse_whole(work: Stack) -> None:
    """Refuse where there is a state that can be trusted."""
    stored: Stored | None
    try:
        stored = work.store.read()
    except DiagnosticError:
        return
    if stored is not None:
        detail = (
            f"The stack {work.name} has a state, with {len(stored.state.records)} records. What is on the hosts and not recorded "
            f"is adopted by: {work.store.folder.command('orphans adopt')}"
        )
        raise DiagnosticError(Diagnostic("state-there", "There is a state", detail))


def _only_lineage(world: ObservedWorld) -> str:
    from vwplan.engine.orphans import lineages

    found = lineages(world)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise DiagnosticError(_nothing("", world))
    detail = f"The hosts bear marks of several states. Say which is this stack's, with --lineage:\n{_told(found)}"
    raise DiagnosticError(Diagnostic("several-lineages", "Which state is it?", detail))


def _told(found: Mapping[str, tuple[str, ...]]) -> str:
    return "\n".join(
        f"  {lineage}  ({len(addresses)} objects: {', '.join(addresses[:3])}{'…' if len(addresses) > 3 else ''})"
        for lineage, addresses in found.items()
    )


def _nothing(lineage: str, world: ObservedWorld) -> Diagnostic:
    from vwplan.engine.orphans import lineages

    whose = f"the mark of lineage {lineage}" if lineage else "a mark of vwplan"
    others = lineages(world)
    there = f" There are marks of others:\n{_told(others)}" if others else ""
    return Diagnostic("no-marks", "Nothing to rebuild from", f"Nothing on the hosts bears {whose}.{there}")
