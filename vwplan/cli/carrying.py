"""Carrying a plan out at the terminal: plan, show, ask, apply; or a plan that was saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.agreed import Carrying, claimed_still
from vwplan.cli.running import run_plan, secrets_of
from vwplan.cli.saved import read_plan
from vwplan.cli.stack import PRETENDED, Given, Proposal, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.plan import PlanOptions
    from vwplan.state import Session


def carry_out(
    terminal: Terminal, stack: Stack, options: PlanOptions, *, approved: bool, ask: bool, parallelism: int
) -> int:
    """Plan and apply in one go; gives the exit code. Problems of the spec are told before the lock is taken."""
    with terminal.in_lines():
        _ = stack.variables, stack.hosts

        def propose(session: Session, unsettled: frozenset[str]) -> Proposal:
            return stack.propose(session.state(), options, unsettled=unsettled)

        carrying = Carrying(terminal, stack, "destroy" if options.destroy else "apply", propose, parallelism)
        return carrying.out(None if approved else lambda: _approved(terminal, options, ask))


def carry_out_saved(terminal: Terminal, given: Given, path: Path, parallelism: int) -> int:
    """Apply a plan that was saved, and nothing else; gives the exit code."""
    from vwplan.cli.secondyes import said_again
    from vwplan.engine.opening import with_secrets

    with terminal.in_lines():
        cover = Stack(given).cover
        plan = read_plan(path, cover)
        name = plan.stack.removesuffix(PRETENDED)
        if given.stack not in ("default", name):
            raise DiagnosticError(
                Diagnostic(
                    "plan-of-other-stack",
                    "The plan is for another stack",
                    f"{path} was made for the stack {plan.stack}.",
                )
            )
        simulate = plan.stack != name or given.simulate
        stack = Stack(replace(given, stack=name, simulate=simulate, known=plan.variables))
        stack.cover = cover  # One that has asked for its passphrase is not to ask again.
        if not said_again(terminal, plan):
            terminal.say("\nNothing was done. A plan that was made with --replace=ADDRESS is not asked about.")
            return 1
        with stack.store.lock(stack.holder("apply"), lineage=plan.lineage, timeout=stack.lock_timeout) as session:
            opening = secrets_of(stack, session, plan)
            now = with_secrets(claimed_still(session, plan), opening, opening.value)
            return run_plan(terminal, stack, session, now, "apply", parallelism, opening)


def _approved(terminal: Terminal, options: PlanOptions, ask: bool) -> bool:
    if options.destroy:
        return terminal.approves("Do you really want to destroy all of this?", "There is no undo.", ask=ask)
    hint = "vwplan carries out just the steps above."
    return terminal.approves("Do you want to perform these actions?", hint, ask=ask)
