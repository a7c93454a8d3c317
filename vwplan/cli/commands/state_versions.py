"""`vwplan state pull`, `push`, `history`, `restore` and `fork`: whole states, taken out, put in, and brought back."""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.commands.plan import tell_unfinished
from vwplan.cli.commands.state_change import need_state, no_state, say_json
from vwplan.cli.options import Ask, AutoApprove, Json, LockTimeout, NoColor, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.regular import read_named

if TYPE_CHECKING:
    from vwplan.state import Restored, Version


def pull(stack: StackName = "default", simulate: Simulate = False, json: Json = False) -> None:
    """Print the whole state as it is stored; a file of that can be pushed."""
    from vwplan.state import write_snapshot

    terminal = Terminal.of(json=json)
    stored = need_state(Stack(Given(stack, simulate)))
    tell_unfinished(terminal, stored)
    sys.stdout.buffer.write(write_snapshot(stored.state))
    sys.stdout.buffer.flush()


def push(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What state pull printed; - for standard input.")],
    force: Annotated[bool, typer.Option("--force", help="Even if it is older, or of another lineage.")] = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Put a pulled state in the place of this one, under a serial above all known."""
    terminal = Terminal.of(json=json)
    work = Stack(Given(stack, simulate, lock_timeout=lock_timeout))
    text = _read(file)
    done = work.store.push(work.holder("state push"), text, force=force, timeout=work.lock_timeout)
    _tell(terminal, work, done, f"Pushed {file}, which was serial {done.before}")


def history(json: Json = False, stack: StackName = "default", simulate: Simulate = False) -> None:
    """List the versions of the state that can be had back, newest first."""
    terminal = Terminal.of(json=json)
    work = Stack(Given(stack, simulate))
    found = work.store.history()
    if json:
        from dataclasses import asdict

        say_json(terminal, {"versions": [asdict(version) for version in found]})
    elif found:
        terminal.say(_table(found))
    else:
        raise no_state(work)


def restore(
    serial: Annotated[int | None, typer.Argument(metavar="[SERIAL]", help="Which; the newest that is whole.")] = None,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Put an earlier version of the state in the place of this one; no host is touched.

    Works where the state is missing or damaged. What was made since stays recorded, as kept where the earlier state has nothing in its
    place. To bring the machines back too, use rollback.
    """
    terminal = Terminal.of(json=json)
    work = Stack(Given(stack, simulate, lock_timeout=lock_timeout))
    done = work.store.restore(work.holder("state restore"), serial, timeout=work.lock_timeout)
    _tell(terminal, work, done, f"Restored the state of serial {done.before} from {done.source}")


def fork(
    auto_approve: AutoApprove = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    lock_timeout: LockTimeout = "0s",
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Give a copied folder a lineage of its own, with nothing recorded: the machines stay the original's."""
    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, lock_timeout=lock_timeout))
    if not work.store.remembered and not work.store.history():
        raise no_state(work)
    if not auto_approve:
        _ask(terminal, input)
    done = work.store.fork(work.holder("state fork"), str(uuid.uuid4()), timeout=work.lock_timeout)
    _tell(terminal, work, done, f"This stack has the lineage {done.state.lineage} now, and nothing is recorded")


def _ask(terminal: Terminal, ask: bool) -> None:
    question = "Do you really want this folder to let go of everything that it records?"
    if not terminal.approves(question, "Do so in a copy; the machines stay those of the original.", ask=ask):
        terminal.say("Nothing was done.")
        raise typer.Exit(1)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else read_named(file)
    except OSError as problem:
        detail = f"{file}: {problem.strerror}. Give a file that `vwplan state pull` printed."
        raise DiagnosticError(Diagnostic("file-unreadable", "Cannot read the state to push", detail)) from problem


def _tell(terminal: Terminal, work: Stack, done: Restored, words: str) -> None:
    state = done.state
    if terminal.json:
        told = {"lineage": state.lineage, "serial": state.serial, "from_serial": done.before, "kept": done.kept}
        say_json(terminal, {**told, "source": done.source, "records": len(state.records), "since": done.since})
        return
    terminal.say(f"{words}. It is serial {state.serial} now, with {_records(len(state.records))}.")
    if done.since:
        more = f" and {len(done.since) - 3} more" if len(done.since) > 3 else ""
        terminal.say(f"What it knew nothing of stays recorded, as it exists: {', '.join(done.since[:3])}{more}.")
    if done.kept:
        terminal.say(f"What was there before is kept in {done.kept}.")


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _table(versions: tuple[Version, ...]) -> str:
    rows = [("SERIAL", "WHEN (UTC)", "RECORDS", "RESULT", "WHO", "DOING")]
    for one in versions:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one.at)) if one.at else "-"
        rows.append((str(one.serial), when, str(one.records), one.result or "-", one.who or "-", one.doing or "-"))
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    return "\n".join("  ".join([*(f"{row[i]:{widths[i]}}" for i in range(5)), row[5]]) for row in rows)
