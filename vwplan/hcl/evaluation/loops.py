"""Loops: `for` expressions and splats, compiled."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import repeat

from vwplan.hcl.evaluation.compiler import ELEMENT, Bound, Compiler, checked, overgrown, shared
from vwplan.hcl.evaluation.errors import EvaluationError
from vwplan.hcl.evaluation.limits import LARGEST_VALUE, MOST_ITERATIONS
from vwplan.hcl.evaluation.operators import OperatorCompiler
from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.evaluation.site import Environment, Run, Site
from vwplan.hcl.syntax import Expression, ForObject, ForTuple, Splat, TemplateFor, TemplatePart
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NO_MARKS,
    NULL,
    STRING,
    UNKNOWN,
    ConversionError,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Marks,
    Null,
    ObjectType,
    ObjectValue,
    Refinement,
    SetType,
    SetValue,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    convert,
    elements,
    mark,
    type_of,
    unmark,
)
from vwplan.values.convert import common_type, settled
from vwplan.values.equality import definitely_not_null
from vwplan.values.value import weight

_ITERABLE = (ListType, SetType, MapType, TupleType, ObjectType)
_CONTAINER = (ListValue, SetValue, MapValue, TupleValue, ObjectValue)


class Loop:
    """What the three kinds of `for` have in common: the collection, the names bound, and the condition."""

    def __init__(
        self, compiler: Compiler, node: ForTuple | ForObject | TemplateFor, condition: Expression | None, bound: Bound
    ) -> None:
        self.node = node
        self.key_slot = compiler.new_slot() if node.key else 0
        self.value_slot = compiler.new_slot()
        names = {node.key: self.key_slot} if node.key else {}
        self.inner: Bound = {**bound, **names, node.value: self.value_slot}
        self.collection = compiler.compile(node.collection, bound)
        self.outer_site = Site(node, bound, compiler.source)
        self.site = Site(node, self.inner, compiler.source)
        self.condition_node = condition
        self.condition = compiler.compile(condition, self.inner) if condition is not None else None

    def begin(
        self, scope: Scope, environment: Environment
    ) -> tuple[Iterable[tuple[Value, Value]] | None, Marks, EvaluationError | None]:
        """The keys and values to go through (None if they are not known) and the marks of the collection.

        Keys that have no name are left out: something else stands in their place. Where the collection failed, what is
        known of it is gone through, for the type of the whole, and the error is given as well.
        """
        try:
            collection, failed = self.collection(scope, environment), None
        except EvaluationError as error:
            if shared(error) or not isinstance(unmark(error.value)[0], _CONTAINER):
                error.value = UNKNOWN
                raise
            collection, failed = error.value, error
        value, marks = unmark(collection)
        where = self.node.collection
        if isinstance(value, Null):
            detail = "A null value cannot be gone through. Give an empty list or map where there is nothing."
            raise self.outer_site.error(scope, environment, "iteration-over-null", "Iteration over null", detail, where)
        type = type_of(value)
        if type is DYNAMIC:
            return None, marks, failed
        if not isinstance(type, _ITERABLE):
            detail = f"A {type.friendly} cannot be gone through: a list, set, map, tuple or object is needed."
            summary = "Iteration over what is no collection"
            raise self.outer_site.error(scope, environment, "not-iterable", summary, detail, where)
        if self.condition is not None:
            # With nothing known of the element, so that a condition of the wrong type is told even if there is none.
            self.bind(UNKNOWN, UNKNOWN, environment)
            _, own = self.holds(scope, environment)
            if isinstance(value, Unknown):
                marks |= own
        if isinstance(value, Unknown):
            return None, marks, failed
        assert isinstance(value, _CONTAINER)
        environment[0] += len(value.items)
        if environment[0] > MOST_ITERATIONS:
            detail = f"The loops in this expression take more than {MOST_ITERATIONS:,} turns."
            raise self.outer_site.error(scope, environment, "too-many-turns", "Too many turns", detail)
        if self.key_slot:
            return elements(value), marks, failed
        return zip(repeat(NULL), value.parts()), marks, failed

    def bind(self, key: Value, value: Value, environment: Environment) -> None:
        """Let the names stand for one element."""
        if self.key_slot:
            environment[self.key_slot] = key
        environment[self.value_slot] = value

    def holds(self, scope: Scope, environment: Environment, known: bool = True) -> tuple[Value, Marks]:
        """Whether the element bound is to be taken, which may be unknown, and the marks of the answer.

        Where the whole is not `known` any more, an answer that is neither true nor false is no error.
        """
        if self.condition is None:
            return True, NO_MARKS
        found, marks = unmark(self.condition(scope, environment))
        if found is True or found is False:
            return found, marks
        code, summary = "invalid-for-condition", "Invalid for condition"
        if not known:
            return UNKNOWN, marks
        if isinstance(found, Null):
            detail = "What follows if must not be null."
            raise self.site.error(scope, environment, code, summary, detail, self.condition_node)
        try:
            return convert(found, BOOL), marks
        except ConversionError as error:
            detail = f"What follows if cannot be taken for true or false: {error}."
            raise self.site.error(scope, environment, code, summary, detail, self.condition_node) from None


class LoopCompiler(OperatorCompiler):
    """Compiles `for` expressions and splats."""

    def other(self, node: TemplatePart, bound: Bound) -> Run:
        match node:
            case ForTuple():
                return self.for_tuple(node, bound)
            case ForObject():
                return self.for_object(node, bound)
            case Splat():
                return self.splat(node, bound)
        return super().other(node, bound)

    def for_tuple(self, node: ForTuple, bound: Bound) -> Run:
        """`[for …]`. Not known at all where one condition is not."""
        loop = Loop(self, node, node.condition, bound)
        result = self.compile(node.result, loop.inner)

        def run(scope: Scope, environment: Environment) -> Value:
            pairs, marks, failed = loop.begin(scope, environment)
            if pairs is None:
                return mark(UNKNOWN, marks)
            items: list[Value] = []
            known, held = True, 0
            key_slot, value_slot = loop.key_slot, loop.value_slot
            for key, value in pairs:
                if key_slot:
                    environment[key_slot] = key
                environment[value_slot] = value
                if loop.condition is not None:
                    taken, own = loop.holds(scope, environment, known)
                    marks |= own
                    if taken is not True:
                        known = known and taken is False
                        continue
                try:
                    found = result(scope, environment)
                except EvaluationError as error:
                    if shared(error) or environment[0] > MOST_ITERATIONS:
                        raise
                    # What type the whole has matters to a conditional around, in the branch that it does not take.
                    failed, found = failed or error, error.value
                held += weight(found)
                if held > LARGEST_VALUE:
                    raise overgrown(loop.site, scope, environment)
                items.append(found)
            if failed is not None:
                failed.value = TupleValue(items) if known else UNKNOWN
                raise failed
            if not known:
                return mark(UNKNOWN, marks)
            return mark(checked(TupleValue(items), loop.site, scope, environment), marks)

        return run

    def for_object(self, node: ForObject, bound: Bound) -> Run:
        """`{for …}`, with or without grouping. Not known at all where one key or condition is not."""
        loop = Loop(self, node, node.condition, bound)
        key_run = self.compile(node.result_key, loop.inner)
        result = self.compile(node.result, loop.inner)

        def run(scope: Scope, environment: Environment) -> Value:
            pairs, marks, failed = loop.begin(scope, environment)
            if pairs is None:
                return mark(UNKNOWN, marks)
            made: dict[str, Value] = {}
            groups: dict[str, list[Value]] = {}
            known, held = True, 0
            for each in pairs:
                loop.bind(*each, environment)
                if loop.condition is not None:
                    taken, own = loop.holds(scope, environment, known)
                    marks |= own
                    if taken is not True:
                        known = known and taken is False
                        continue
                name: Value
                try:
                    name, own = unmark(key_run(scope, environment))
                except EvaluationError as error:
                    error.value = UNKNOWN
                    raise
                marks |= own
                if not isinstance(name, str) and (known or isinstance(name, bool | int | Fraction)):
                    name = self._name(name, loop, node, scope, environment)
                if not isinstance(name, str):
                    known = False
                    continue
                try:
                    found = result(scope, environment)
                except EvaluationError as error:
                    if shared(error) or environment[0] > MOST_ITERATIONS:
                        raise
                    failed, found = failed or error, error.value
                held += weight(found)
                if held > LARGEST_VALUE:
                    raise overgrown(loop.site, scope, environment)
                if node.group:
                    groups.setdefault(name, []).append(found)
                elif name in made:
                    which = "the same key" if own else f'the key "{name}"'
                    detail = f"Two elements give {which}. To collect all values of a key, write ... behind the value."
                    code, summary = "duplicate-key", "Duplicate key"
                    failed = failed or loop.site.error(scope, environment, code, summary, detail, node.result_key)
                else:
                    made[name] = found
            if node.group:
                made = {name: TupleValue(items) for name, items in groups.items()}
            if failed is not None:
                failed.value = ObjectValue(made) if known else UNKNOWN
                raise failed
            if not known:
                return mark(UNKNOWN, marks)
            return mark(checked(ObjectValue(made), loop.site, scope, environment), marks)

        return run

    @staticmethod
    def _name(name: Value, loop: Loop, node: ForObject, scope: Scope, environment: Environment) -> Value:
        code, summary = "invalid-key", "Invalid key"
        if isinstance(name, Null):
            raise loop.site.error(scope, environment, code, summary, "A key must not be null.", node.result_key)
        if isinstance(name, Unknown):
            return name
        try:
            return convert(name, STRING)
        except ConversionError as error:
            detail = f"This value cannot be a key: {error}."
            raise loop.site.error(scope, environment, code, summary, detail, node.result_key) from None

    def splat(self, node: Splat, bound: Bound) -> Run:
        """`source[*]…` and `source.*…`. What is no sequence counts as one of one element, null as one of none."""
        source = self.compile(node.source, bound)
        slot = self.new_slot()
        each = self.compile(node.each, {**bound, ELEMENT: slot})
        site = Site(node, bound, self.source)

        def every(values: Iterable[Value], type: Type, scope: Scope, environment: Environment) -> list[Value]:
            made: list[Value] = []
            failed: EvaluationError | None = None
            held = 0
            for value in values:
                environment[slot] = value
                try:
                    found = each(scope, environment)
                except EvaluationError as error:
                    if shared(error) or environment[0] > MOST_ITERATIONS:
                        raise
                    failed, found = failed or error, error.value
                held += weight(found)
                if held > LARGEST_VALUE:
                    raise overgrown(site, scope, environment)
                made.append(found)
            if failed is not None:
                failed.value = Unknown(ListType(DYNAMIC)) if isinstance(type, ListType | SetType) else TupleValue(made)
                raise failed
            return made

        def result_type(type: Type, scope: Scope, environment: Environment) -> Type:
            if isinstance(type, TupleType):
                return TupleType(map(type_of, every(map(Unknown, type.items), type, scope, environment)))
            assert isinstance(type, ListType | SetType)
            return ListType(type_of(every([Unknown(type.element)], type, scope, environment)[0]))

        def run(scope: Scope, environment: Environment) -> Value:
            try:
                value, marks = unmark(source(scope, environment))
            except EvaluationError as error:
                error.value = UNKNOWN
                raise
            type = type_of(value)
            sequence = isinstance(type, TupleType | ListType | SetType)
            if isinstance(value, Null):
                if not sequence:
                    return mark(TupleValue(()), marks)
                detail = "A splat goes through the elements of a sequence, and this one is null."
                raise site.error(scope, environment, "splat-of-null", "Splat of null", detail, node.source)
            if type is DYNAMIC:
                return mark(UNKNOWN, marks)
            if not sequence:
                made = every([mark(value, marks)], type, scope, environment)
                if isinstance(value, Unknown) and not definitely_not_null(value):
                    return mark(UNKNOWN, marks)
                return mark(TupleValue(made), marks)
            if isinstance(value, Unknown):
                found = result_type(type, scope, environment)
                refined = Refinement(not_null=True)
                if isinstance(found, ListType):
                    least, most = value.refinement.min_length, value.refinement.max_length
                    refined = Refinement(not_null=True, min_length=least, max_length=most)
                return mark(Unknown(found, refined), marks)
            assert isinstance(value, TupleValue | ListValue | SetValue)
            environment[0] += len(value.items)
            if environment[0] > MOST_ITERATIONS:
                detail = f"The loops in this expression take more than {MOST_ITERATIONS:,} turns."
                raise site.error(scope, environment, "too-many-turns", "Too many turns", detail)
            made = every(value.items, type, scope, environment)
            if isinstance(value, TupleValue):
                return mark(checked(TupleValue(made), site, scope, environment), marks)
            if not made:
                found = result_type(type, scope, environment)
                assert isinstance(found, ListType)
                return mark(ListValue(found.element, ()), marks)
            element = common_type(made)
            if element is None:
                detail = "The inner splat gives elements of different types, which no list can hold. Use for instead."
                raise site.error(scope, environment, "mixed-splat", "Elements of different types", detail)
            return mark(checked(ListValue(element, settled(made, element)), site, scope, environment), marks)

        return run
