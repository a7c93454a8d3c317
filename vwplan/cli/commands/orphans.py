"""`vwplan orphans`: what bears this state's mark on the hosts but is in no record; lists, adopts or deletes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.commands.state_change import changing, keep, need_state, new_id, say_json, tell_kept
from vwplan.cli.options import Ask, AutoApprove, Json, LockTimeout, NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity, did_you_mean

if TYPE_CHECKING:
    from vwplan.engine.orphans import Orphan
    from vwplan.plan import ObservedWorld
    from vwplan.state import Session, State

ACTIONS = ("list", "adopt", "delete")


def orphans(
    action: Annotated[str, typer.Argument(metavar="[adopt|delete]", help="What to do; nothing: list them.")] = "list",
    which: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS|NAME|ID]...", help="Only these; all without one.")
    ] = None,
    auto_approve: AutoApprove = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """List what this stack has on the hosts without a record of it; adopt records it, delete deletes it."""
    terminal = Terminal.of(no_color, json)
    if action not in ACTIONS:
        detail = (
            f'"{action}" cannot be done to orphans.{did_you_mean(action, ACTIONS)} They are listed, adopted or deleted.'
        )
        raise DiagnosticError(Diagnostic("unknown-action", "Unknown action", detail))
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout))
    if action == "list":
        stored = need_state(work)
        world = work.observe()
        begun = [one.identity for one in stored.unfinished]
        found = _chosen(stored.state, world, begun, which or [], _bases(work, stored.state, world))
        _list(terminal, found, json=json)
        _tell_unseen(terminal, world)
        return
    asked = None if auto_approve else lambda count: _approved(terminal, action, count, input)
    raise typer.Exit(_act(terminal, work, action, which or [], asked))


def _act(terminal: Terminal, work: Stack, action: str, which: list[str], asked: Callable[[int], bool] | None) -> int:
    """Adopt or delete them, once somebody has agreed; nothing is held meanwhile, and what is there is looked at again."""
    agreed: list[str] | None = None
    while True:
        with changing(terminal, work, f"orphans {action}") as session:
            world = work.observe()
            begun = [one.identity for one in session.unfinished]
            # Another stack may have a base as an image of its own: only one that is named goes.
            named = action == "delete" and any(word.startswith("vwplan-") for word in which)
            bases = _bases(work, session.state(), world) if named else ()
            found = _chosen(session.state(), world, begun, which, bases)
            there = [one.identity for one in found]
            if there != agreed:
                if agreed is not None:
                    terminal.tell(
                        "What is there has changed while you were asked. Nothing was done; this is as of now:"
                    )
                if not terminal.json or not found:
                    _list(terminal, found, json=terminal.json)
                _tell_unseen(terminal, world)
            if not found:
                return 0
            if asked is None or there == agreed:
                if action == "delete":
                    return _delete(terminal, work, session, found, world)
                return _adopt(terminal, work, session, found)
        agreed = there
        if not asked(len(there)):
            terminal.say("\nNothing was done.")
            return 1


def _bases(work: Stack, state: State, world: ObservedWorld) -> tuple[Orphan, ...]:
    from vwplan.cli.stack import OBSERVING, open_connection
    from vwplan.engine.observe import idle_bases
    from vwplan.engine.orphans import bases_of

    hosts = {key: host for key, host in work.hosts.items() if not world[key].problem}
    return bases_of(state, world, idle_bases(hosts, open_connection, OBSERVING))


def _chosen(
    state: State, world: ObservedWorld, begun: list[str], which: list[str], bases: Sequence[Orphan]
) -> list[Orphan]:
    from vwplan.engine.orphans import choose, orphans_of

    there = (*orphans_of(state, world, begun), *bases)
    found, missing = choose(there, which)
    if missing:
        names = [name for one in there for name in (one.address, one.observed.name)]
        raise DiagnosticError(
            Diagnostic(
                "no-such-orphan",
                "No such orphan",
                f'"{word}" names nothing that is without a record.{did_you_mean(word, names)} `vwplan orphans` lists what is.',
            )
            for word in missing
        )
    return found


def _list(terminal: Terminal, there: list[Orphan], *, json: bool) -> None:
    bases = [one for one in there if one.observed.kind == "image"]
    found = [one for one in there if one.observed.kind != "image"]
    if json:
        told = [
            {
                "address": one.address,
                "kind": one.observed.kind,
                "name": one.observed.name,
                "id": one.identity,
                "host": one.host,
                "status": one.observed.status,
                "complete": one.observed.complete,
                "birth": one.mark.birth,
                "written_by_us": one.known,
            }
            for one in found
        ]
        idle = [{"name": one.observed.name, "host": one.host} for one in bases]
        say_json(terminal, {"orphans": told, "bases": idle})
        return
    for one in bases:
        terminal.say(
            f"Nothing lies over the base {one.observed.name} on {one.host}, and it is no image of this stack. If it is no "
            f"other stack's either: vwplan orphans delete {one.observed.name}"
        )
    if not found and not bases:
        terminal.say("There are no orphans: all that bears this stack's mark is recorded.")
        return
    for one in found:
        whose = "" if one.known else ", written by a run that this state knows nothing of"
        terminal.say(
            f"{one.address}: {one.observed.kind} {one.observed.name} on {one.host}, {one.observed.status or 'present'}{whose}"
        )


def _tell_unseen(terminal: Terminal, world: ObservedWorld) -> None:
    terminal.diagnose(
        Diagnostic("host-not-seen", "A host could not be seen", f"{key}: {view.problem}.", severity=Severity.WARNING)
        for key, view in sorted(world.items())
        if view.problem
    )


def _approved(terminal: Terminal, action: str, count: int, ask: bool) -> bool:
    what = "this" if count == 1 else f"these {count}"
    if action == "adopt":
        hint = "If another copy of this state is in use, they are its."
        return terminal.approves(f"Do you want to record {what} as this stack's?", hint, ask=ask)
    hint = "There is no undo. If another copy of this state is in use, they are its."
    return terminal.approves(f"Do you really want to delete {what}?", hint, ask=ask)


def _adopt(terminal: Terminal, work: Stack, session: Session, found: list[Orphan]) -> int:
    from vwplan.cli.commands.state_found import found_again
    from vwplan.engine.orphans import roster_floors
    from vwplan.state import Recorded, Rosters, RunEnded, RunStarted

    state = session.state()
    again = found_again(work, state, found)
    terminal.diagnose(again.warnings)
    if again.left:
        terminal.diagnose([_no_place(one) for one in again.left])
    if not again.records:
        return 1
    before, kept, run = state.serial, keep(session), new_id()
    holder = work.holder("orphans adopt")
    started = session.start(run, time.time(), "orphans adopt")
    above = max(record.birth for record in again.records) + 1
    if above > started.serial:
        who = f"{holder.who}@{holder.host}"
        session.write([RunStarted(run, above, time.time(), who, holder.pid, "orphans adopt", started.key_id)])
    floors = roster_floors(again.records, session.ledger.rosters, session.ledger.serial)
    session.write([Recorded(run, again.records), *([Rosters(run, floors)] if floors else [])])
    session.finish(RunEnded(run, time.time(), "done"))
    if terminal.json:
        told = [{"address": one.address, "id": one.identity, "status": one.status.value} for one in again.records]
        say_json(terminal, {"adopted": told, "serial": session.ledger.serial, "kept": kept})
    for one in again.records:
        if not terminal.json:
            terminal.say(
                f"Adopted {one.address}{' as kept: the spec does not declare it' if one.status.value == 'kept' else ''}."
            )
    tell_kept(terminal, work, kept, before)
    return 1 if again.left else 0


def _no_place(orphan: Orphan) -> Diagnostic:
    return Diagnostic(
        "address-taken",
        "The address is taken",
        f"{orphan.observed.kind} {orphan.observed.name} was made for {orphan.address}, which is recorded as another object now. "
        f"Move that record away first (`vwplan state mv`), or delete this one: vwplan orphans delete {orphan.identity}",
        address=orphan.address,
    )


def _delete(terminal: Terminal, work: Stack, session: Session, found: list[Orphan], world: ObservedWorld) -> int:
    from vwplan.cli.running import run_plan
    from vwplan.engine.orphans import deletion

    plan = deletion(session.state(), found, stack=work.name, now=time.time(), world=world)
    return run_plan(terminal, work, session, plan, "orphans delete", 0, None)
