"""Evaluation before anything is known: what inputs and objects do not yet say is unknown, but of a known type.

So mistakes that no value could mend are found when a spec is loaded: unknown functions, wrong numbers of arguments, operands and
arguments of the wrong type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Severity
from vwplan.hcl.evaluate import Chance, Compiled, EvaluationError, Files, Planning, Reference
from vwplan.hcl.evaluation.calls import SPECIAL, unknown_function
from vwplan.hcl.evaluation.tree import parts
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.syntax import Call, Conditional, TemplatePart
from vwplan.kinds import Unfit, take
from vwplan.kinds.check import reason_of
from vwplan.spec import mistakes
from vwplan.spec.dependencies import components
from vwplan.spec.draft import Draft, Use
from vwplan.spec.instances import refused_count, refused_for_each
from vwplan.spec.model import Condition, Meta, OutputBlock, VariableBlock
from vwplan.spec.references import follow
from vwplan.values import (
    BOOL,
    DYNAMIC,
    SENSITIVE,
    STRING,
    UNKNOWN,
    ConversionError,
    ListType,
    MapType,
    Null,
    ObjectType,
    ObjectValue,
    Type,
    Unknown,
    Value,
    convert,
    is_whole,
    mark,
    marks_of,
    unmark,
)
from vwplan.values.types import without_optional
from vwplan.values.value import NOT_NULL, UNKNOWN_NUMBER, UNKNOWN_STRING

_SECRET = frozenset({SENSITIVE})


class StaticScope:
    """Answers references of one module with unknown values of known types; local values are computed.

    `types` has the type of what each reference (by its identity) leads to. `given` are the values of variables that are known.
    """

    def __init__(
        self, draft: Draft, root: str, files: Files, given: Mapping[str, Value] = MappingProxyType({})
    ) -> None:
        self.draft = draft
        self.root = root
        self.files: Files = files
        self.chance: Chance = Planning()
        self.types: dict[int, Type] = {}
        self.locals: dict[str, Value] = {}
        self.given = given
        self.secrets: dict[str, frozenset[str]] = {}

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference that has been checked, with all its steps where its type is known."""
        root, steps = reference.root, reference.steps
        if root == "local" and steps:
            return self.locals.get(str(steps[0].key), UNKNOWN), 1
        if root == "var" and steps:
            given = self.given.get(str(steps[0].key))
            if given is not None:
                return given, 1
            found = self.draft.variables.get(str(steps[0].key))
            if found is None:
                return UNKNOWN, 1
            given = UNKNOWN if found.type is DYNAMIC else Unknown(without_optional(found.type))
            return (mark(given, _SECRET) if found.sensitive else given), 1
        if root == "path" and steps:
            return self._path(str(steps[0].key)), 1
        if root == "terraform":
            return UNKNOWN_STRING, 1
        if (root == "count" or (root == "each" and str(steps[0].key) == "key")) and steps:
            return (UNKNOWN_NUMBER if root == "count" else UNKNOWN_STRING), 1
        if root == "module" and len(steps) == 1:
            return self._module(str(steps[0].key)), 1
        type = self.types.get(id(reference), DYNAMIC)
        value: Unknown = UNKNOWN if type is DYNAMIC else Unknown(type)
        if root == "module" and self._reads_secret(reference):
            return mark(value, _SECRET), len(steps)
        return value, len(steps)

    def _module(self, name: str) -> Value:
        """What a call of a module gives as a whole: an object of its outputs, or one for each instance."""
        call, child = self.draft.calls.get(name), self.draft.children.get(name)
        if call is None or child is None or child.broken:
            return UNKNOWN
        secret = self._secret_outputs(name)
        one = ObjectType(dict.fromkeys(child.outputs, DYNAMIC))
        if call.meta.count is not None:
            return Unknown(ListType(one), NOT_NULL)
        if call.meta.for_each is not None:
            return Unknown(MapType(one), NOT_NULL)
        return ObjectValue({each: mark(UNKNOWN, _SECRET) if each in secret else UNKNOWN for each in child.outputs})

    def _reads_secret(self, reference: Reference) -> bool:
        """Whether a reference is to an output of a module that is sensitive."""
        named = [str(step.key) for step in reference.steps if step.attribute]
        return len(named) > 1 and named[1] in self._secret_outputs(named[0])

    def _secret_outputs(self, name: str) -> frozenset[str]:
        """The outputs of a called module that are sensitive, those too that are made from inputs which are."""
        found = self.secrets.get(name)
        if found is None:
            self.secrets[name] = frozenset()  # Inputs that refer to the call itself are a cycle, which is told.
            call, child = self.draft.calls.get(name), self.draft.children.get(name)
            if call is not None and child is not None and not child.broken:
                given = frozenset(
                    each
                    for each, value in call.inputs.items()
                    if each in child.variables and not child.variables[each].sensitive and self.is_secret(value)
                )
                found = self.secrets[name] = secret_outputs(child, given, self.root, self.files)
        return found or frozenset()

    def is_secret(self, value: Compiled) -> bool:
        """Whether an expression has a sensitive value, or one with something sensitive in it, whatever it will be."""
        try:
            found = value.evaluate(self)
        except DiagnosticError:
            return False  # Told where it stands.
        return SENSITIVE in marks_of(found)

    def _path(self, name: str) -> Value:
        if name == "module":
            return self.draft.directory
        return self.root if name == "root" else os.getcwd().replace(os.sep, "/")  # noqa: PTH109


