"""`vwplan console`: expressions and their values, at a prompt, from a pipe, or line by line for a program."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vwplan.cli.options import NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal

JsonLines = Annotated[
    bool,
    typer.Option("--json-lines", help="Take a JSON string with an expression a line, answer with an object a line."),
]


def console(
    json_lines: JsonLines = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006 - typer copies its defaults.
    var_file: VarFile = [],  # noqa: B006
    no_color: NoColor = False,
) -> None:
    """Evaluate expressions of the spec. Looks at no host, takes no lock."""
    from vwplan.cli.console.session import Session
    from vwplan.cli.console.sight import sight

    terminal = Terminal.of(no_color)
    work = Stack(Given(stack, simulate, var, var_file))
    seen = sight(work)
    terminal.diagnose(seen.problems)
    session = Session(seen.scope)
    if json_lines:
        from vwplan.cli.console.pipe import answer_json_lines

        answer_json_lines(session, sys.stdin.buffer, sys.stdout)
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        from vwplan.cli.console.prompt import converse

        converse(session, terminal, seen.names, work.root if seen.configuration is not None else None)
        return
    from vwplan.cli.console.pipe import answer_lines

    if not answer_lines(session, terminal, sys.stdin.buffer):
        raise typer.Exit(1)
