"""The options that several commands share, each told once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[
    str, typer.Option("--stack", metavar="NAME", envvar="VW_STACK", help="The stack to work on; never remembered.")
]
Simulate = Annotated[bool, typer.Option("--simulate", help="Pretend every hypervisor; stack NAME.simulated.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="Print without colours.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Var = Annotated[list[str], typer.Option("--var", metavar="NAME=VALUE", help="Give a variable; repeatable.")]
VarFile = Annotated[
    list[Path], typer.Option("--var-file", metavar="FILE", help="Read variables from a file; repeatable.")
]
Target = Annotated[
    list[str], typer.Option("--target", metavar="ADDRESS", help="Only this resource and what it needs; repeatable.")
]
Exclude = Annotated[
    list[str], typer.Option("--exclude", metavar="ADDRESS", help="Not this one nor what needs it; repeatable.")
]
Replace = Annotated[
    list[str], typer.Option("--replace", metavar="ADDRESS", help="Make this resource anew; repeatable.")
]
Refresh = Annotated[
    bool, typer.Option("--refresh/--no-refresh", help="Look at what the hosts really run (--refresh=false: do not).")
]
RefreshOnly = Annotated[bool, typer.Option("--refresh-only", help="Only bring the state up to what really exists.")]
DetailedExitCode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there are changes, 0 when there are none.")
]
Parallelism = Annotated[
    int, typer.Option("--parallelism", metavar="N", min=0, help="How many steps at a time; 0: what each host bears.")
]
LockTimeout = Annotated[
    str, typer.Option("--lock-timeout", metavar="TIME", help='How long to wait for the lock, such as "30s".')
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Ask = Annotated[bool, typer.Option("--input/--no-input", help="Ask when something is missing (--input=false: do not).")]
