"""`vwplan state rekey`: a new stack key, for one that is lost or that others have come to know."""

from __future__ import annotations

import os
import time
from pathlib import Path

import typer

from vwplan.cli.commands.state_change import changing, keep, need_state, new_id, say_json, tell_kept
from vwplan.cli.options import Ask, AutoApprove, Json, LockTimeout, NoColor, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def rekey(
    auto_approve: AutoApprove = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    lock_timeout: LockTimeout = "0s",
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Give the stack a new key. Sensitive arguments then count as changed; machines keep their host keys until made anew."""
    from vwplan.state import RunEnded, create_key
    from vwplan.state.claims import EVERYTHING

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, lock_timeout=lock_timeout))
    need_state(work)
    if not auto_approve and not _approved(terminal, input):
        terminal.say("Nothing was done.")
        raise typer.Exit(1)
    path = Path(os.environ.get("VW_KEY_FILE") or work.store.folder.key)
    with changing(terminal, work, "state rekey") as session:
        # Of a shared state others may be at work on some of it, and need the key that is there.
        session.claim(EVERYTHING)
        before, old = session.ledger.serial, session.ledger.key_id
        kept = keep(session)
        # Dying from here on leaves a key that is not the state's: that is refused by name, and doing this again mends it.
        aside = _put_aside(path)
        key = create_key(path, os.urandom(32))
        run = new_id()
        session.start(run, time.time(), "state rekey", key_id=key.id)
        session.finish(RunEnded(run, time.time(), "done"))
    if json:
        say_json(terminal, {"key": str(path), "id": key.id, "before": old, "aside": aside, "kept": kept})
        return
    terminal.say(f"The stack's key is {key.id} now, in {path}: back it up.")
    if aside:
        terminal.say(f"The key before is kept in {aside}; remove it once nothing needs it.")
    terminal.say("The next plan shows what counts as changed. Host keys change with --replace only.")
    tell_kept(terminal, work, kept, before)


def _approved(terminal: Terminal, ask: bool) -> bool:
    hint = "All that derives from the key before will count as changed."
    return terminal.approves("Do you really want to give this stack a new key?", hint, ask=ask)


def _put_aside(path: Path) -> str:
    """Give the key that is there another name, which is told; empty where there is none."""
    aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.{os.urandom(2).hex()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return ""
    except OSError as problem:
        detail = f"{path}: {problem.strerror}. Move it away, and try again."
        raise DiagnosticError(Diagnostic("key-unusable", "The key cannot be put aside", detail)) from problem
    return str(aside)
