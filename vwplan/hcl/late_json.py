"""Late values as JSON, as plans carry them, and back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from vwplan.hcl.late import still_unknown
from vwplan.values import (
    ListValue,
    MapValue,
    Marked,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    from_json,
    has_marks,
    is_whole,
    mark,
    to_json,
    type_from_json,
    type_to_json,
)
from vwplan.values.late import Computed, FactOf, Late, Sealed


def late_to_json(late: Late, seal: Callable[[Value], str], *, secret: bool = False) -> dict[str, object]:
    """A late leaf as JSON. `seal` turns what is sensitive in it into its HMAC; of a `secret` leaf that is also what it read."""
    origin = late.origin
    told: dict[str, object] = {"type": type_to_json(late.type)}
    if isinstance(origin, FactOf):
        told["fact"] = [origin.address, *origin.path]
        return told
    told["expression"] = origin.expression
    told["inputs"] = {text: _input_to_json(value, seal) for text, value in origin.inputs.items()}
    told["path"] = list(origin.path)
    told["place"] = origin.place
    if origin.files:
        told["files"] = [[*key, _file_to_json(found, seal if secret else None)] for key, found in origin.files.items()]
    return told


def late_from_json(told: Mapping[str, Any]) -> Late:
    """The late leaf that `late_to_json` wrote; `ValueError` if it is none."""
    try:
        type_ = type_from_json(told["type"])
        if "fact" in told:
            address, *path = told["fact"]
            return Late(type_, FactOf(address, tuple(path)))
        inputs = {text: _input_from_json(value) for text, value in told["inputs"].items()}
        files = {(m, a): _file_from_json(found) for m, a, found in told.get("files", ())}
        return Late(type_, Computed(told["expression"], inputs, tuple(told["path"]), files, told["place"]))
    except (KeyError, TypeError) as problem:
        raise ValueError("not a late value") from problem


def _input_to_json(value: Value, seal: Callable[[Value], str], *, secret: bool = False) -> object:
    """An input as JSON; of a `secret` one, that is sensitive as a whole and known in part, each known part is sealed."""
    match value:
        case Sealed():
            return {"sealed": value.mac}
        case Late():
            return {"late": late_to_json(value, seal, secret=secret)}
        case Marked() if not is_whole(value.value):
            return {"marked": sorted(value.marks), "value": _input_to_json(value.value, seal, secret=True)}
        case Marked():
            return {"sealed": seal(value)}
    if is_whole(value) and not has_marks(value):
        return {"sealed": seal(value)} if secret else to_json(value)
    match value:
        case ObjectValue() | MapValue():
            return {"object": {key: _input_to_json(item, seal, secret=secret) for key, item in value.items.items()}}
        case ListValue() | SetValue() | TupleValue():
            return {"tuple": [_input_to_json(item, seal, secret=secret) for item in value.items]}
    raise still_unknown("", "nothing says how it is computed")


def _input_from_json(told: Mapping[str, Any]) -> Value:
    if "late" in told:
        return late_from_json(told["late"])
    if "sealed" in told:
        return Sealed(told["sealed"])
    if "marked" in told:
        return mark(_input_from_json(told["value"]), frozenset(told["marked"]))
    if "object" in told:
        return ObjectValue({key: _input_from_json(item) for key, item in told["object"].items()})
    if "tuple" in told:
        return TupleValue([_input_from_json(item) for item in told["tuple"]])
    return from_json(dict(told))


def _file_to_json(found: object, seal: Callable[[Value], str] | None) -> object:
    if isinstance(found, bytes):
        text = base64.b64encode(found).decode()
        return {"bytes": text} if seal is None else {"sealed": seal(text)}
    return {"sealed": found.mac} if isinstance(found, Sealed) else found


def _file_from_json(found: object) -> object:
    if isinstance(found, dict):
        return Sealed(found["sealed"]) if "sealed" in found else base64.b64decode(found["bytes"])
    return found
