"""`vwplan validate`: every problem of the spec at once, without variables, state or hosts."""

from __future__ import annotations

import json as codec
from pathlib import Path

import typer

from vwplan.cli.options import Json, NoColor
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def validate(json: Json = False, no_color: NoColor = False) -> None:
    """Check the spec of this folder. Nothing is looked at but its files."""
    from vwplan.spec import load

    terminal = Terminal.of(no_color, json)
    found: tuple[Diagnostic, ...]
    try:
        found = load(Path.cwd()).warnings
        valid = True
    except DiagnosticError as problem:
        found, valid = problem.diagnostics, False
    if json:
        from vwplan.render.diagnostics_json import validation_json

        terminal.say(codec.dumps(validation_json(found), indent=2))
    else:
        terminal.diagnose(found)
        if valid:
            terminal.say("Success! The configuration is valid.")
    if not valid:
        raise typer.Exit(1)
