"""Conditions that do not hold, or that nobody can know of yet."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity
from vwplan.graph.model import CheckResult, Later, Plain
from vwplan.graph.uses import Uses
from vwplan.graph.world import World
from vwplan.hcl.evaluate import Compiled, Scope
from vwplan.hcl.late import anchored
from vwplan.spec.model import Condition
from vwplan.values import to_plain, unmark_deep


def severity_of(what: str) -> Severity:
    """How grave it is that a condition does not hold: of a `check` it is a mere warning."""
    return Severity.WARNING if what == "check" else Severity.ERROR


def broken(what: str, result: CheckResult, values: tuple[tuple[str, str], ...] = ()) -> Diagnostic:
    """What is told of a condition that does not hold; `values` are those of what it refers to."""
    summary = {"validation": "Invalid value of a variable", "check": "Check failed"}.get(what, "Condition failed")
    at = result.range
    return Diagnostic(f"{what}-failed", summary, result.message, at, at, values, result.address, severity_of(what))


def later(world: World, condition: Condition, scope: Scope, what: str, message: str, late: bool) -> Later | None:
    """How the outcome of an unknown condition will be known; `late` tells that its message is, too. None where nothing tells."""
    world.tracker.drop()
    try:
        wanted = _carried(condition.condition, scope)
        said = _carried(condition.error_message, scope) if late else message
    except DiagnosticError:
        return None
    finally:
        uses = world.tracker.take()
    return Later(what, wanted, said, flattened(world, uses))


def _carried(compiled: Compiled, scope: Scope) -> Plain:
    """The value of an expression, whose marks are those of what it is computed from."""
    return to_plain(unmark_deep(anchored(compiled.evaluate(scope), compiled, scope))[0])


def flattened(world: World, uses: Uses) -> tuple[str, ...]:
    """All keys used, with those in groups."""
    keys = dict.fromkeys(uses.keys)
    for group in uses.groups:
        keys.update(dict.fromkeys(world.groups.table[group]))
    return tuple(keys)
