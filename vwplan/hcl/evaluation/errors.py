"""Errors of evaluation: one place, one reason, and the values of the variables used there."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range
from vwplan.values import (
    SENSITIVE,
    UNKNOWN,
    Null,
    ObjectValue,
    Unknown,
    Value,
    marks_of,
    number_text,
    type_of,
    unmark,
)
from vwplan.values.sets import quoted

_FEW = 100
"""Problems of one expression among which those that are alike are looked for."""

Used = Callable[[], tuple[tuple[str, str], ...]]
"""Finds the variables used where an error is, with each one's value in words."""


class EvaluationError(DiagnosticError):
    """An expression that has no value. `try`, `can` and untaken branches catch it.

    `value` is the best that can be said of the value it would have had: unknown, and of which type.
    """

    def __init__(
        self,
        code: str,
        summary: str,
        detail: str,
        subject: Range,
        context: Range | None = None,
        value: Value = UNKNOWN,
        used: Used | None = None,
    ) -> None:
        super().__init__(Diagnostic(code, summary, detail, subject, context))
        self.value = value
        self._used = used

    def complete(self) -> None:
        """Tell the values of the variables used. Not done at once, because errors that `try` catches are many."""
        if self._used is not None:
            first, *rest = self.diagnostics
            values = self._used()
            self._used = None
            told = Diagnostic(
                first.code,
                first.summary,
                first.detail,
                first.subject,
                first.context,
                values,
                first.address,
                first.severity,
            )
            self.diagnostics = (told, *rest)

    def joined(self, other: EvaluationError) -> EvaluationError:
        """One error with the problems of both; it is one that nothing catches if either is."""
        self.complete()
        other.complete()
        before, more = self.diagnostics, other.diagnostics
        # Where there are many, who collects them passes over what is told twice: looking here would go by the square.
        every = before + (more if len(before) > _FEW else tuple(each for each in more if each not in before))
        kept = other if _weight(other) > _weight(self) else self
        kept.diagnostics = every
        return kept


class MistakenCall(EvaluationError):
    """A call of a function that is not there, or with too few or too many arguments: no value can mend it.

    `try`, `can` and untaken branches catch it; `&&` and `||` look at it though their other operand decides.
    """


class UndeclaredReference(EvaluationError):
    """A reference to something that does not exist, which no value can ever mend: nothing catches it."""


def _weight(error: EvaluationError) -> int:
    return 2 if isinstance(error, UndeclaredReference) else isinstance(error, MistakenCall)


def in_words(value: Value) -> str:
    """A value as shown to users beside an error: short, and never what is sensitive."""
    marks = marks_of(value)
    if marks:
        return "(sensitive value)" if SENSITIVE in marks else "(ephemeral value)"
    bare, _ = unmark(value)
    if isinstance(bare, Unknown):
        return f"({bare.type.short}, known after apply)"
    if isinstance(bare, Null):
        return "null"
    if isinstance(bare, bool):
        return "true" if bare else "false"
    if isinstance(bare, int | Fraction):
        if max(bare.numerator.bit_length(), bare.denominator.bit_length()) > 2000:
            return "a very large or very small number"
        text = number_text(bare)
        return text if len(text) <= 40 else f"{text[:40]}…"
    if isinstance(bare, str):
        return quoted(bare) if len(bare) <= 80 else f"{quoted(bare[:80])}…"
    count = len(bare.items)
    if isinstance(bare, ObjectValue):
        name = f" {quoted(next(iter(bare.items)))}" if count == 1 else ""
        return f"object with {count or 'no'} attribute{'' if count == 1 else 's'}{name}"
    kind = type_of(bare).short
    return f"{kind} with {count} element{'' if count == 1 else 's'}" if count else f"empty {kind}"
