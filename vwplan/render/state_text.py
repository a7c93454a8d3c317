"""The state as text: each record as the block that it stands for, with its facts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from vwplan.plan.shapes import Shape
from vwplan.render.blocks import block_title, natural, shape_of_kind, titled
from vwplan.render.outputs import outputs_text
from vwplan.render.theme import Theme
from vwplan.render.words import name_text, value_text
from vwplan.state.records import Record, State, Status

Plain = Any


def state_text(state: State, colour: bool = False) -> str:
    """All that is known to exist, by address; then rosters and outputs."""
    theme = Theme(colour)
    found = sorted(state.records.values(), key=lambda record: natural(record.address))
    pieces = [_record(record, theme) for record in found if not record.lifecycle.get("forgotten")]
    pieces += [
        _record(record, theme, "left over from a replacement, to be deleted") for record in state.deposed.values()
    ]
    if not pieces and not state.outputs:
        return "The state is empty. No resources are recorded.\n"
    for cluster, roster in sorted(state.rosters.items()):
        members = "1 member" if len(roster.members) == 1 else f"{len(roster.members)} members"
        pieces.append(
            f"{theme.paint('#', 'dim')} {cluster} has {members}; this is version {roster.epoch} of its roster\n"
        )
    if state.outputs:
        pieces.append(theme.paint("Outputs:", "bold") + "\n\n" + outputs_text(state.outputs))
    return "\n".join(pieces)


def record_text(record: Record, colour: bool = False) -> str:
    """One record."""
    return _record(record, Theme(colour))


def _record(record: Record, theme: Theme, note: str = "") -> str:
    status = {Status.PRESENT: "", Status.KEPT: "kept", Status.TAINTED: "half-made", Status.PENDING: "not made yet"}
    words = note or status[record.status]
    lines = [f"# {theme.paint(record.address, 'bold')}:" + (f" ({theme.paint(words, 'yellow')})" if words else "")]
    lines.append(f"{block_title(record.kind, record.address)} {{")
    facts = {"name": record.name, "id": record.identity, "host": f"{record.provider}/{record.host}"}
    facts.update({name: value for name, value in record.facts.items() if value is not None})
    if record.ready is not None:
        facts["ready_since"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.ready.time))
    facts = {name: value for name, value in facts.items() if name not in record.arguments or name == "name"}
    if "name" in record.arguments:
        del facts["name"]
    _block({**record.arguments, **facts}, shape_of_kind(record.kind), 4, lines)
    lines.append("}")
    return "\n".join(lines) + "\n"


def _block(arguments: Mapping[str, Plain], shape: Shape, indent: int, lines: list[str]) -> None:
    pad = " " * indent
    flat = sorted(name for name, value in arguments.items() if name not in shape.blocks and value is not None)
    widest = max((len(name_text(name)) for name in flat), default=0)
    for name in flat:
        text = value_text(arguments[name], indent, shape.arguments.get(name))
        lines.append(f"{pad}{name_text(name):{widest}} = {text}")
    for name, (block, inner) in shape.blocks.items():
        value = arguments.get(name)
        if not value:
            continue
        for title, item in titled(name, value, block):
            lines.append(f"\n{pad}{title} {{")
            _block(item, inner, indent + 4, lines)
            lines.append(f"{pad}}}")
