"""The state as JSON, for machines: lineage, serial, records, rosters, outputs. What is secret is what stands for it."""

from __future__ import annotations

from typing import Any

from vwplan.render.blocks import natural
from vwplan.render.outputs import to_json
from vwplan.state.records import Record, State
from vwplan.state.wire import output_to_plain, record_to_plain, roster_to_plain

FORMAT = "1.0"


def state_json(state: State | None) -> str:
    """The whole state; without one, only the format's version."""
    found: dict[str, Any] = {"format_version": FORMAT}
    if state is not None:
        records = sorted(state.records.values(), key=lambda record: natural(record.address))
        found |= {
            "lineage": state.lineage,
            "serial": state.serial,
            "resources": [_record(record) for record in records],
            "deposed": [_record(record) for record in state.deposed.values()],
            "rosters": {key: roster_to_plain(roster) for key, roster in sorted(state.rosters.items())},
            "outputs": {name: {"sensitive": False, **output_to_plain(o)} for name, o in sorted(state.outputs.items())},
        }
    return to_json(found)


def record_json(record: Record) -> str:
    """One record."""
    return to_json(_record(record))


def _record(record: Record) -> dict[str, Any]:
    return {"status": record.status.value, "facts": {}, **record_to_plain(record)}
