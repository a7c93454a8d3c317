"""Operators, compiled."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from vwplan.hcl.evaluation.compiler import Bound, Compiler, shared
from vwplan.hcl.evaluation.errors import EvaluationError, MistakenCall
from vwplan.hcl.evaluation.operations import OPERATORS, OperandProblem, as_bool, negative, opposite, unsuitable
from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.evaluation.site import Environment, Run, Site
from vwplan.hcl.evaluation.tree import operators
from vwplan.hcl.syntax import Binary, TemplatePart, Unary
from vwplan.values import BOOL, NUMBER, UNKNOWN, Marks, Null, Unknown, Value, mark, unmark
from vwplan.values.value import UNKNOWN_BOOL


class OperatorCompiler(Compiler):
    """Compiles operators."""

    def other(self, node: TemplatePart, bound: Bound) -> Run:
        match node:
            case Binary():
                first, row = operators(node)
                return self.row(self.compile(first, bound), [partial(self._operator, each, bound) for each in row])
            case Unary():
                return self.unary(node, bound)
        return super().other(node, bound)

    def _operator(self, node: Binary, bound: Bound, left: Run) -> Run:
        return (self.logic if node.operator in ("&&", "||") else self.binary)(node, left, bound)

    def binary(self, node: Binary, left: Run, bound: Bound) -> Run:
        """Arithmetic and comparison, with what stands on the left compiled."""
        operator = OPERATORS[node.operator]
        operate, gives, takes = operator.operate, Unknown(operator.gives), operator.takes
        right = self.compile(node.right, bound)
        site = Site(node, bound, self.source)
        sign = node.operator

        def run(scope: Scope, environment: Environment) -> Value:
            a: Value = UNKNOWN
            b: Value = UNKNOWN
            error: EvaluationError | None = None
            try:
                a = left(scope, environment)
            except EvaluationError as found:
                error = found
            try:
                b = right(scope, environment)
            except EvaluationError as found:
                error = found if error is None else error.joined(found)
            if error is None:
                try:
                    return operate(a, b)
                except OperandProblem as problem:
                    if problem.side != 0:
                        raise told(problem, scope, environment) from None
                    error, a = told(problem, scope, environment), UNKNOWN
            # What is wrong on both sides is told of both.
            for side, value in enumerate((a, b)):
                unfit = unsuitable(value, takes, side)
                if unfit is not None:
                    error = error.joined(told(unfit, scope, environment))
            error.value = gives
            raise error

        def told(problem: OperandProblem, scope: Scope, environment: Environment) -> EvaluationError:
            return self._operand_error(problem, sign, site, node, scope, environment, gives)

        return run

    @staticmethod
    def _operand_error(
        problem: OperandProblem,
        sign: str,
        site: Site,
        node: Binary | Unary,
        scope: Scope,
        environment: Environment,
        value: Value,
    ) -> EvaluationError:
        if problem.side is None:
            code, summary = "operation-failed", "Operation failed"
            detail = f"The operator {sign} fails: {problem.reason}."
            return site.error(scope, environment, code, summary, detail, None, value)
        if isinstance(node, Unary):
            where, operand = "The operand", node.operand
        else:
            where = "The right operand" if problem.side else "The left operand"
            operand = node.right if problem.side else node.left
        detail = f"{where} of {sign} is unsuitable: {problem.reason}."
        if sign == "+" and problem.text:
            detail += ' Texts are put together in one: "${a}${b}".'
        code = "null-operand" if problem.null else "invalid-operand"
        return site.error(scope, environment, code, "Invalid operand", detail, operand, value)

    def unary(self, node: Unary, bound: Bound) -> Run:
        """`-operand` and `!operand`."""
        operand = self.compile(node.operand, bound)
        operate = negative if node.operator == "-" else opposite
        gives = Unknown(NUMBER if node.operator == "-" else BOOL)
        known = self.constants.get(operand)
        if node.operator == "-" and isinstance(known, int | Fraction) and not isinstance(known, bool):
            return self.constant(negative(known))
        site = Site(node, bound, self.source)

        def run(scope: Scope, environment: Environment) -> Value:
            try:
                return operate(operand(scope, environment))
            except OperandProblem as problem:
                raise self._operand_error(problem, node.operator, site, node, scope, environment, gives) from None
            except EvaluationError as error:
                error.value = gives
                raise

        return run

    def logic(self, node: Binary, left: Run, bound: Bound) -> Run:
        """`&&` and `||`: what fails on the right does not matter where the left decides, or may yet decide."""
        right = self.compile(node.right, bound)
        decisive = node.operator == "||"
        site = Site(node, bound, self.source)
        gives = Unknown(BOOL)

        def operand(value: Value, side: int, scope: Scope, environment: Environment) -> tuple[Value, Marks]:
            try:
                return unmark(as_bool(value, side))
            except OperandProblem as problem:
                raise self._operand_error(problem, node.operator, site, node, scope, environment, gives) from None

        def run(scope: Scope, environment: Environment) -> Value:
            try:
                a, marks_a = operand(left(scope, environment), 0, scope, environment)
            except EvaluationError as error:
                if shared(error):
                    raise
                try:
                    operand(right(scope, environment), 1, scope, environment)
                except EvaluationError as other:
                    error = error.joined(other)
                error.value = gives
                raise error from None
            try:
                found = right(scope, environment)
            except EvaluationError as error:
                if shared(error) or isinstance(error, MistakenCall) or a is (not decisive):
                    error.value = gives
                    raise
                return mark(a, marks_a)
            if a is decisive and isinstance(unmark(found)[0], Null):
                return mark(a, marks_a)
            b, marks_b = operand(found, 1, scope, environment)
            marks = marks_a | marks_b
            if a is decisive or b is decisive:
                return mark(decisive, marks)
            if isinstance(a, bool) and isinstance(b, bool):
                return mark(b, marks)
            return mark(UNKNOWN_BOOL, marks)

        return run
