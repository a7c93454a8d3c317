"""`vwplan apply`: shows the plan, asks, and carries exactly that out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vwplan.cli.asking import question
from vwplan.cli.options import (
    Ask,
    AutoApprove,
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
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal


def apply(
    plan_file: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="A plan saved by plan --out.")] = None,
    auto_approve: AutoApprove = False,
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
    destroy: Annotated[bool, typer.Option("--destroy", help="Take everything away.")] = False,
    lock_timeout: LockTimeout = "0s",
    parallelism: Parallelism = 0,
    input: Ask = True,
    no_color: NoColor = False,
) -> None:
    """Make what runs what the spec says."""
    from vwplan.cli.about import about, refuse_with_saved
    from vwplan.cli.carrying import carry_out, carry_out_saved

    terminal = Terminal.of(no_color, json)
    given = Given(stack, simulate, var, var_file, lock_timeout, ask=question(terminal) if input else None)
    if plan_file is not None:
        planning = {"target": target, "exclude": exclude, "replace": replace, "refresh=false": not refresh}
        refuse_with_saved(plan_file, **planning, refresh_only=refresh_only, destroy=destroy)
        code = carry_out_saved(terminal, given, plan_file, parallelism)
    else:
        options = about(
            destroy=destroy, refresh=refresh, refresh_only=refresh_only, target=target, exclude=exclude, replace=replace
        )
        code = carry_out(terminal, Stack(given), options, approved=auto_approve, ask=input, parallelism=parallelism)
    raise typer.Exit(code)
