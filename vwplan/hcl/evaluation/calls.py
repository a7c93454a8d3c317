"""Calls of functions, compiled; and the two that look at expressions rather than values, `try` and `can`."""

from __future__ import annotations

from vwplan.diagnostics import Range, did_you_mean
from vwplan.hcl.evaluation.compiler import Bound, checked, evaluate_all, shared
from vwplan.hcl.evaluation.errors import EvaluationError, MistakenCall
from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.evaluation.site import Environment, Run, Site
from vwplan.hcl.evaluation.templates import TemplateCompiler
from vwplan.hcl.evaluation.tree import as_reference, spine
from vwplan.hcl.functions.model import ArgumentProblem, Function, FunctionProblem
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.syntax import Call, Expression, Parenthesised, TemplatePart, Variable
from vwplan.values import (
    BOOL,
    DYNAMIC,
    UNKNOWN,
    ConversionError,
    ListValue,
    Marked,
    Null,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    has_marks,
    is_whole,
    mark,
    type_of,
    unmark,
)
from vwplan.values.types import ListType, SetType, TupleType

SPECIAL = frozenset({"try", "can", "type"})
"""Functions that are no entries of the table, because what they are given are expressions."""


class CallCompiler(TemplateCompiler):
    """Compiles calls: the last of the forms, so this compiles all of them."""

    def other(self, node: TemplatePart, bound: Bound) -> Run:
        if not isinstance(node, Call):
            return super().other(node, bound)
        name = node.name.removeprefix("core::")
        self.functions.append(name)
        if name == "try":
            return self.attempt(node, bound)
        if name == "can":
            return self.can(node, bound)
        function = FUNCTIONS.get(name)
        if function is None:
            return self.refused(node, bound, MistakenCall, *unknown_function(name))
        if name == "templatestring" and node.arguments and not self._direct(node.arguments[0]):
            detail = (
                'The first argument of "templatestring" must be one that refers to a template from elsewhere, such as '
                "local.greeting. A template that is written here needs no function."
            )
            return self.refused(node, bound, EvaluationError, "invalid-argument", "Invalid argument", detail)
        if node.expand:
            return self.expanded_call(node, function, bound)
        wrong = arity(function, node, len(node.arguments))
        if wrong is not None:
            surplus = node.arguments[len(function.parameters) :]
            return self.refused(node, bound, MistakenCall, *wrong, surplus[0] if surplus else None)
        return self.call(node, function, bound)

    def _direct(self, node: Expression) -> bool:
        """Whether an expression is a reference and nothing else."""
        while isinstance(node, Parenthesised):
            node = node.inner
        root, chain = spine(node)
        return isinstance(root, Variable) and len(as_reference(root, chain, self.source).steps) == len(chain)

    def refused(
        self,
        node: Call,
        bound: Bound,
        kind: type[EvaluationError],
        code: str,
        summary: str,
        detail: str,
        surplus: Expression | None = None,
    ) -> Run:
        """A call that can only fail; `surplus` is the first argument of those that are too many."""
        site = Site(node, bound, self.source)
        place = Range(self.source, node.start, node.name_end)
        if surplus is not None:
            place = Range(self.source, surplus.start, node.arguments[-1].end)
        for argument in node.arguments:
            self.compile(argument, bound)  # for the references within

        def run(scope: Scope, environment: Environment) -> Value:
            raise site.error(scope, environment, code, summary, detail, place, kind=kind)

        return run

    def call(self, node: Call, function: Function, bound: Bound) -> Run:
        """A call with as many arguments as are written."""
        runs = [self.compile(argument, bound) for argument in node.arguments]
        types = [function.parameter(at).type for at in range(len(runs))]
        site = Site(node, bound, self.source)
        nodes = node.arguments

        def run(scope: Scope, environment: Environment) -> Value:
            values, error = evaluate_all(runs, scope, environment)
            if error is not None:
                error.value = UNKNOWN
                raise error
            for at, wanted in enumerate(types):
                if wanted is not DYNAMIC:
                    try:
                        values[at] = convert(values[at], wanted)
                    except ConversionError as problem:
                        raise argument_error(function, at, str(problem), site, nodes[at], scope, environment) from None
            return invoke(function, values, nodes, site, scope, environment)

        return run

    def expanded_call(self, node: Call, function: Function, bound: Bound) -> Run:
        """A call whose last argument is a sequence of arguments."""
        runs = [self.compile(argument, bound) for argument in node.arguments]
        site = Site(node, bound, self.source)
        last = node.arguments[-1]

        def run(scope: Scope, environment: Environment) -> Value:
            values, error = evaluate_all(runs, scope, environment)
            if error is not None:
                error.value = UNKNOWN
                raise error
            found = expansion(values.pop(), site, last, scope, environment)
            if isinstance(found, Unknown | Marked):
                return found
            values += found
            nodes = node.arguments[:-1] + (last,) * len(found)
            wrong = arity(function, node, len(values))
            if wrong is not None:
                place = Range(self.source, node.start, node.name_end)
                raise site.error(scope, environment, *wrong, place)
            for at, value in enumerate(values):
                try:
                    values[at] = convert(value, function.parameter(at).type)
                except ConversionError as problem:
                    raise argument_error(function, at, str(problem), site, nodes[at], scope, environment) from None
            return invoke(function, values, nodes, site, scope, environment)

        return run

    def attempt(self, node: Call, bound: Bound) -> Run:
        """`try(…)`: the first expression that has a value. Not known where that value is not wholly known."""
        runs = [self.compile(argument, bound) for argument in node.arguments]
        site = Site(node, bound, self.source)

        def run(scope: Scope, environment: Environment) -> Value:
            attempts = runs
            if node.expand:
                expanded = expanded_runs(runs, site, node, scope, environment)
                if not isinstance(expanded, list):
                    return expanded
                attempts = expanded
            failed: list[EvaluationError] = []
            for each in attempts:
                try:
                    value = each(scope, environment)
                except EvaluationError as error:
                    if shared(error):
                        raise
                    failed.append(error)
                    continue
                if not is_whole(value):
                    return mark(UNKNOWN, unmark(value)[1])
                return value
            place = Range(self.source, node.start, node.name_end)
            if not failed:
                detail = 'The function "try" needs at least one argument.'
                raise site.error(scope, environment, "missing-argument", "Missing argument", detail, place)
            reasons = "\n".join(f"- {each.summary}: {each.detail}" for error in failed for each in error.diagnostics)
            detail = f"None of the expressions has a value:\n{reasons}\nThe last one should be one that cannot fail."
            raise site.error(scope, environment, "nothing-succeeded", "No expression succeeds", detail, place)

        return run

    def can(self, node: Call, bound: Bound) -> Run:
        """`can(…)`: whether an expression has a value."""
        runs = [self.compile(argument, bound) for argument in node.arguments]
        site = Site(node, bound, self.source)

        def run(scope: Scope, environment: Environment) -> Value:
            attempts = runs
            if node.expand:
                expanded = expanded_runs(runs, site, node, scope, environment)
                if not isinstance(expanded, list):
                    return Unknown(BOOL)
                attempts = expanded
            if len(attempts) != 1:
                few = len(attempts) < 1
                code, summary = (
                    ("missing-argument", "Missing argument") if few else ("surplus-argument", "Surplus argument")
                )
                place = Range(self.source, node.start, node.name_end)
                detail = 'The function "can" takes one argument.'
                raise site.error(scope, environment, code, summary, detail, place)
            try:
                value = attempts[0](scope, environment)
            except EvaluationError as error:
                if shared(error):
                    raise
                return False
            return True if is_whole(value) else Unknown(BOOL)

        return run


