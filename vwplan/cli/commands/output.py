"""`vwplan output`: the outputs as last applied."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.options import Json, NoColor, Simulate
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity, did_you_mean


def output(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One output alone.")] = "",
    json: Json = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print a string as it is, for scripts.")] = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    no_color: NoColor = False,
) -> None:
    """Print the outputs of the root module."""
    from vwplan.render.outputs import output_json, output_raw, output_text, outputs_json, outputs_text

    terminal = Terminal.of(no_color, json)
    stored = Stack(Given(stack, simulate)).stored
    outputs = stored.state.outputs if stored else {}
    if name and name not in outputs:
        raise DiagnosticError(
            Diagnostic(
                "unknown-output",
                "No such output",
                f'The state has no output "{name}".{did_you_mean(name, outputs)} Outputs are recorded by apply.',
            )
        )
    if raw and json:
        raise DiagnosticError(
            Diagnostic("options-apart", "Options that do not go together", "Give --raw or --json, not both.")
        )
    if raw:
        if not name:
            raise DiagnosticError(
                Diagnostic("raw-needs-name", "Which output?", "With --raw give the name of one output.")
            )
        typer.echo(output_raw(name, outputs[name]), nl=False)
    elif json:
        terminal.say(output_json(outputs[name]) if name else outputs_json(outputs))
    elif name:
        terminal.say(output_text(outputs[name]))
    else:
        if not outputs:
            terminal.diagnose(
                [
                    Diagnostic(
                        "no-outputs",
                        "No outputs",
                        "The state has no outputs: none are declared, or nothing was applied yet.",
                        severity=Severity.WARNING,
                    )
                ]
            )
            return
        terminal.say(outputs_text(outputs))