def evaluate_all(draft: Draft, root: str, files: Files) -> None:
    """Evaluate every expression of a module, telling what cannot be right."""
    scope = StaticScope(draft, root, files)
    wrong = _follow_all(draft, scope.types)
    for name in _order_of_locals(draft):
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
    _look_at_instances(draft, scope, wrong)
    for use in draft.uses:
        _warn_of_functions(draft, use.value)


def tell_secret_outputs(draft: Draft, files: Files) -> None:
    """Refuse outputs of the root module that show what is known to be sensitive, whatever it will be."""
    for name in sorted(secret_outputs(draft, frozenset(), draft.directory, files)):
        output = draft.outputs[name]
        if not output.sensitive:
            draft.add(secret_output(output))


def secret_output(output: OutputBlock) -> Diagnostic:
    """What is said of an output of the root module that shows a sensitive value without saying so."""
    return Diagnostic(
        "sensitive-output",
        "Output of a sensitive value",
        f'The output "{output.name}" shows a sensitive value. Say so with sensitive = true, or, where it may be told, '
        "use nonsensitive(…).",
        output.value.range,
    )


def secret_outputs(draft: Draft, given: frozenset[str], root: str, files: Files) -> frozenset[str]:
    """The outputs of a module that are sensitive when the variables `given` are, those that say so themselves among them."""
    found = draft.secrets.get(given)
    if found is None:
        found = frozenset(name for name, output in draft.outputs.items() if output.sensitive)
        if given or _knows_secrets(draft):
            scope = StaticScope(draft, root, files, {name: mark(UNKNOWN, _SECRET) for name in given})
            for name in _order_of_locals(draft):
                with suppress(DiagnosticError):
                    scope.locals[name] = draft.locals[name].value.evaluate(scope)
            found |= {name for name, output in draft.outputs.items() if scope.is_secret(output.value)}
        draft.secrets[given] = found
    return found


def _knows_secrets(draft: Draft) -> bool:
    """Whether anything in a module may be sensitive by itself: a variable, what it calls, or the word of a function."""
    values = (*(each.value for each in draft.locals.values()), *(each.value for each in draft.outputs.values()))
    return (
        bool(draft.calls)
        or any(each.sensitive for each in draft.variables.values())
        or any("sensitive" in value.functions for value in values)
    )


def _order_of_locals(draft: Draft) -> list[str]:
    """The local values of a module, each after those that it refers to; those of a cycle in some order."""
    graph = {
        name: [str(each.steps[0].key) for each in value.value.references if each.root == "local" and each.steps]
        for name, value in draft.locals.items()
    }
    return [name for component in components(graph) for name in component if name in draft.locals]


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
        if _unknown_functions(draft, value):
            wrong.add(id(value))
    return wrong


