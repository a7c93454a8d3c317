"""`vwplan graph`: who waits for whom, as a picture's source."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.options import Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def graph(
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="dot or mermaid.")] = "dot",
    steps: Annotated[bool, typer.Option("--steps", help="The steps of the plan instead of the resources.")] = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
) -> None:
    """Print who waits for whom: the resources, or the steps of the plan."""
    from vwplan.plan import PlanOptions
    from vwplan.render import dot, mermaid

    drawers = {"dot": (dot.resources, dot.steps), "mermaid": (mermaid.resources, mermaid.steps)}
    if format not in drawers:
        raise DiagnosticError(
            Diagnostic("unknown-format", "Unknown format", f'"{format}" is no format: use dot or mermaid.')
        )
    work = Stack(Given(stack, simulate, var, var_file))
    stored = work.stored
    proposal = work.propose(stored.state if stored else None, PlanOptions(refresh=steps))
    draw_resources, draw_steps = drawers[format]
    Terminal.of().say(draw_steps(proposal.plan) if steps else draw_resources(proposal.wanted))
