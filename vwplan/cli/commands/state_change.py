"""What the commands that change a state by hand share: the lock, settling first, a backup, and one run for all that is written."""

from __future__ import annotations

import json as codec
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vwplan.cli.stack import Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, did_you_mean

if TYPE_CHECKING:
    from vwplan.state import Session, Stored
    from vwplan.state.entries import Entry


def need_state(stack: Stack) -> Stored:
    """The state as it is; a diagnostic where there never was one."""
    stored = stack.stored
    if stored is None:
        raise no_state(stack)
    return stored


def no_state(stack: Stack) -> DiagnosticError:
    """There is no state to work on; perhaps another stack was meant."""
    folder = stack.root / "stacks"
    others = sorted(path.name for path in folder.iterdir() if path.name != stack.name) if folder.is_dir() else []
    there = f"There are: {', '.join(others)}." if others else "Nothing was applied in this folder yet."
    detail = f"The stack {stack.name} has no state.{did_you_mean(stack.name, others)} {there}"
    return DiagnosticError(Diagnostic("no-state", "There is no state", detail))


@contextmanager
def changing(terminal: Terminal, stack: Stack, doing: str) -> Iterator[Session]:
    """The stack's lock, with all settled that an earlier run left."""
    from vwplan.cli.running import settle

    need_state(stack)
    with stack.lock(doing) as session:
        settle(terminal, stack, session)
        yield session


def refuse_unfinished(session: Session, addresses: Sequence[str]) -> None:
    """Refuse to touch what an earlier run may still be found to have changed."""
    left = sorted({begun.key for begun in session.unfinished if begun.key in addresses})
    if left:
        raise DiagnosticError(
            Diagnostic(
                "unsettled",
                "Steps of an earlier run are not settled",
                f"What was begun on {', '.join(left[:3])} is not known yet, because a host does not answer. Try again when it "
                "does; if it is gone for good, `vwplan recover --forget=HOST` lets go of what was begun there.",
            )
        )


def write(session: Session, doing: str, entries: Sequence[Entry], run: str = "") -> str:
    """Write what was changed by hand, as a run of its own; gives where the state before is kept."""
    from vwplan.state import RunEnded

    kept = keep(session)
    run = run or new_id()
    session.start(run, time.time(), doing)
    session.write(entries)
    session.finish(RunEnded(run, time.time(), "done"))
    return kept


def keep(session: Session) -> str:
    """Keep the state as it is; gives where."""
    from vwplan.state import LocalSession

    if isinstance(session, LocalSession):
        return str(session.keep())
    return f"the history, as serial {session.ledger.serial}"


def new_id() -> str:
    """A random id for a run."""
    return os.urandom(8).hex()


def tell_kept(terminal: Terminal, stack: Stack, kept: str, before: int) -> None:
    """Say where the state before is, and how it comes back."""
    if kept and not terminal.json:
        command = stack.store.folder.command(f"state restore {before}")
        terminal.say(f"The state before is kept in {kept}; {command} brings it back.")


def say_json(terminal: Terminal, told: dict[str, Any]) -> None:
    """Print what was done, for machines."""
    terminal.say(codec.dumps(told, indent=2))
