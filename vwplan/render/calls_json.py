"""The call of a function that a problem is about, as `terraform validate -json` describes it: its name and its signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vwplan.diagnostics import Diagnostic, Source
from vwplan.hcl.functions.model import Function, FunctionProblem, Parameter
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.parser import parse_file
from vwplan.hcl.syntax import Call
from vwplan.values import DYNAMIC, Type, Unknown, type_to_json

_CODES = frozenset({"invalid-argument", "function-failed", "surplus-argument", "missing-argument"})
"""Of what else there is none: a block may lack an argument too, but where that is told stands no call."""


def function_call(diagnostic: Diagnostic) -> dict[str, Any] | None:
    """The innermost call whose name or arguments the problem is told at; None where it is about something else."""
    at = diagnostic.subject
    if diagnostic.code not in _CODES or at is None or at.source.name.endswith(".json"):
        return None
    place = (at.start, at.end)
    for call in sorted(_calls(at.source), key=lambda call: call.end - call.start):
        arguments = call.arguments
        told_at = {(call.start, call.name_end), *((each.start, each.end) for each in arguments)}
        told_at |= {(each.start, arguments[-1].end) for each in arguments}
        if place in told_at and call.name in FUNCTIONS:
            return {"called_as": call.name, "signature": _signature(FUNCTIONS[call.name])}
    return None


def _calls(source: Source) -> Iterator[Call]:
    """All calls in a file."""
    todo: list[object] = [parse_file(source)[0]]
    while todo:
        node = todo.pop()
        if isinstance(node, Call):
            yield node
        if isinstance(node, tuple):
            todo += node
        elif isinstance(node, dict):
            todo += node.values()


def _signature(function: Function) -> dict[str, Any]:
    signature: dict[str, Any] = {
        "name": function.name,
        "params": [_parameter(each) for each in function.parameters],
    }
    if function.variadic is not None:
        signature["variadic_param"] = _parameter(function.variadic)
    return {**signature, "return_type": type_to_json(_result(function))}


def _result(function: Function) -> Type:
    """The type of the result, as far as nothing is known of the arguments but their types."""
    if isinstance(function.result, Type):
        return function.result
    try:
        parameters = [*function.parameters, *([function.variadic] if function.variadic else [])]
        return function.result([Unknown(each.type) for each in parameters])
    except FunctionProblem:
        return DYNAMIC


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "type": type_to_json(parameter.type)}
