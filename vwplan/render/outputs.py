"""Outputs: as text of the language, as JSON, and a single string as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.plan.plain import SECRET
from vwplan.render.words import HIDDEN, value_text
from vwplan.state.records import OutputValue
from vwplan.state.wire import plain_number
from vwplan.values import Sensitive, number_text

Plain = Any


def outputs_text(outputs: Mapping[str, OutputValue]) -> str:
    """All outputs, one `name = value` each, sorted."""
    widest = max(map(len, outputs), default=0)
    return "".join(f"{name:{widest}} = {output_text(outputs[name])}" for name in sorted(outputs))


def output_text(output: OutputValue) -> str:
    """One output's value, ending in a line end; a secret is not shown."""
    return (HIDDEN if output.sensitive else value_text(output.value)) + "\n"


def outputs_json(outputs: Mapping[str, OutputValue]) -> str:
    """All outputs as a JSON object of `{sensitive, type, value}`, with the values of sensitive ones as the state has them."""
    return to_json(outputs_plain(outputs))


def outputs_plain(outputs: Mapping[str, OutputValue]) -> Plain:
    """All outputs as a JSON-able mapping."""
    return {
        name: {"sensitive": output.sensitive, "type": output.type, "value": output.value}
        for name, output in sorted(outputs.items())
    }


def output_json(output: OutputValue) -> str:
    """One output's value as JSON."""
    return to_json(output.value)


def output_raw(name: str, output: OutputValue) -> str:
    """A string, number or bool as bare text; `DiagnosticError` for anything else."""
    value = output.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Fraction):
        return number_text(value)
    if isinstance(value, float):
        return repr(value)
    sealed = isinstance(value, Sensitive) or (isinstance(value, Mapping) and SECRET in value)
    if sealed:
        why = f'The state holds only what stands for the sensitive output "{name}", not its value.'
    else:
        what = "null" if value is None else "a collection"
        why = f'The output "{name}" is {what}, and --raw prints only strings, numbers and bools. Use --json.'
    raise DiagnosticError(Diagnostic("output-not-raw", "Output has no bare text", why))


def to_json(value: Plain) -> str:
    """A plain value as indented JSON, numbers with every digit that they have."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, default=_leaf)
    except _ManyDigitsError:
        return "".join(_written(value, "\n", "  ", ": "))


def to_json_line(value: Plain) -> str:
    """A plain value as JSON without a line end, numbers with every digit that they have."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_leaf)
    except _ManyDigitsError:
        return "".join(_written(value, "", "", ":"))


class _ManyDigitsError(Exception):
    """A number has more digits than a double, which is all that the ordinary writer can write."""


def _leaf(value: object) -> object:
    if isinstance(value, Fraction):
        number = plain_number(value)
        if isinstance(number, str):
            raise _ManyDigitsError
        return number
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON")


def _written(value: Plain, line: str, indent: str, colon: str) -> Iterator[str]:
    """The same in pieces, slower. `line` ends a line and begins the next at the depth of the value."""
    if isinstance(value, Fraction):
        yield number_text(value)
    elif isinstance(value, Mapping | list | tuple) and value:
        pairs = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
        opening, closing = "{}" if isinstance(value, Mapping) else "[]"
        for at, (key, item) in enumerate(pairs):
            yield f"{',' if at else opening}{line}{indent}"
            if key is not None:
                yield json.dumps(key, ensure_ascii=False) + colon
            yield from _written(item, f"{line}{indent}", indent, colon)
        yield line + closing
    else:
        yield json.dumps(value, ensure_ascii=False, default=_leaf)
