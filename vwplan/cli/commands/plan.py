"""`vwplan plan`: what would differ, and the steps that would bring it about. Changes nothing, takes no lock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.asking import question
from vwplan.cli.options import (
    Ask,
    DetailedExitCode,
    Exclude,
    Json,
    LockTimeout,
    NoColor,
    Parallelism,
    Refresh,
    RefreshOnly,
    Replace,
    Simulate,
    Target,
    Var,
    VarFile,
)
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Proposal, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.state import Stored

CHANGES_PENDING = 2


def plan(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the plan for apply.")] = None,
    destroy: Annotated[bool, typer.Option("--destroy", help="Plan to take everything away.")] = False,
    detailed_exitcode: DetailedExitCode = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    target: Target = [],  # noqa: B006
    exclude: Exclude = [],  # noqa: B006
    replace: Replace = [],  # noqa: B006
    refresh: Refresh = True,
    refresh_only: RefreshOnly = False,
    lock_timeout: LockTimeout = "0s",
    parallelism: Parallelism = 0,
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do."""
    from vwplan.cli.about import about

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout, ask=question(terminal) if input else None))
    _ = work.lock_timeout  # There is no lock to wait for, but whoever misspells it is told here and not by apply.
    options = about(
        destroy=destroy, refresh=refresh, refresh_only=refresh_only, target=target, exclude=exclude, replace=replace
    )
    stored = work.stored
    tell_unfinished(terminal, stored)
    proposal = work.propose(stored.state if stored else None, options)
    if out is not None:
        save(work, proposal, out)
    show_proposal(terminal, work, proposal)
    if out is not None and not json:
        terminal.say(f"\nSaved the plan to: {out}\n\nTo carry out exactly these steps:\n  vwplan apply {out}")
    if proposal.plan.incomplete:
        raise typer.Exit(1)
    if detailed_exitcode and not proposal.plan.empty:
        raise typer.Exit(CHANGES_PENDING)


def tell_unfinished(terminal: Terminal, stored: Stored | None) -> None:
    """Say that an apply is under way, or was cut short, when one is."""
    if stored is not None and stored.unfinished:
        from vwplan.render.words import counted

        begun = counted(len(stored.unfinished), "step")
        terminal.tell(
            f"Note: {begun} begun with no end recorded: an apply is under way, or was cut short. The next apply settles "
            "that first."
        )


def save(work: Stack, proposal: Proposal, path: Path) -> None:
    """Write a plan to a file that only its owner can read; never half of it."""
    from vwplan.plan.basis import with_basis
    from vwplan.plan.serial import to_text
    from vwplan.regular import refuse_irregular
    from vwplan.state import Disk
    from vwplan.state.cover import PLAN, About
    from vwplan.state.wire import to_bytes

    plan = with_basis(proposal.plan, proposal.state)
    purpose = About(PLAN, plan.lineage, plan.state_serial, plan.stack)
    sealed = work.cover.wrap(to_bytes(to_text(plan, work.key.hmac)), purpose)
    try:
        refuse_irregular(path)
        # Where a link leads: what is put in place of a link would be where nobody looks for it.
        Disk().replace(path.resolve(), sealed)
    except OSError as problem:
        detail = f"{path}: {problem.strerror}. Name a file in a folder that exists and may be written."
        raise DiagnosticError(Diagnostic("plan-unwritable", "The plan cannot be saved", detail)) from problem


def show_proposal(terminal: Terminal, work: Stack, proposal: Proposal, *, lines: bool = False) -> None:
    """Print a plan, for a person or for a machine, and what could not be seen when it was made.

    `lines`: for a machine it is one line, because others follow.
    """
    if terminal.json:
        from vwplan.render.plan_json import plan_json, plan_plain

        if lines:
            terminal.line("plan", plan=plan_plain(proposal.plan))
        else:
            terminal.say(plan_json(proposal.plan))
    else:
        from vwplan.render.plan_text import plan_text

        terminal.diagnose(proposal.plan.warnings)
        terminal.say(plan_text(proposal.plan, colour=terminal.colour))
    if proposal.plan.incomplete:
        from vwplan.cli.unseen import unseen

        terminal.diagnose(unseen(proposal.plan, work.configuration))
