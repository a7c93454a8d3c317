"""The compiler: a syntax tree into closures, each of which gives the value of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vwplan.diagnostics import Range, Source
from vwplan.hcl.evaluation.access import AccessProblem, get_attribute, index
from vwplan.hcl.evaluation.errors import EvaluationError, UndeclaredReference
from vwplan.hcl.evaluation.limits import DEEPEST_VALUE, LARGEST_VALUE, LONGEST_TEXT
from vwplan.hcl.evaluation.scope import Reference, Scope
from vwplan.hcl.evaluation.site import Environment, Run, Site
from vwplan.hcl.evaluation.tree import as_reference, object_key, spine
from vwplan.hcl.syntax import (
    Element,
    Expression,
    GetAttribute,
    Index,
    Literal,
    ObjectItems,
    Parenthesised,
    TemplatePart,
    TupleItems,
    Variable,
    Wrap,
)
from vwplan.values import (
    NO_MARKS,
    NULL,
    NUMBER,
    STRING,
    UNKNOWN,
    ConversionError,
    Marked,
    Marks,
    Null,
    NumberError,
    ObjectValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    mark,
    unmark,
)
from vwplan.values.numbers import rounded
from vwplan.values.text import normal
from vwplan.values.value import depth, weight

Bound = Mapping[str, int]
"""The slots of names bound by the loops around a node."""

_STRETCH = 16
"""How many operators or conditionals in a row call one another."""

ELEMENT = "*"
"""What the element of the splat around a node is bound as: no name."""


def shared(error: EvaluationError) -> bool:
    """Whether an error is one that nothing catches."""
    return isinstance(error, UndeclaredReference)


class Compiler:
    """Compiles the nodes of one expression, collecting the references it makes and the functions it calls.

    Subclasses compile the forms that are not here; the last of them, `CallCompiler`, knows all.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.references: list[Reference] = []
        self.functions: list[str] = []
        self.slots = 1
        self.constants: dict[Run, Value] = {}

    def compile(self, node: TemplatePart, bound: Bound) -> Run:
        """The closure of a node."""
        match node:
            case Literal():
                return self.literal(node, bound)
            case Variable() | GetAttribute() | Index():
                return self.access(node, bound)
            case Wrap():
                return self.compile(node.expression, bound)
            case Parenthesised():
                return self.compile(node.inner, bound)
            case Element():
                return self.slot(bound[ELEMENT])
            case TupleItems():
                return self.tuple_items(node, bound)
            case ObjectItems():
                return self.object_items(node, bound)
        return self.other(node, bound)

    def other(self, node: TemplatePart, bound: Bound) -> Run:
        """The closure of a node of a form that is not compiled here: subclasses add what they know to it."""
        raise TypeError(f"{type(node).__name__} is no expression")

    def new_slot(self) -> int:
        """A place in the environment for a name."""
        self.slots += 1
        return self.slots - 1

    def constant(self, value: Value) -> Run:
        """A closure that gives one value, known when compiling."""

        def run(scope: Scope, environment: Environment) -> Value:
            return value

        self.constants[run] = value
        return run

    def slot(self, slot: int) -> Run:
        """A closure that gives what a slot holds."""

        def run(scope: Scope, environment: Environment) -> Value:
            return environment[slot]  # type: ignore[no-any-return]

        return run

    def literal(self, node: Literal, bound: Bound) -> Run:
        """A literal; a number too large for a value is an error when it is evaluated."""
        value = node.value
        if value is None:
            return self.constant(NULL)
        if isinstance(value, str):
            return self.constant(normal(value))
        if isinstance(value, bool):
            return self.constant(value)
        try:
            return self.constant(rounded(value))
        except NumberError as error:
            site, reason = Site(node, bound, self.source), f"This cannot be represented: {error}."

            def run(scope: Scope, environment: Environment) -> Value:
                raise site.error(scope, environment, "invalid-number", "Invalid number", reason, None, Unknown(NUMBER))

            return run

    def row(self, first: Run, links: Sequence[Callable[[Run], Run]]) -> Run:
        """The closure of operators or conditionals in a row: each link makes a closure around the one before it.

        So that a row may be as long as it likes, closures call one another for a stretch only; what each stretch comes
        to, be it an error, is handed on in a slot.
        """
        run, stretches = first, []
        slot = self.new_slot() if len(links) > _STRETCH else 0
        for at, link in enumerate(links):
            if at and at % _STRETCH == 0:
                stretches.append(run)
                run = self._handed(slot)
            run = link(run)
        if not stretches:
            return run
        last = run

        def long_run(scope: Scope, environment: Environment) -> Value:
            for stretch in stretches:
                try:
                    environment[slot] = stretch(scope, environment)
                except EvaluationError as error:
                    environment[slot] = error
            return last(scope, environment)

        return long_run

    @staticmethod
    def _handed(slot: int) -> Run:
        def run(scope: Scope, environment: Environment) -> Value:
            found = environment[slot]
            if isinstance(found, EvaluationError):
                raise found
            return found  # type: ignore[no-any-return]

        return run

    # References, attributes and indexes.

    def access(self, node: Variable | GetAttribute | Index, bound: Bound) -> Run:
        """A chain of names, attributes and indexes: a reference as far as it is literal, then one access after another."""
        root, chain = spine(node)
        if isinstance(root, Variable) and root.name not in bound:
            reference = as_reference(root, chain, self.source)
            self.references.append(reference)
            run = self.reference(reference, Site(node, bound, self.source))
            chain = chain[len(reference.steps) :]
        elif isinstance(root, Variable):
            run = self.slot(bound[root.name])
        else:
            run = self.compile(root, bound)
        for access in chain:
            site = Site(access, bound, self.source)
            if isinstance(access, GetAttribute):
                run = self.attribute(run, access, site)
            else:
                run = self.index(run, access, site, bound)
        return run

    def reference(self, reference: Reference, site: Site) -> Run:
        """What the scope says of a reference, and the steps that it left."""
        count = len(reference.steps)

        def run(scope: Scope, environment: Environment) -> Value:
            value, used = scope.resolve(reference)
            for at in range(used, count):
                step = reference.steps[at]
                try:
                    value = get_attribute(value, str(step.key)) if step.attribute else index(value, step.key)
                except AccessProblem as problem:
                    place = Range(self.source, step.start, step.end)
                    raise site.error(scope, environment, problem.code, problem.summary, problem.detail, place) from None
            return value

        return run

    def attribute(self, whole: Run, node: GetAttribute, site: Site) -> Run:
        """`whole.name`."""
        name = node.name
        place = Range(self.source, node.object.end, node.end)

        def run(scope: Scope, environment: Environment) -> Value:
            try:
                value = whole(scope, environment)
            except EvaluationError as error:
                # What stands in for the attribute tells its type to a conditional around, in the branch not taken.
                error.value = within(error.value, name, attribute=True)
                raise
            try:
                return get_attribute(value, name)
            except AccessProblem as problem:
                raise site.error(scope, environment, problem.code, problem.summary, problem.detail, place) from None

        return run

    def index(self, whole: Run, node: Index, site: Site, bound: Bound) -> Run:
        """`whole[key]`."""
        key = self.compile(node.key, bound)
        place = Range(self.source, node.collection.end, node.end)

        def run(scope: Scope, environment: Environment) -> Value:
            error: EvaluationError | None = None
            try:
                value = whole(scope, environment)
            except EvaluationError as problem:
                error, value = problem, problem.value
            try:
                found = key(scope, environment)
            except EvaluationError as problem:
                error, found = problem if error is None else error.joined(problem), problem.value
            if error is not None:
                error.value = within(value, found)
                raise error
            try:
                return index(value, found)
            except AccessProblem as problem:
                raise site.error(scope, environment, problem.code, problem.summary, problem.detail, place) from None

        return run

    # Tuples and objects.

    def tuple_items(self, node: TupleItems, bound: Bound) -> Run:
        """`[a, b, …]`. All items are evaluated even where one fails, so that each problem is told."""
        runs = [self.compile(item, bound) for item in node.items]
        if all(run in self.constants for run in runs):
            return self.constant(TupleValue([self.constants[run] for run in runs]))
        site = Site(node, bound, self.source)

        def run(scope: Scope, environment: Environment) -> Value:
            items, error = evaluate_all(runs, scope, environment)
            if error is not None:
                error.value = TupleValue(items)
                raise error
            return checked(TupleValue(items), site, scope, environment)

        return run

    def object_items(self, node: ObjectItems, bound: Bound) -> Run:
        """`{ key = value, … }`. Of equal keys the last one stands."""
        names = [self.key_name(key) for key, _ in node.items]
        values = [self.compile(value, bound) for _, value in node.items]
        if any(name is None for name in names):
            return self.computed_object(node, names, values, bound)
        # Those overwritten by a later one are evaluated first, because they may fail.
        pairs = [(name, run) for name, run in zip(names, values, strict=True) if name is not None]
        pairs.sort(key=lambda pair: pair[0])
        if all(run in self.constants for run in values):
            return self.constant(ObjectValue({name: self.constants[run] for name, run in pairs}))
        site = Site(node, bound, self.source)
        sorted_names, runs = [name for name, _ in pairs], [run for _, run in pairs]

        def run(scope: Scope, environment: Environment) -> Value:
            items, error = evaluate_all(runs, scope, environment)
            made = ObjectValue(dict(zip(sorted_names, items, strict=True)))
            if error is not None:
                error.value = made
                raise error
            return checked(made, site, scope, environment)

        return run

    def key_name(self, key: Expression) -> str | None:
        """The name of an object key that is one without evaluating anything."""
        name = object_key(key)
        if name is None and isinstance(key, Literal) and isinstance(key.value, str):
            return normal(key.value)
        return name

    def computed_object(self, node: ObjectItems, names: list[str | None], values: list[Run], bound: Bound) -> Run:
        """An object some of whose keys are expressions: all unknown if one of them is."""
        keys = [
            self.constant(name) if name is not None else self.compile(key, bound)
            for name, (key, _) in zip(names, node.items, strict=True)
        ]
        site = Site(node, bound, self.source)
        ambiguous = [key for key, _ in node.items if isinstance(key, GetAttribute | Index)]
        # In JSON no member is set twice, while here the last of equal keys stands.
        once = self.source.name.endswith(".json")

        def run(scope: Scope, environment: Environment) -> Value:
            made: dict[str, Value] = {}
            marks: Marks = NO_MARKS
            known = True
            if ambiguous:
                detail = "A key with dots or brackets is a reference in parentheses, or a name in quotes. Write which."
                raise site.error(scope, environment, "ambiguous-key", "Ambiguous key", detail, ambiguous[0])
            for at, (key_run, value_run) in enumerate(zip(keys, values, strict=True)):
                key: Value
                key, own = unmark(key_run(scope, environment))
                marks |= own
                value = value_run(scope, environment)
                if not isinstance(key, str):
                    key = self._key(key, site, node.items[at][0], scope, environment)
                if not isinstance(key, str):
                    known = False
                elif once and key in made:
                    detail = f"This object has a member {key} already."
                    raise site.error(scope, environment, "duplicate-key", "Member set twice", detail, node.items[at][0])
                else:
                    made[key] = value
            if not known:
                return mark(UNKNOWN, marks)
            return mark(checked(ObjectValue(made), site, scope, environment), marks)

        return run

    @staticmethod
    def _key(key: Value, site: Site, node: Expression, scope: Scope, environment: Environment) -> Value:
        if isinstance(key, Null):
            raise site.error(scope, environment, "null-key", "Null as a key", "A key must not be null.", node)
        try:
            return convert(key, STRING)
        except ConversionError as error:
            detail = f"This value cannot be a key: {error}."
            raise site.error(scope, environment, "invalid-key", "Invalid key", detail, node) from None


