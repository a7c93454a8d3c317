"""What is late, in plans: written and read, and given the new identities of what is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vwplan.plan.plain import Seal, renamed_within
from vwplan.values import (
    Computed,
    Late,
    Marked,
    SetValue,
    Unknown,
    Value,
    set_value,
    to_plain,
    type_from_json,
    type_to_json,
    unmark_deep,
)
from vwplan.values.value import rebuilt

Plain = Any


def late_to_plain(value: Unknown, seal: Seal, *, secret: bool = False) -> Plain:
    """A late leaf as a JSON-able value: the fact that it will be, or the expression and its inputs. `secret`: it is one itself."""
    if not isinstance(value, Late):
        return {"type": type_to_json(value.type)}
    from vwplan.hcl.late_json import late_to_json

    return late_to_json(value, lambda found: seal(to_plain(unmark_deep(found)[0])), secret=secret)


def late_from_plain(found: Plain) -> Unknown:
    """The late leaf that `late_to_plain` wrote. The secrets that it hangs on are `Sealed`: a plan does not hold them."""
    if "fact" not in found and "expression" not in found:
        return Unknown(type_from_json(found["type"]))
    from vwplan.hcl.late_json import late_from_json

    return late_from_json(found)


def renamed(value: Unknown, names: Mapping[str, str]) -> Unknown:
    """A late leaf with new identities for old ones among what it is computed from; the very same object where there are none."""
    if not isinstance(value, Late) or not isinstance(value.origin, Computed):
        return value
    inputs = {text: _renamed(item, names) for text, item in value.origin.inputs.items()}
    if all(inputs[text] is item for text, item in value.origin.inputs.items()):
        return value
    return Late(value.type, replace(value.origin, inputs=inputs), value.refinement)


def _renamed(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return renamed_within(value, names)
    if isinstance(value, Unknown):
        return renamed(value, names)
    if isinstance(value, Marked):
        return Marked(rebuilt(value.value, lambda part: _renamed(part, names)), value.marks)
    if isinstance(value, SetValue):
        return set_value(value.element, [_renamed(item, names) for item in value.items])
    changed = False

    def change(part: Value) -> Value:
        nonlocal changed
        new = _renamed(part, names)
        changed = changed or new is not part
        return new

    made = rebuilt(value, change)
    return made if changed else value