def _unknown_functions(draft: Draft, value: Compiled) -> bool:
    """Tell calls of functions that are not there, but those that may never be looked at; whether there are any."""
    if not _strange(value):
        return False
    found = False
    stack: list[TemplatePart] = [value.expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Call):
            name = node.name.removeprefix("core::")
            if name in ("try", "can"):
                continue
            if name not in FUNCTIONS:
                found = True
                draft.add(Diagnostic(*unknown_function(name), Range(value.source, node.start, node.name_end)))
        stack += [node.condition] if isinstance(node, Conditional) else parts(node)
    return found


def _warn_of_functions(draft: Draft, value: Compiled) -> None:
    """Warn of the calls of functions that are not there which `try`, `can` or a branch hide, and which are not told yet."""
    stack: list[TemplatePart] = [value.expression] if _strange(value) else []
    while stack:
        node = stack.pop()
        if (
            isinstance(node, Call)
            and (name := node.name.removeprefix("core::")) not in FUNCTIONS
            and name not in SPECIAL
        ):
            where = Range(value.source, node.start, node.name_end)
            draft.add(Diagnostic(*unknown_function(name), where, severity=Severity.WARNING))
        stack += parts(node)


def _strange(value: Compiled) -> bool:
    return any(name not in FUNCTIONS and name not in SPECIAL for name in value.functions)


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
    """The values used as far as they are known before anything is given: of what is given later only its type, if that."""
    found = [(name, _LATE.sub(r"a \1", words)) for name, words in values]
    return tuple(pair for pair in found if pair[1] != "a dynamic")


_LATE = re.compile(r"\((.+), known after apply\)")


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
            taken = _taken(variable, found)
        except ConversionError as error:
            detail = f'The variable "{name}" of the module does not take this value: {reason_of(error, name)}.'
            values = _known(value.used(scope))
            draft.add(Diagnostic("wrong-type", "Wrong type", detail, value.range, values=values))
        else:
            inner = StaticScope(child, scope.root, scope.files, {name: taken})
            for validation in variable.validations if is_whole(taken) and not child.broken else ():
                detail = _objection(validation, inner)
                if detail:
                    draft.add(Diagnostic("validation-failed", "Invalid value of a variable", detail, value.range))


def _look_at_instances(draft: Draft, scope: StaticScope, wrong: set[int]) -> None:
    """Tell of what `count` and `for_each` can never take."""
    metas: list[Meta] = [call.meta for call in draft.calls.values()]
    metas += [block.meta for block in draft.resources.values()]
    metas += [block.meta for block in draft.data.values()]
    for meta in metas:
        for value, refuse in ((meta.count, refused_count), (meta.for_each, refused_for_each)):
            if value is None or id(value) in wrong:
                continue
            with suppress(DiagnosticError):
                refused = refuse(value.evaluate(scope), value.range)
                if refused is not None:
                    draft.add(replace(refused, values=_known(value.used(scope))))


def _taken(variable: VariableBlock, found: Value) -> Value:
    """What a variable of a called module makes of an input; `ConversionError` if it does not take it."""
    if isinstance(unmark(found)[0], Null) and not variable.nullable:
        if variable.default is None:
            raise ConversionError("it must not be null")
        return variable.default
    return convert(found if variable.type_defaults is None else variable.type_defaults.apply(found), variable.type)


def _objection(validation: Condition, scope: StaticScope) -> str:
    """What a validation says against a value that is known; nothing where it holds, or hangs on something else."""
    try:
        held = unmark(convert(validation.condition.evaluate(scope), BOOL))[0]
        message, marks = unmark(convert(validation.error_message.evaluate(scope), STRING))
    except (DiagnosticError, ConversionError):
        return ""  # Told of the module itself, or once every value is known.
    if held is not False:
        return ""
    return message if isinstance(message, str) and not marks else "The value does not hold to what the variable says."
