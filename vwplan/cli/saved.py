"""Saved plans: read from a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.plan import Plan


def read_plan(path: Path) -> Plan:
    """The plan of a file; a diagnostic for anything that is not one."""
    from vwplan.plan.serial import from_text

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise DiagnosticError(
            Diagnostic("plan-unreadable", "Cannot read the plan", f"{path}: {reason}. Make one with plan --out={path}.")
        ) from problem
    return from_text(text, str(path))
