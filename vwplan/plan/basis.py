"""What a plan rests on: the rows of the state that it is about, as they were when it was made.

A plan that waited, in a file or for somebody's yes, still holds when those rows are as they were, whatever became of others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vwplan.graph.model import WantedOutput
from vwplan.plan.claims import claims_of
from vwplan.plan.model import Basis, Plan
from vwplan.state.records import Plain, Record, State
from vwplan.state.wire import encode_sorted, output_to_plain, record_to_plain, roster_to_plain, to_bytes

_OUTPUT = "output."


def with_basis(plan: Plan, state: State) -> Plan:
    """The plan together with what it rests on; `state` is what it was made from."""
    claims = claims_of(plan, state)
    keys = {*plan.rosters, *state.rosters}
    rosters = tuple(sorted(key for key in keys if plan.rosters.get(key) != state.rosters.get(key)))
    return replace(plan, basis=Basis(_rows({*claims.writes, *claims.reads, *rosters}, state), rosters))


def differing(plan: Plan, state: State) -> tuple[str, ...]:
    """The rows that the plan rests on and that are not as they were; all without a basis."""
    if plan.basis is None:
        return tuple(sorted(claims_of(plan, state).writes))
    before = plan.basis.rows
    after = _rows(before.keys(), state)
    return tuple(name for name in before if before[name] != after[name])


def rebased(plan: Plan, state: State) -> Plan:
    """The plan as made from a state in which its rows are as they were: what it does not change is left as it is there now."""
    if plan.basis is None:
        return plan
    rosters = {key: roster for key, roster in state.rosters.items() if key not in plan.basis.rosters}
    rosters |= {key: plan.rosters[key] for key in plan.basis.rosters if key in plan.rosters}
    outputs = [one if one.name in plan.output_changes else replace(one, kept=True) for one in plan.outputs]
    known = {one.name for one in plan.outputs} | plan.output_changes.keys()
    outputs += [
        WantedOutput(name, None, one.type, one.sensitive, (), None, kept=True)
        for name, one in state.outputs.items()
        if name not in known
    ]
    return replace(plan, state_serial=state.serial, rosters=rosters, outputs=tuple(outputs))


def _rows(names: Iterable[str], state: State) -> dict[str, str]:
    """What stands for each row: the same for the same content, empty for one that is not there."""
    deposed: dict[str, list[Record]] = {}
    for record in state.deposed.values():
        deposed.setdefault(record.address, []).append(record)
    return {name: _digest(name, state, deposed.get(name, ())) for name in sorted(names)}


def _digest(name: str, state: State, deposed: Sequence[Record]) -> str:
    content: list[Plain] = []
    if name in state.records:
        content.append(record_to_plain(state.records[name]))
    content += [record_to_plain(record) for record in sorted(deposed, key=lambda record: record.identity)]
    if name in state.rosters:
        content.append(roster_to_plain(state.rosters[name]))
    output = state.outputs.get(name.removeprefix(_OUTPUT)) if name.startswith(_OUTPUT) else None
    if output is not None:
        content.append(output_to_plain(output))
    return hashlib.sha256(to_bytes(encode_sorted(content))).hexdigest()[:16] if content else ""
