"""`vwplan destroy`: takes away everything that the stack has made."""

from __future__ import annotations

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
    Simulate,
    Target,
    Var,
    VarFile,
)
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal


def destroy(
    auto_approve: AutoApprove = False,
    kept: Annotated[bool, typer.Option("--kept", help="Also what was kept by on_destroy or keep.")] = False,
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
    """Take away all that this stack has made. What was made last goes first."""
    from vwplan.cli.carrying import carry_out
    from vwplan.plan import PlanOptions

    options = PlanOptions(destroy=True, kept=kept, refresh=refresh, targets=tuple(target), excludes=tuple(exclude))
    terminal = Terminal.of(no_color, json)
    ask = question(terminal) if input else None
    code = carry_out(
        terminal,
        Stack(Given(stack, simulate, var, var_file, lock_timeout, ask=ask)),
        options,
        approved=auto_approve,
        ask=input,
        parallelism=parallelism,
    )
    raise typer.Exit(code)
