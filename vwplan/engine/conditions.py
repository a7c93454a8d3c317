"""Conditions that were unknown when planning, looked at once all is done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Severity
from vwplan.engine import reports
from vwplan.engine.resolve import Lookup, Resolver
from vwplan.graph.conditions import broken
from vwplan.graph.model import CheckResult, Later
from vwplan.plan.model import Plan
from vwplan.values import BOOL, STRING, ConversionError, convert, from_plain


def look(
    plan: Plan, spoiled: Collection[str], lookup: Lookup, resolver: Resolver
) -> tuple[tuple[Diagnostic, ...], frozenset[str]]:
    """What is to be told of the conditions of a plan, and the addresses of what must not be because one does not hold.

    Those that hang on a `spoiled` resource are passed over: it is told why that did not come out.
    """
    found: list[Diagnostic] = []
    refused: set[str] = set()
    for check in plan.checks:
        later = check.later
        if later is None or any(key in spoiled for key in (check.address, *later.depends)):
            continue
        told = _told(check, later, lookup, resolver)
        found += told
        if any(each.severity is Severity.ERROR for each in told):
            refused.add(check.address)
    return tuple(found), frozenset(refused)


def _told(check: CheckResult, later: Later, lookup: Lookup, resolver: Resolver) -> tuple[Diagnostic, ...]:
    try:
        holds = convert(from_plain(resolver.opened(resolver.known(later.condition, lookup))), BOOL)
        if holds is True:
            return ()
        if holds is not False:
            return (_unfit(check, "A condition must be true or false, and this one is null."),)
        message = convert(from_plain(resolver.opened(resolver.known(later.message, lookup))), STRING)
    except ConversionError as error:
        return (_unfit(check, f"A condition must be true or false, and its message a string: {error}."),)
    except Exception as problem:
        told = reports.told(f"Looking at a condition of {check.address} failed", problem)
        return tuple(each if each.address else replace(each, address=check.address) for each in told)
    text = message if isinstance(message, str) else "The condition does not hold; it has no message."
    return (broken(later.what, replace(check, message=text)),)


def _unfit(check: CheckResult, detail: str) -> Diagnostic:
    return Diagnostic("invalid-condition", "Invalid condition", detail, check.range, address=check.address)
