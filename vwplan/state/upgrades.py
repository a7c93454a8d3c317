"""Older formats: how a text that an earlier vwplan wrote is read as one of today's format.

A format that changes gets a number, and one step here that leads from the one before it; steps are never taken out. Reading upgrades
in memory; the first command that takes the lock keeps the originals in `older/` and writes today's format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vwplan.state.damage import Damaged

Step = Callable[[dict[str, Any]], dict[str, Any]]
"""A whole snapshot, or one journal entry, as JSON has it, in the next format."""

STATES: Mapping[int, Step] = {}
"""By format, the step that leads a snapshot to the next one. Format 1 is the first that there is."""

ENTRIES: Mapping[int, Step] = {}
"""The same for the entries of journals."""


def upgraded(plain: dict[str, Any], format: int, wanted: int, steps: Mapping[int, Step]) -> dict[str, Any]:
    """A text's content in the wanted format; `Damaged` for a format that no version ever wrote."""
    for number in range(format, wanted):
        step = steps.get(number)
        if step is None:
            raise Damaged(f"it claims to be of format {number}, from which nothing leads to format {wanted}")
        plain = step(plain)
    return plain
