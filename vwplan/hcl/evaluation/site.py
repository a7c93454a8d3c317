"""Where in an expression something is evaluated: what an error needs to say where it is and what was used there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vwplan.diagnostics import DiagnosticError, Range, Source
from vwplan.hcl.evaluation.access import AccessProblem, get_attribute, index
from vwplan.hcl.evaluation.errors import EvaluationError, in_words
from vwplan.hcl.evaluation.scope import Reference, Scope
from vwplan.hcl.evaluation.tree import references
from vwplan.hcl.syntax import TemplatePart
from vwplan.values import UNKNOWN, Value

Environment = list[Any]
"""The values of names bound by `for` and of elements under splats, by slot; slot 0 counts turns of loops."""

Run = Callable[[Scope, Environment], Value]
"""A compiled expression."""

_MOST_USED = 8


class Site:
    """A node of the tree with the names bound around it."""

    __slots__ = ("bound", "node", "source")

    def __init__(self, node: TemplatePart, bound: Mapping[str, int], source: Source) -> None:
        self.node = node
        self.bound = bound
        self.source = source

    def range(self, node: TemplatePart | None = None) -> Range:
        """Where the node (or another) stands."""
        node = node or self.node
        return Range(self.source, node.start, node.end)

    def error(
        self,
        scope: Scope,
        environment: Environment,
        code: str,
        summary: str,
        detail: str,
        subject: TemplatePart | Range | None = None,
        value: Value = UNKNOWN,
        kind: type[EvaluationError] = EvaluationError,
    ) -> EvaluationError:
        """An error at a part of the node (by default the whole) that tells the variables used in it."""
        if isinstance(subject, Range):
            at, used_in = subject, self.node
        else:
            at, used_in = self.range(subject), subject or self.node
        kept = environment[:]
        whole = self.range()
        context = whole if (whole.start, whole.end) != (at.start, at.end) else None
        return kind(code, summary, detail, at, context, value, lambda: self.used(used_in, scope, kept))

    def used(self, node: TemplatePart, scope: Scope, environment: Environment) -> tuple[tuple[str, str], ...]:
        """Each reference within a node with its value in words."""
        found: dict[str, str] = {}
        for reference in references(node, self.source):
            known = self._words(reference, scope, environment)
            if known is not None:
                found.setdefault(*known)
            if len(found) >= _MOST_USED:
                break
        return tuple(found.items())

    def _words(self, reference: Reference, scope: Scope, environment: Environment) -> tuple[str, str] | None:
        """As much of a reference as has a value, and that value in words."""
        value: Value | None
        try:
            slot = self.bound.get(reference.root)
            value, used = (environment[slot], 0) if slot is not None else scope.resolve(reference)
        except DiagnosticError:
            return None
        if value is None:
            return None
        for at in range(used, len(reference.steps)):
            step = reference.steps[at]
            try:
                value = get_attribute(value, str(step.key)) if step.attribute else index(value, step.key)
            except AccessProblem:
                return reference.text_of(at), in_words(value)
        return reference.text, in_words(value)
