"""Running a plan that was shown and approved: what was cut short before it is settled, its progress told, and what came of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.stack import Stack, new_run
from vwplan.cli.terminal import Terminal

if TYPE_CHECKING:
    from vwplan.cli.opening import Opening
    from vwplan.engine.interrupt import Interrupt
    from vwplan.engine.resolve import OpenSecret
    from vwplan.engine.result import ApplyResult
    from vwplan.plan import Plan
    from vwplan.state import Session

INTERRUPTED = 130


def secrets_of(stack: Stack, session: Session, plan: Plan) -> Opening:
    """Finds sensitive values again, by their HMAC, among those that today's variables give."""
    from vwplan.cli.opening import Opening

    return Opening(stack, session)


def settle(terminal: Terminal, stack: Stack, session: Session) -> frozenset[str]:
    """Find out what a run that was cut short has left, and say so in a few lines.

    Gives the keys of the hosts on which that could not be found out yet: nothing is to be planned there.
    """
    from vwplan.engine.recover import needs_recovery, recover

    if not needs_recovery(session):
        return frozenset()
    terminal.tell("An earlier run was cut short. What its begun steps left:")
    recovered = recover(session, new_run(stack, "recover"))
    for line in recovered.lines:
        terminal.tell(f"  {line}")
    if not recovered.anything:
        terminal.tell("  nothing: no step was under way")
    terminal.diagnose(recovered.diagnostics)
    return frozenset(begun.host for begun in recovered.left)


def run_plan(
    terminal: Terminal,
    stack: Stack,
    session: Session,
    plan: Plan,
    doing: str,
    parallelism: int,
    open_secret: OpenSecret | None,
) -> int:
    """Carry a plan out that was shown and approved, with its progress; gives the exit code."""
    from vwplan.cli.late import late_values
    from vwplan.cli.progress import progress
    from vwplan.engine.apply import apply
    from vwplan.engine.interrupt import Interrupt
    from vwplan.engine.resolve import refuse_secret
    from vwplan.plan.serial import to_text
    from vwplan.state.wire import to_bytes

    interrupt = Interrupt()
    with progress(terminal, plan) as listener, _listening(interrupt, terminal):
        result = apply(
            plan,
            session,
            replace(new_run(stack, doing), listener=listener),
            key=stack.key,
            evaluate=late_values(stack, plan.made_at),
            open_secret=open_secret or refuse_secret,
            plan_text=to_bytes(to_text(plan, stack.key.hmac)),
            parallelism=parallelism,
            interrupt=interrupt,
            rescue_folders=[stack.directory, *_home()],
        )
    return _tell(terminal, plan, result)


def _home() -> Iterator[Path]:
    """The home folder, where there is one: not everybody who runs this has."""
    with suppress(RuntimeError):
        yield Path.home()


@contextmanager
def _listening(interrupt: Interrupt, terminal: Terminal) -> Iterator[None]:
    """Ctrl-C once: begin nothing more. Twice: leave at once; the journal makes that safe.

    A terminal that goes away counts once, however often that is told: its system and its shell both tell.
    """

    def heard(number: int, frame: object) -> None:
        if number == signal.SIGHUP and interrupt.level:
            return
        if interrupt.request() > 1:
            sys.stderr.write("\nLeft at once. The next apply settles what was under way.\n")
            sys.stderr.flush()
            os._exit(INTERRUPTED)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # As nohup has it.
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, heard) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(terminal: Terminal, plan: Plan, result: ApplyResult) -> int:
    from vwplan.render.outputs import outputs_plain, outputs_text
    from vwplan.render.words import counted

    terminal.diagnose(result.diagnostics)
    code = INTERRUPTED if result.interrupted else 0 if result.ok and not plan.incomplete else 1
    if not terminal.json:
        done = f"{result.imported} imported, " if result.imported else ""
        done += f"{result.added} added, {result.changed} changed, {result.destroyed} destroyed"
        if result.ok and plan.incomplete:
            terminal.tell(f"\nAll is done but what is on hosts that could not be seen. Resources: {done}.")
        elif result.ok:
            terminal.say(f"\n{'Destroy' if plan.destroy else 'Apply'} complete! Resources: {done}.")
        else:
            counts = {"failed": result.failed, "uncertain": result.uncertain, "not begun": result.skipped}
            left = ", ".join(f"{counted(count, 'step')} {word}" for word, count in counts.items() if count)
            terminal.tell(f"\nNot all was done. Resources: {done}{'; ' if left else ''}{left}.")
        if result.outputs and not plan.destroy:
            terminal.say("\nOutputs:\n\n" + outputs_text(result.outputs))
    else:
        from vwplan.render.diagnostics_json import diagnostic_plain

        for problem in result.diagnostics:
            terminal.line("diagnostic", diagnostic=diagnostic_plain(problem))
        terminal.line("outputs", outputs=outputs_plain(result.outputs))
    if result.abandoned:
        # Calls that never came back would keep the interpreter waiting for their threads.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