def expansion(
    value: Value, site: Site, node: Expression, scope: Scope, environment: Environment
) -> list[Value] | Unknown | Marked:
    """The arguments that a sequence followed by `...` stands for; unknown where it is."""
    sequence, marks = unmark(value)
    code, summary = "invalid-expansion", "Invalid expansion"
    if isinstance(sequence, Null):
        detail = "What is followed by ... must not be null."
        raise site.error(scope, environment, code, summary, detail, node)
    type = type_of(sequence)
    if not (type is DYNAMIC or isinstance(type, TupleType | ListType | SetType)):
        detail = f"What is followed by ... must be a list, set or tuple, not a {type.friendly}."
        raise site.error(scope, environment, code, summary, detail, node)
    if isinstance(sequence, Unknown):
        return Marked(UNKNOWN, marks) if marks else UNKNOWN
    assert isinstance(sequence, TupleValue | ListValue | SetValue)
    return [mark(item, marks) for item in sequence.items]


def expanded_runs(
    runs: list[Run], site: Site, node: Call, scope: Scope, environment: Environment
) -> list[Run] | Unknown | Marked:
    """The expressions that `try` or `can` is given with `...` behind the last."""
    found = expansion(runs[-1](scope, environment), site, node.arguments[-1], scope, environment)
    return [*runs[:-1], *map(_giving, found)] if isinstance(found, list) else found


