"""The call of a function that a problem is about, as `terraform validate -json` describes it: its name and its signature."""

from __future__ import annotations

from typing import Any

from vwplan.diagnostics import Diagnostic
from vwplan.hcl.functions.model import Function, FunctionProblem, Parameter
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.render.places_json import tree_of
from vwplan.values import DYNAMIC, Type, Unknown, type_to_json

_CODES = frozenset(
    {
        "invalid-argument",
        "function-failed",
        "surplus-argument",
        "missing-argument",
        "invalid-expansion",
        "nothing-succeeded",
    }
)
"""Of what else there is none: a block may lack an argument too, but where that is told stands no call."""

_SAID_TO_BE_ANY = frozenset({"contains", "format", "formatlist", "index", "sum"})
"""Functions whose result is known here to be of one type, and which Terraform says to give any."""

_SPECIAL: dict[str, dict[str, Any]] = {
    "can": {"name": "can", "params": [{"name": "expression", "type": "dynamic"}], "return_type": "bool"},
    "try": {
        "name": "try",
        "params": [],
        "variadic_param": {"name": "expressions", "type": "dynamic"},
        "return_type": "dynamic",
    },
}
"""What is no entry of the table of functions, because it is given expressions."""


def function_call(diagnostic: Diagnostic) -> dict[str, Any] | None:
    """The innermost call whose name or arguments the problem is told at; None where it is about something else."""
    at = diagnostic.subject
    if diagnostic.code not in _CODES or at is None:
        return None
    tree, place = tree_of(at.source), (at.start, at.end)
    call = tree.named.get(place) or tree.given.get(place)
    if call is None:
        return None
    function = FUNCTIONS.get(call.name.removeprefix("core::"))
    signature = _signature(function) if function is not None else _SPECIAL.get(call.name)
    return None if signature is None else {"called_as": call.name, "signature": signature}


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
    if function.name in _SAID_TO_BE_ANY:
        return DYNAMIC
    if isinstance(function.result, Type):
        return function.result
    try:
        parameters = [*function.parameters, *([function.variadic] if function.variadic else [])]
        return function.result([Unknown(each.type) for each in parameters])
    except FunctionProblem:
        return DYNAMIC


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "type": type_to_json(parameter.type)}
