"""`vwplan state mv … --to-stack NAME`: what one stack has becomes another's, on the hosts too."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from vwplan.cli.commands.state_change import keep, need_state, refuse_unfinished, say_json, tell_kept
from vwplan.cli.running import settle
from vwplan.cli.stack import Given, Stack, new_run
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity


def hand_over(terminal: Terminal, given: Given, source: str, target: str, to_stack: str) -> int:
    """Hand what is at an address over to another stack, which is made if it is not there; gives the exit code.

    Both locks are held, always taken in the order of the stacks' names, so that two commands cannot wait for each other.
    """
    from vwplan.engine.handover import hand_over, strained
    from vwplan.state.operations import cluster_of, rosters_of, select, transfer

    here, there = Stack(given), Stack(replace(given, stack=to_stack))
    if here.name == there.name:
        detail = f"{source} is in the stack {here.name} already. Leave --to-stack out to give it another address."
        raise DiagnosticError(Diagnostic("same-stack", "That is the same stack", detail))
    select(need_state(here).state, [source])
    doing = f"state mv {source} {target} --to-stack={to_stack}"
    with ExitStack() as held:
        sessions = {}
        for work in sorted((here, there), key=lambda one: one.name):
            sessions[work.name] = held.enter_context(work.lock(doing))
        giver, taker = sessions[here.name], sessions[there.name]
        for work, session in ((here, giver), (there, taker)):
            settle(terminal, work, session)
        state, other = giver.state(), taker.state()
        run = new_run(here, doing)
        pairs = transfer(state, source, target, other, run.id)
        refuse_unfinished(giver, [old.address for old, _ in pairs])
        refuse_unfinished(taker, [new.address for _, new in pairs])
        sealed, parted = strained(state, pairs)
        terminal.diagnose(_warnings(sealed, parted, to_stack))
        kept = keep(giver), keep(taker)
        gone = {cluster_of(old.address) for old, _ in pairs}
        left = {cluster_of(address) for address in state.records.keys() - {old.address for old, _ in pairs}}
        drops = [key for key in state.rosters if key in gone - left]
        handed = hand_over(giver, taker, pairs, rosters_of(state, source, target), drops, run)
        serials = giver.ledger.serial, taker.ledger.serial
    terminal.diagnose(
        Diagnostic(
            "not-handed-over", "Not handed over", f"{old.address} stays in {here.name}: {why}.", address=old.address
        )
        for old, why in handed.failed
    )
    if terminal.json:
        told = [{"from": old.address, "to": new.address, "id": old.identity} for old, new in handed.done]
        stacks = {
            here.name: {"serial": serials[0], "kept": kept[0]},
            there.name: {"serial": serials[1], "kept": kept[1]},
        }
        say_json(terminal, {"moved": told, "failed": [old.address for old, _ in handed.failed], "stacks": stacks})
    else:
        for old, new in handed.done:
            terminal.say(f"Moved {old.address} to {new.address} of the stack {there.name}.")
        tell_kept(terminal, here, kept[0], state.serial)
        tell_kept(terminal, there, kept[1], other.serial)
    return 1 if handed.failed else 0


def _warnings(sealed: list[str], parted: list[str], to_stack: str) -> list[Diagnostic]:
    found = []
    if sealed:
        detail = (
            f"{', '.join(sealed)} has sensitive arguments. What stands for them is sealed with the key of this stack, so the next "
            f"plan of {to_stack} shows them as changed."
        )
        found.append(Diagnostic("sealed-elsewhere", "Secrets look changed there", detail, severity=Severity.WARNING))
    if parted:
        shown = "; ".join(parted[:3]) + (f"; and {len(parted) - 3} more" if len(parted) > 3 else "")
        detail = f"{shown}. No stack can refer to what is in another: give the id or the address by a variable."
        found.append(Diagnostic("parted", "Parted from what it uses", detail, severity=Severity.WARNING))
    return found
