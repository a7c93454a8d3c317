"""How a function is declared, and how it is called: checks, unknown arguments and marks are the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vwplan.dataclass import dataclass
from vwplan.hcl.evaluation.scope import Scope
from vwplan.values import (
    DYNAMIC,
    NO_MARKS,
    Marked,
    Marks,
    Null,
    Refinement,
    Type,
    Unknown,
    Value,
    has_marks,
    mark,
    type_of,
    unmark,
    unmark_deep,
)
from vwplan.values.value import NOT_NULL, UNREFINED


class FunctionProblem(Exception):
    """A call that fails for a reason that no single argument is to blame for. The message is a clause."""


class ArgumentProblem(FunctionProblem):
    """An argument that a function cannot take: its index, and the reason as a clause."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: arguments are converted to its type before the call.

    `null`, `unknown`, `marked` and `dynamic` let such arguments through to the function. Without them a null is
    refused, an unknown or one of unknown type makes the result unknown, and marks are taken off and put on the result.
    """

    name: str
    type: Type = DYNAMIC
    null: bool = False
    unknown: bool = False
    marked: bool = False
    dynamic: bool = False


Arguments = Sequence[Value]
TypeRule = Callable[[Arguments], Type]
Body = Callable[[Arguments, Type], Value]
ScopedBody = Callable[[Arguments, Type, Scope], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its parameters, the type of its result (or the rule that finds it), and what it does.

    `body` is given the arguments and the result's type; `scoped` instead also the scope, for what needs files or
    chance. `refinement` is what is known of every result.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Type | TypeRule
    body: Body | None = None
    variadic: Parameter | None = None
    scoped: ScopedBody | None = None
    refinement: Refinement = UNREFINED

    def parameter(self, index: int) -> Parameter:
        """The parameter that the argument at `index` is for."""
        if index < len(self.parameters):
            return self.parameters[index]
        assert self.variadic is not None
        return self.variadic

    def call(self, arguments: Arguments, scope: Scope) -> Value:
        """The result for arguments that are as many as there may be and converted already.

        `FunctionProblem` where the function cannot give one.
        """
        bare, marks, unknown, dynamic = self._prepare(arguments)
        if dynamic:
            return mark(Unknown(DYNAMIC), marks)
        type = self.result if isinstance(self.result, Type) else self.result(bare)
        if unknown:
            return mark(self._unknown(type), marks)
        if self.scoped is not None:
            value = self.scoped(bare, type, scope)
        else:
            assert self.body is not None
            value = self.body(bare, type)
        if self.refinement is not UNREFINED and isinstance(value, Unknown) and value.refinement is UNREFINED:
            value = self._unknown(value.type)
        return mark(value, marks) if marks else value

    def _unknown(self, type: Type) -> Unknown:
        return Unknown(type, UNREFINED if type is DYNAMIC else self.refinement)

    def _prepare(self, arguments: Arguments) -> tuple[list[Value], Marks, bool, bool]:
        """The arguments without marks, those marks, and whether an unknown one or one of unknown type is in the way."""
        bare: list[Value] = []
        marks = NO_MARKS
        unknown = dynamic = False
        fixed, count = self.parameters, len(self.parameters)
        for at, value in enumerate(arguments):
            if value.__class__ is str or value.__class__ is int:
                bare.append(value)
                continue
            parameter = fixed[at] if at < count else self.variadic
            assert parameter is not None
            if not parameter.marked and has_marks(value):
                value, own = unmark_deep(value)
                marks |= own
            inner = value.value if isinstance(value, Marked) else value
            if isinstance(inner, Null) and not parameter.null and not dynamic:
                raise ArgumentProblem(at, "it must not be null")
            if not parameter.dynamic and type_of(inner) is DYNAMIC:
                dynamic = True
            if isinstance(inner, Unknown) and not parameter.unknown:
                unknown = True
            bare.append(value)
        return bare, marks, unknown, dynamic


def pure(
    name: str,
    parameters: Sequence[Parameter],
    result: Type | TypeRule,
    body: Body,
    variadic: Parameter | None = None,
    refinement: Refinement = NOT_NULL,
) -> Function:
    """A function of its arguments alone, whose result is never null unless `refinement` says otherwise."""
    return Function(name, tuple(parameters), result, body, variadic, None, refinement)


def plain(value: Value) -> Value:
    """A value without its own marks."""
    return unmark(value)[0]
