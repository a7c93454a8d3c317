"""`templatefile` and `templatestring`: templates from elsewhere, rendered with variables of their own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source
from vwplan.hcl.evaluation.scope import MappingScope, Scope
from vwplan.hcl.functions.arguments import text
from vwplan.hcl.functions.files import read_text
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, FunctionProblem, Parameter
from vwplan.values import (
    DYNAMIC,
    STRING,
    UNKNOWN,
    MapType,
    MapValue,
    Null,
    ObjectType,
    ObjectValue,
    Type,
    Unknown,
    Value,
    convert,
    mark,
    type_of,
    unmark,
)

if TYPE_CHECKING:
    from vwplan.hcl.evaluate import Compiled

_NAME = re.compile(r"[^\W\d][\w-]*+")
DEEPEST = 1
"""How many templates may render one another: `templatefile` is not for use within a template."""


@lru_cache(maxsize=256)
def _compiled(name: str, content: str) -> Compiled | tuple[Diagnostic, ...]:
    from vwplan.hcl.evaluate import compile_expression
    from vwplan.hcl.parser import parse_template

    source = Source(name, content)
    expression, problems = parse_template(source)
    if expression is None or problems:
        return tuple(problems)
    return compile_expression(expression, source)


def _in_short(problems: tuple[Diagnostic, ...]) -> str:
    return "; ".join(f"{problem.subject}: {problem.summary}: {problem.detail}".rstrip(".") for problem in problems)


def render(name: str, content: str, variables: Value, scope: Scope) -> Value:
    """The value of a template, which can see nothing but its variables."""
    if not isinstance(type_of(variables), MapType | ObjectType):
        raise ArgumentProblem(1, f"a map or object is required, not a {type_of(variables).friendly}")
    assert isinstance(variables, MapValue | ObjectValue)
    depth = getattr(scope, "in_template", 0)
    compiled = _compiled(name, content)
    if isinstance(compiled, tuple):
        raise FunctionProblem(f"the template is malformed: {_in_short(compiled)}")
    for variable in variables.items:
        if not _NAME.fullmatch(variable):
            raise ArgumentProblem(1, f'"{variable}" is no name of a variable: letters, digits and underscores make one')
    for reference in compiled.references:
        if reference.root not in variables.items:
            raise ArgumentProblem(1, f'it lacks "{reference.root}", which the template refers to at {reference.range}')
    try:
        return compiled.evaluate(MappingScope(variables.items, scope.files, scope.chance, depth + 1))
    except DiagnosticError as error:
        raise FunctionProblem(f"the template cannot be rendered: {_in_short(error.diagnostics)}") from None


def _templatefile(arguments: Arguments, _: Type, scope: Scope) -> Value:
    if getattr(scope, "in_template", 0) >= DEEPEST:
        raise FunctionProblem("it is not for use within a template that is rendered by it")
    variables, own = unmark(arguments[1])
    content, marks = read_text(arguments[0], scope)
    value, inner = unmark(render(text(unmark(arguments[0])[0]), content, variables, scope))
    if isinstance(value, Null):
        raise FunctionProblem("the template gives null")
    return mark(value, marks | own | inner)


def _templatestring(arguments: Arguments, _: Type, scope: Scope) -> Value:
    (content, marks), (variables, own) = unmark(arguments[0]), unmark(arguments[1])
    if getattr(scope, "in_template", 0) >= DEEPEST:
        raise FunctionProblem("it is not for use within a template that is rendered by it")
    value, inner = unmark(render("template", text(content), variables, scope))
    if isinstance(value, Null):
        raise FunctionProblem("the template gives null")
    if isinstance(value, Unknown) and value.type is DYNAMIC:
        return mark(UNKNOWN, marks | own | inner)
    return mark(convert(value, STRING), marks | own | inner)


FUNCTIONS = [
    Function(
        "templatefile",
        (Parameter("path", STRING, marked=True), Parameter("vars")),
        lambda arguments: DYNAMIC,
        scoped=_templatefile,
    ),
    Function(
        "templatestring",
        (Parameter("template", STRING, marked=True), Parameter("vars", marked=True)),
        STRING,
        scoped=_templatestring,
    ),
]
