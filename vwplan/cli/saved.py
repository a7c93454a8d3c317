"""Saved plans: read from a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.regular import read_named

if TYPE_CHECKING:
    from vwplan.plan import Plan
    from vwplan.state.cover import Cover


def read_plan(path: Path, cover: Cover) -> Plan:
    """The plan of a file, sealed or not; a diagnostic for anything that is not one."""
    from vwplan.plan.serial import from_text
    from vwplan.state.cover import PLAN
    from vwplan.state.damage import Damaged, NewerFormat

    try:
        text = cover.unwrap(read_named(path), PLAN, str(path)).decode("utf-8", "surrogatepass")
    except (OSError, UnicodeDecodeError, Damaged, NewerFormat) as problem:
        # Only where nothing is may one be made: what is there would be written over.
        absent = isinstance(problem, FileNotFoundError)
        todo = f"Make one with plan --out={path}." if absent else "Give a file that plan --out has written."
        detail = f"{path}: {_reason(problem)}. {todo}"
        raise DiagnosticError(Diagnostic("plan-unreadable", "Cannot read the plan", detail)) from problem
    return from_text(text, str(path))


def _reason(problem: Exception) -> str:
    from vwplan.state.damage import NewerFormat

    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    if isinstance(problem, UnicodeDecodeError):
        return "it is not text"
    return f"it was encrypted by a later vwplan, in {problem}" if isinstance(problem, NewerFormat) else str(problem)
