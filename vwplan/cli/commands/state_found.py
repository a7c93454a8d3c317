"""What was found on the hosts becomes recorded: what the spec can add to it, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vwplan.cli.stack import Stack
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity

if TYPE_CHECKING:
    from vwplan.engine.orphans import Orphan
    from vwplan.graph.model import Resource
    from vwplan.plan import ObservedWorld
    from vwplan.state import Record, State


@dataclass(frozen=True, slots=True)
class Found:
    """Records of what was found, what got no address, and what is to be said about it."""

    records: tuple[Record, ...]
    left: tuple[Orphan, ...]
    warnings: tuple[Diagnostic, ...]


def found_again(stack: Stack, state: State, orphans: Sequence[Orphan]) -> Found:
    """The records of orphans, each at the address that its mark tells, with what only the spec can say of them."""
    from dataclasses import replace

    from vwplan.engine.orphans import completed, places, record_of

    given, left = places(orphans, state.records)
    seen = {address: record_of(orphan, address) for address, orphan in given.items()}
    warnings: list[Diagnostic] = []
    wanted = _wanted(stack, replace(state, records={**state.records, **seen}), warnings)
    records: list[Record] = []
    guessed: list[str] = []
    for address, record in seen.items():
        made, exact = completed(record, given[address].mark, wanted.get(address), stack.key.hmac)
        records.append(made)
        if not exact:
            guessed.append(address)
    if guessed:
        warnings.append(_guessed(guessed))
    return Found(tuple(records), tuple(left), tuple(warnings))


def all_seen(world: ObservedWorld) -> None:
    """Refuse to go on where a host could not be seen: what is there would be taken for absent."""
    unseen = [f"{key}: {view.problem}" for key, view in sorted(world.items()) if view.problem]
    if unseen:
        detail = (
            f"{'. '.join(unseen)}. What is there would be taken for absent. Make it answer, or take it out of the spec."
        )
        raise DiagnosticError(Diagnostic("host-not-seen", "Not all hosts could be seen", detail))


def _wanted(stack: Stack, state: State, warnings: list[Diagnostic]) -> Mapping[str, Resource]:
    from vwplan.plan import PlanOptions

    try:
        resources = stack.propose(state, PlanOptions(refresh=False)).wanted.resources
    except DiagnosticError as problem:
        first = problem.diagnostics[0]
        detail = f"{first.summary}: {first.detail} So what no host can tell is not recorded, and all is kept until the spec is mended."
        warnings.append(
            Diagnostic("spec-unused", "The spec could not be asked", detail, first.subject, severity=Severity.WARNING)
        )
        return {}
    return {resource.key: resource for resource in resources}


def _guessed(addresses: list[str]) -> Diagnostic:
    shown = ", ".join(sorted(addresses)[:5]) + (f" and {len(addresses) - 5} more" if len(addresses) > 5 else "")
    return Diagnostic(
        "made-otherwise",
        "Made from other arguments than the spec has now",
        f"The marks of {shown} say so. What no host can tell of them, such as what is inside the guest, is recorded as the spec "
        "has it now; so the next plan does not show where that differs.",
        severity=Severity.WARNING,
    )
