"""`vwplan import`: what exists already becomes the stack's own, as it is; as an import block does, without one."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.asking import question
from vwplan.cli.options import Ask, Json, LockTimeout, NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Proposal, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def import_(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="What it becomes: workspace.login.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="[HOST/]UUID-or-name; of a volume [HOST/]POOL/NAME.")],
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Make an object that exists the stack's own, as it is. Its block must be in the spec; what differs is for the next plan."""
    from vwplan.cli.agreed import Carrying
    from vwplan.graph import ImportAsked
    from vwplan.plan import PlanOptions
    from vwplan.plan.imports import only_import
    from vwplan.state import Session
    from vwplan.state.records import Status

    terminal = Terminal.of(no_color, json)
    given = Given(stack, simulate, var, var_file, lock_timeout, ask=question(terminal) if input else None)
    work = Stack(given, imports=(ImportAsked(address, id),))
    _ = work.variables, work.hosts

    def propose(session: Session, unsettled: frozenset[str]) -> Proposal:
        state = session.state()
        record = state.records.get(address)
        if record is not None and record.status is not Status.PENDING:
            detail = f"{address} is in the state already, as {record.name}. Remove that first, or take another."
            raise DiagnosticError(Diagnostic("already-managed", "The address is taken", detail, address=address))
        proposal = work.propose(state, PlanOptions(targets=(address,)), unsettled=unsettled)
        plan = only_import(proposal.plan, state, _told(proposal, address))
        return Proposal(plan, proposal.wanted, proposal.world, proposal.state)

    raise typer.Exit(Carrying(terminal, work, "import", propose, 0).out(None))


def _told(proposal: Proposal, address: str) -> str:
    """The address as the plan writes it: that of a role's only member has an index."""
    found = [one.key for one in proposal.wanted.imports if one.key.startswith(address)]
    return address if address in found or not found else found[0]