def within(value: Value, key: Value, attribute: bool = False) -> Value:
    """What is known of the element at a key of something that failed; nothing if it has none."""
    try:
        return get_attribute(value, str(key)) if attribute else index(value, key)
    except AccessProblem:
        return UNKNOWN


def checked(value: Value, site: Site, scope: Scope, environment: Environment) -> Value:
    """The value, unless it has grown beyond all measure."""
    bare = value.value if isinstance(value, Marked) else value
    if (len(bare) > LONGEST_TEXT) if isinstance(bare, str) else weight(bare) > LARGEST_VALUE:
        raise overgrown(site, scope, environment)
    if depth(value) > DEEPEST_VALUE:
        detail = f"More than {DEEPEST_VALUE} tuples, objects or collections are nested in one another."
        raise site.error(scope, environment, "nested-too-deeply", "Nested too deeply", detail)
    return value


def overgrown(site: Site, scope: Scope, environment: Environment) -> EvaluationError:
    """What is told of a value that has grown too large. Loops tell it before they are through."""
    detail = "The value has grown too large. An expression that multiplies its input many times over is not evaluated."
    return site.error(scope, environment, "value-too-large", "Value too large", detail)


def evaluate_all(runs: list[Run], scope: Scope, environment: Environment) -> tuple[list[Value], EvaluationError | None]:
    """The values of all, and the errors of those that have none, joined into one."""
    items: list[Value] = []
    error: EvaluationError | None = None
    for run in runs:
        try:
            items.append(run(scope, environment))
        except EvaluationError as found:
            items.append(found.value)
            error = found if error is None else error.joined(found)
    return items, error
