"""The door to evaluation: expressions compiled once, evaluated many times, in any scope."""

from __future__ import annotations

from functools import cached_property

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.evaluation.calls import CallCompiler
from vwplan.hcl.evaluation.errors import EvaluationError, UndeclaredReference
from vwplan.hcl.evaluation.scope import (
    Chance,
    FileProblem,
    Files,
    MappingScope,
    NoFiles,
    Planning,
    Reference,
    Scope,
    Step,
)
from vwplan.hcl.evaluation.site import Site
from vwplan.hcl.functions.table import is_pure
from vwplan.hcl.syntax import Call, Expression, Parenthesised, Wrap
from vwplan.values import Value

__all__ = [
    "Chance",
    "Compiled",
    "EvaluationError",
    "FileProblem",
    "Files",
    "MappingScope",
    "NoFiles",
    "Planning",
    "Reference",
    "Scope",
    "Step",
    "UndeclaredReference",
    "compile_expression",
    "type_query",
]


class Compiled:
    """An expression ready to be evaluated, any number of times and in several threads at once.

    `references` are what it refers to, apart from names that a `for` binds; `functions` the names that it calls;
    `constant` tells that it has neither references nor anything else that could differ from time to time.
    """

    def __init__(self, expression: Expression, source: Source) -> None:
        self.expression = expression
        self.source = source
        compiler = CallCompiler(source)
        self._run = compiler.compile(expression, {})
        self._slots = compiler.slots
        self._value = compiler.constants.get(self._run)
        self.references: tuple[Reference, ...] = tuple(compiler.references)
        self.functions: tuple[str, ...] = tuple(dict.fromkeys(compiler.functions))

    @cached_property
    def constant(self) -> bool:
        """Whether it has the same value in every scope."""
        return not self.references and all(is_pure(name) for name in self.functions)

    @property
    def range(self) -> Range:
        """Where the expression stands."""
        return Range(self.source, self.expression.start, self.expression.end)

    @property
    def text(self) -> str:
        """The expression as written."""
        return self.source.text[self.expression.start : self.expression.end]

    def evaluate(self, scope: Scope) -> Value:
        """The value; `EvaluationError` tells every problem found."""
        if self._value is not None:
            return self._value
        environment: list[object] = [None] * self._slots
        environment[0] = 0
        try:
            return self._run(scope, environment)
        except EvaluationError as error:
            error.complete()
            raise
        except RecursionError:
            detail = "The expression, or something that it refers to, is nested too deeply."
            raise EvaluationError("nested-too-deeply", "Nested too deeply", detail, self.range) from None

    def used(self, scope: Scope) -> tuple[tuple[str, str], ...]:
        """Each reference with its value in words, for whoever tells that the value is unfit; a few of many."""
        return Site(self.expression, {}, self.source).used(self.expression, scope, [])

    def __repr__(self) -> str:
        return f"Compiled({self.text[:60]!r})"


def compile_expression(expression: Expression, source: Source) -> Compiled:
    """The expression compiled. Whatever is wrong with it is told when it is evaluated."""
    try:
        return Compiled(expression, source)
    except RecursionError:
        detail = "The expression is nested too deeply."
        place = Range(source, expression.start, expression.end)
        raise EvaluationError("nested-too-deeply", "Nested too deeply", detail, place) from None


def type_query(expression: Expression) -> Expression | Diagnostic | None:
    """What the console's `type(…)` is asked about, if the whole expression is such a call, or what is wrong with it.

    Brackets around the call, and a template that is nothing but it, change nothing. Anywhere else there is no such function.
    """
    while isinstance(expression, Parenthesised):
        expression = expression.inner
    if isinstance(expression, Wrap):
        return type_query(expression.expression)
    if not isinstance(expression, Call) or expression.name not in ("type", "core::type"):
        return None
    if len(expression.arguments) == 1 and not expression.expand:
        return expression.arguments[0]
    return Diagnostic("missing-argument", "Missing argument", 'The function "type" takes one argument.')
