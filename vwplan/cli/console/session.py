"""Questions and answers: an expression's text into its value, and that into what is shown."""

from __future__ import annotations

from typing import Any

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Severity, Source
from vwplan.hcl.evaluate import Scope, UndeclaredReference, compile_expression, type_query
from vwplan.hcl.parser import parse_expression
from vwplan.hcl.syntax import Expression
from vwplan.values import EPHEMERAL, SENSITIVE, Value, is_whole, type_of, type_text, unmark_deep

NAME = "console"
"""What a line typed here is called in diagnostics."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an expression came to: its value; or, if it asked for one, the text of a type (then `value` is that text)."""

    value: Value
    type: str
    about_type: bool = False

    def text(self, *, safe: bool = False) -> str:
        """The answer as shown to a person."""
        from vwplan.render.value_text import console_text

        if self.about_type:
            return str(self.value)
        return console_text(self.value, safe=safe)

    def plain(self) -> dict[str, Any]:
        """The answer as a JSON-able mapping.

        `json` is what `jsonencode` gives. It is left out where there is nothing to tell: then `sensitive`, `ephemeral` or
        `unknown` says why.
        """
        from vwplan.hcl.functions.json_text import json_text

        told: dict[str, Any] = {"ok": True}
        bare, marks = unmark_deep(self.value)
        if SENSITIVE in marks:
            told["sensitive"] = True
        if EPHEMERAL in marks:
            told["ephemeral"] = True
        if not is_whole(bare):
            told["unknown"] = True
        if len(told) == 1:
            told["json"] = json_text(bare)
        told["type"] = self.type
        return told


class Session:
    """A conversation in one scope; each question stands for itself."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def ask(self, text: str) -> Answer:
        """The answer to an expression; `DiagnosticError` tells what is wrong with it."""
        source = Source(NAME, text)
        expression, problems = parse_expression(source)
        if expression is None or any(problem.severity is Severity.ERROR for problem in problems):
            raise DiagnosticError(problems)
        asked = type_query(expression)
        if asked is None:
            value = self._value(expression, source)
            return Answer(value, type_text(type_of(value)))
        return Answer(self._type(asked, expression, source), "type", True)

    def _type(self, asked: Expression | Diagnostic, whole: Expression, source: Source) -> str:
        """The text of the type that `type(…)` is asked for."""
        if isinstance(asked, Diagnostic):
            place = Range(source, whole.start, whole.end)
            raise DiagnosticError(Diagnostic(asked.code, asked.summary, asked.detail, place))
        within = type_query(asked)
        if within is not None:
            self._type(within, asked, source)
            return "type"
        return type_text(type_of(self._value(asked, source)))

    def _value(self, expression: Expression, source: Source) -> Value:
        compiled = compile_expression(expression, source)
        for reference in compiled.references:
            # What is not there is told though the expression would not look at it: a spec that says so is wrong as well.
            try:
                self._scope.resolve(reference)
            except UndeclaredReference:
                raise
            except DiagnosticError:
                continue
        return compiled.evaluate(self._scope)


def beyond(problem: RecursionError | MemoryError) -> Diagnostic:
    """What is told where a value is too much to be shown."""
    if isinstance(problem, RecursionError):
        return Diagnostic("nested-too-deeply", "Nested too deeply", "The value is nested too deeply to be shown.")
    return Diagnostic("too-large", "Too large", "The value, or its text, is larger than the memory that there is.")
