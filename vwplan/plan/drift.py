"""Drift in words: how what was observed differs from what was recorded, as one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vwplan.kinds import argument_of, duration_text, size_text
from vwplan.kinds.model import Unit
from vwplan.plan.model import Difference, Drift
from vwplan.provider.api import Observed
from vwplan.state.records import Record

Plain = Any


def drift_of(record: Record, observed: Observed | None, found: Sequence[Difference], *, gone: bool) -> Drift:
    """The drift of one resource, in words."""
    address = record.address
    if gone:
        left = f", but for its {' and '.join(observed.parts)}" if observed is not None and observed.parts else ""
        return Drift(address, f"{address} was deleted outside vwplan{left}")
    if observed is not None and not observed.complete:
        missing = [part for part in record.parts if part not in observed.parts]
        return Drift(address, f"{address} has lost its {' and '.join(missing) or 'parts'}")
    said: list[str] = []
    for difference in found:
        if difference.path == "power" and observed is not None:
            now = str(difference.after)
            words = f" ({observed.status})" if observed.status and observed.status != now else ""
            said.append(f"was {difference.before} when last applied, is {now}{words} now")
    other = [d for d in found if d.path != "power"]
    for difference in other[:3]:
        said.append(_sentence(record.kind, difference))
    if len(other) > 3:
        said.append(f"and {len(other) - 3} more")
    return Drift(address, f"{address} " + "; ".join(said), tuple(found))


def _sentence(kind: str, difference: Difference) -> str:
    if difference.after is None:
        return f"has no {difference.path} any more"
    if difference.before is None:
        return f"has another {difference.path}"
    before, after = (measured(kind, difference.path, value) for value in (difference.before, difference.after))
    return f"{difference.path} was {before}, is {after} now"


def measured(kind: str, path: str, value: Plain) -> str:
    """A scalar as people write it, with its unit where the argument has one."""
    argument = argument_of(kind, path) if kind else None
    if argument is not None and isinstance(value, int) and not isinstance(value, bool):
        if argument.unit is Unit.SIZE:
            return size_text(value)
        if argument.unit is Unit.DURATION:
            return duration_text(value)
    return str(value)
