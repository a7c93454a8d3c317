"""Evaluation before anything is known: what inputs and objects do not yet say is unknown, but of a known type.

So mistakes that no value could mend are found when a spec is loaded: unknown functions, wrong numbers of arguments, operands and
arguments of the wrong type.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range
from vwplan.hcl.evaluate import Chance, Compiled, EvaluationError, Files, Planning, Reference
from vwplan.hcl.evaluation.calls import SPECIAL, unknown_function
from vwplan.hcl.evaluation.tree import parts
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.syntax import Call, TemplatePart
from vwplan.kinds import Unfit, take
from vwplan.kinds.check import reason_of
from vwplan.spec import mistakes
from vwplan.spec.draft import Draft, Use
from vwplan.spec.references import follow
from vwplan.values import DYNAMIC, UNKNOWN, ConversionError, Type, Unknown, Value, convert
from vwplan.values.types import without_optional


class StaticScope:
    """Answers references of one module with unknown values of known types; local values are computed.

    `types` has the type of what each reference (by its identity) leads to.
    """

    def __init__(self, draft: Draft, root: str, files: Files) -> None:
        self.draft = draft
        self.root = root
        self.files: Files = files
        self.chance: Chance = Planning()
        self.types: dict[int, Type] = {}
        self.locals: dict[str, Value] = {}

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference that has been checked, with all its steps where its type is known."""
        root, steps = reference.root, reference.steps
        if root == "local" and steps:
            return self.locals.get(str(steps[0].key), UNKNOWN), 1
        if root == "var" and steps:
            found = self.draft.variables.get(str(steps[0].key))
            return (UNKNOWN if found is None or found.type is DYNAMIC else Unknown(without_optional(found.type))), 1
        if root == "path" and steps:
            return self._path(str(steps[0].key)), 1
        type = self.types.get(id(reference), DYNAMIC)
        return (UNKNOWN if type is DYNAMIC else Unknown(type)), len(steps)

    def _path(self, name: str) -> Value:
        if name == "module":
            return self.draft.directory
        return self.root if name == "root" else os.getcwd().replace(os.sep, "/")  # noqa: PTH109


def evaluate_all(draft: Draft, root: str, files: Files, order: list[str]) -> None:
    """Evaluate every expression of a module, telling what cannot be right. `order` are its local values, each after its own."""
    scope = StaticScope(draft, root, files)
    wrong = _follow_all(draft, scope.types)
    for name in order:
        value = draft.locals[name].value
        if id(value) not in wrong:
            found = _evaluated(draft, value, scope)
            if found is not None:
                scope.locals[name] = found
            wrong.add(id(value))
    for use in draft.uses:
        if id(use.value) not in wrong:
            _look(draft, use, scope)
    for name, call in draft.calls.items():
        child = draft.children.get(name)
        if child is not None:
            _look_at_inputs(draft, call.inputs, child, scope, wrong)


def _follow_all(draft: Draft, types: dict[int, Type]) -> set[int]:
    """Check every reference and the name of every function; the identities of the expressions where one is wrong."""
    wrong: set[int] = set()
    for place, reference in draft.depends:
        found = follow(draft, reference, place)
        if isinstance(found, Diagnostic):
            draft.add(found)
    for use in draft.uses:
        value = use.value
        for reference in value.references:
            found = follow(draft, reference, use.place)
            if isinstance(found, Diagnostic):
                draft.add(found)
                wrong.add(id(value))
            else:
                types[id(reference)] = found
        for name in value.functions:
            if name not in FUNCTIONS and name not in SPECIAL:
                _unknown_function(draft, value, name)
                wrong.add(id(value))
    return wrong


def _unknown_function(draft: Draft, value: Compiled, name: str) -> None:
    stack: list[TemplatePart] = [value.expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.name.removeprefix("core::") == name:
            draft.add(Diagnostic(*unknown_function(name), Range(value.source, node.start, node.name_end)))
        stack += parts(node)


def _evaluated(draft: Draft, value: Compiled, scope: StaticScope) -> Value | None:
    try:
        return value.evaluate(scope)
    except EvaluationError as error:
        for diagnostic in error.diagnostics:
            draft.add(replace(diagnostic, values=_known(diagnostic.values)))
    except DiagnosticError as error:
        draft.problems.extend(error.diagnostics)
    return None


def _known(values: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Of the values used, those that are known before anything is given: what others will be is not to be told of."""
    return tuple(pair for pair in values if "known after apply" not in pair[1])


def _look(draft: Draft, use: Use, scope: StaticScope) -> None:
    """Evaluate an expression, and see whether its argument takes the value."""
    value = _evaluated(draft, use.value, scope)
    if value is None or use.argument is None:
        return
    try:
        take(use.argument, value)
    except Unfit as problem:
        unfit = mistakes.unfit(problem, use.value.range)
        draft.add(replace(unfit, values=_known(use.value.used(scope))))


def _look_at_inputs(
    draft: Draft, inputs: Mapping[str, Compiled], child: Draft, scope: StaticScope, wrong: set[int]
) -> None:
    for name, value in inputs.items():
        variable = child.variables.get(name)
        if variable is None or id(value) in wrong:
            continue
        found = _evaluated(draft, value, scope)
        if found is None:
            continue
        try:
            convert(found, variable.type)
        except ConversionError as error:
            detail = f'The variable "{name}" of the module does not take this value: {reason_of(error, name)}.'
            values = _known(value.used(scope))
            draft.add(Diagnostic("wrong-type", "Wrong type", detail, value.range, values=values))
