"""`vwplan rollback`: plans the way back to an earlier state, shows it, asks, and carries exactly that out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.commands.state_change import need_state
from vwplan.cli.options import (
    Ask,
    AutoApprove,
    Exclude,
    Json,
    LockTimeout,
    NoColor,
    Parallelism,
    Refresh,
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
    from vwplan.plan import PlanOptions
    from vwplan.state import Session, State


def rollback(
    serial: Annotated[
        int | None, typer.Argument(metavar="[SERIAL]", help="Which state; that before the last run.")
    ] = None,
    auto_approve: AutoApprove = False,
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    target: Target = [],  # noqa: B006
    exclude: Exclude = [],  # noqa: B006
    refresh: Refresh = True,
    lock_timeout: LockTimeout = "0s",
    parallelism: Parallelism = 0,
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Bring what runs back to an earlier state. What is gone since is made anew; what was on it does not come back."""
    from vwplan.cli.agreed import Carrying
    from vwplan.plan import PlanOptions

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout))
    wanted = _wanted_serial(work, need_state(work).state.serial, serial)
    options = PlanOptions(refresh=refresh, targets=tuple(target), excludes=tuple(exclude))

    def propose(session: Session, unsettled: frozenset[str]) -> Proposal:
        return _propose(work, session.state(), work.store.version(wanted), options, unsettled)

    def shown() -> None:
        if not json:
            terminal.say(f"The way back to serial {wanted}:")

    carrying = Carrying(terminal, work, f"rollback {wanted}", propose, parallelism, shown)
    question, hint = f"Do you want to go back to serial {wanted}?", "vwplan carries out just the steps above."
    with terminal.in_lines():
        code = carrying.out(None if auto_approve else lambda: terminal.approves(question, hint, ask=input))
    if not json and code == 0 and carrying.ran:
        terminal.say("The spec is as it was: the next apply goes forward again, unless you change it too.")
    raise typer.Exit(code)


def _wanted_serial(work: Stack, now: int, given: int | None) -> int:
    """The serial to go back to; a diagnostic for one that is not earlier."""
    from vwplan.engine.rollback import previous

    wanted = previous(work.store.history(), now) if given is None else given
    if wanted is None:
        raise DiagnosticError(
            Diagnostic("no-way-back", "There is no earlier state", f"The history has nothing from before serial {now}.")
        )
    if wanted >= now:
        detail = (
            f"The state is at serial {now}; serial {wanted} is not before that. `vwplan state history` lists what is."
        )
        raise DiagnosticError(Diagnostic("not-earlier", "That is not an earlier state", detail))
    return wanted


def _propose(work: Stack, state: State, earlier: State, options: PlanOptions, unsettled: frozenset[str]) -> Proposal:
    from vwplan.engine.rollback import wanted_of
    from vwplan.kinds import KINDS
    from vwplan.plan import HostView, make

    if earlier.lineage != state.lineage:
        detail = f"It was of lineage {earlier.lineage}; this stack is of lineage {state.lineage} since it was forked or pushed."
        raise DiagnosticError(Diagnostic("other-lineage", "The earlier state was another stack's", detail))
    world = work.observe(unsettled) if options.refresh else {key: HostView(key, "", {}) for key in work.hosts}
    public_key = work.key.ssh_public_key
    wanted = wanted_of(earlier, state, public_key)
    plan = make(
        wanted,
        state,
        world,
        kinds=KINDS,
        stack=work.name,
        now=time.time(),
        options=options,
        seal=work.key.hmac,
        public_key=public_key,
        begun=work.begun,
    )
    return Proposal(plan, wanted, world, state)