def _giving(value: Value) -> Run:
    """A compiled expression that gives a value."""
    return lambda scope, environment: value


_ELSEWHERE = {
    "len": " The number of elements or letters is length(…).",
    "size": " The number of elements or letters is length(…).",
    "count": " The number of elements is length(…).",
    "str": " To make a text of a value write tostring(…).",
    "string": " To make a text of a value write tostring(…).",
    "int": " To make a number of a text write tonumber(…); whole numbers are floor(…) and ceil(…).",
    "number": " To make a number of a text write tonumber(…).",
    "bool": " To make a bool of a text write tobool(…).",
    "round": " Numbers are rounded by floor(…) and ceil(…).",
    "substring": " A part of a text is substr(text, offset, length).",
    "toupper": " Capital letters are made by upper(…).",
    "tolower": " Small letters are made by lower(…).",
    "includes": " Whether a list has an element is contains(list, element).",
    "has": " Whether a list has an element is contains(list, element); a key of a map: contains(keys(map), key).",
    "if": " A choice is written condition ? a : b.",
    "iif": " A choice is written condition ? a : b.",
    "filter": " To filter write [for x in list : x if condition].",
    "foreach": " To go through a list write [for x in list : …].",
    "default": " For a value in place of null write coalesce(a, b).",
    "now": " The time is timestamp(), and plantimestamp() where a plan is to be kept to.",
    "getenv": " Values from the environment are variables: VW_VAR_name gives var.name.",
    "env": " Values from the environment are variables: VW_VAR_name gives var.name.",
    "add": " To add write a + b; to put lists together concat(a, b), maps merge(a, b).",
    "append": " To put lists together write concat(a, b).",
    "print": " What is to be seen is an output, or typed at vwplan console.",
}
"""What is written in place of functions that other languages have."""


def unknown_function(name: str) -> tuple[str, str, str]:
    """Code, summary and detail of a call to a function that is not there."""
    code, summary = "unknown-function", "Unknown function"
    if name == "type":
        return (
            code,
            "Function not allowed here",
            'The function "type" is only for the console, and not within expressions.',
        )
    if "::" in name:
        return code, summary, f'There is no function "{name}": no provider of this project has functions.'
    hint = _ELSEWHERE.get(name.lower()) or did_you_mean(name, [*FUNCTIONS, *sorted(SPECIAL - {"type"})])
    return code, summary, f'There is no function "{name}".{hint}'


def arity(function: Function, node: Call, count: int) -> tuple[str, str, str] | None:
    """Code, summary and detail where there are too few or too many arguments."""
    fixed = len(function.parameters)
    if count < fixed:
        least = "at least " if function.variadic else ""
        noun = "argument" if fixed == 1 else "arguments"
        missing = function.parameters[count].name
        detail = f'The function "{node.name}" takes {least}{fixed} {noun}: "{missing}" is missing.'
        return "missing-argument", "Missing argument", detail
    if count > fixed and function.variadic is None:
        noun = "argument" if fixed == 1 else "arguments"
        detail = f'The function "{node.name}" takes {fixed or "no"} {noun}, not {count}.'
        return "surplus-argument", "Surplus argument", detail
    return None


def argument_error(
    function: Function,
    at: int,
    reason: str,
    site: Site,
    node: Expression,
    scope: Scope,
    environment: Environment,
) -> EvaluationError:
    """An argument that does not suit its parameter."""
    name = function.parameter(at).name
    detail = f'The argument "{name}" of the function "{function.name}" is unsuitable: {reason}.'
    return site.error(scope, environment, "invalid-argument", "Invalid argument", detail, node)


def invoke(
    function: Function,
    values: list[Value],
    nodes: tuple[Expression, ...],
    site: Site,
    scope: Scope,
    environment: Environment,
) -> Value:
    """The result of a function, its problems told as errors at the argument or the call."""
    try:
        value = function.call(values, scope)
    except FunctionProblem as problem:
        reason = str(problem) if not any(map(has_marks, values)) else "an argument is sensitive, so no more is told"
        at = problem.index if isinstance(problem, ArgumentProblem) else len(nodes)
        if at < len(nodes):
            raise argument_error(function, at, reason, site, nodes[at], scope, environment) from None
    else:
        if value.__class__ is str and len(value) < 4096:
            return value
        return checked(value, site, scope, environment)
    assert isinstance(site.node, Call)
    place = Range(site.source, site.node.start, site.node.name_end)
    detail = f'The function "{function.name}" fails: {reason}.'
    raise site.error(scope, environment, "function-failed", "Function failed", detail, place)
