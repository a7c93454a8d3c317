"""`vwplan validate`: every problem of the spec at once, without state or hosts."""

from __future__ import annotations

import json as codec
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vwplan.cli.options import Json, NoColor
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity

if TYPE_CHECKING:
    from vwplan.spec import Configuration


def validate(json: Json = False, no_color: NoColor = False) -> None:
    """Check the spec of this folder. Nothing is looked at but its files, and what they and the environment give to variables."""
    from vwplan.spec import load

    terminal = Terminal.of(no_color, json)
    found: tuple[Diagnostic, ...]
    try:
        configuration = load(Path.cwd())
        found = (*configuration.warnings, *_variables(configuration))
        valid = all(one.severity is not Severity.ERROR for one in found)
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


def _variables(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """What is wrong with the values of variables. That one has none yet is a warning: who plans may still give it."""
    from vwplan.spec.variables import read_inputs

    try:
        return read_inputs(configuration.root, environment=os.environ, directory=Path.cwd()).warnings
    except DiagnosticError as problem:
        return tuple(
            replace(one, severity=Severity.WARNING) if one.code == "missing-variable" else one
            for one in problem.diagnostics
        )
