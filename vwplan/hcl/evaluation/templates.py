"""Templates and conditionals, compiled."""

from __future__ import annotations

from functools import partial

from vwplan.hcl.evaluation.compiler import Bound, shared
from vwplan.hcl.evaluation.errors import EvaluationError
from vwplan.hcl.evaluation.limits import LONGEST_TEXT
from vwplan.hcl.evaluation.loops import Loop, LoopCompiler
from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.evaluation.site import Environment, Run, Site
from vwplan.hcl.evaluation.tree import conditionals
from vwplan.hcl.syntax import Conditional, Expression, Template, TemplateFor, TemplateIf, TemplatePart
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ConversionError,
    Marks,
    Null,
    ObjectType,
    Refinement,
    TupleType,
    Type,
    Unknown,
    Value,
    convert,
    is_whole,
    mark,
    number_text,
    type_of,
    unify,
    unmark,
)
from vwplan.values.equality import definitely_not_null
from vwplan.values.narrow import narrowed
from vwplan.values.numbers import ShortInt
from vwplan.values.text import clusters, normal
from vwplan.values.value import NOT_NULL, ListValue, MapValue, SetValue, Unmarked

LONGEST_PREFIX = 128
"""How much of the text before an unknown part is remembered."""


class TemplateCompiler(LoopCompiler):
    """Compiles templates and conditionals."""

    def other(self, node: TemplatePart, bound: Bound) -> Run:
        match node:
            case Template():
                return self.template(node.parts, node, bound)
            case TemplateIf():
                return self.template_if(node, bound)
            case TemplateFor():
                return self.template_for(node, bound)
            case Conditional():
                chain, last = conditionals(node)
                then = [self.compile(each.then, bound) for each in chain]
                links = [partial(self._behind_colon, each, run, bound) for each, run in zip(chain, then, strict=True)]
                return self.row(self.compile(last, bound), links[::-1])
        return super().other(node, bound)

    def _behind_colon(self, node: Conditional, then: Run, bound: Bound, otherwise: Run) -> Run:
        return self.conditional(node, node.condition, then, otherwise, bound)

    def template(self, parts: tuple[TemplatePart, ...], node: TemplatePart, bound: Bound) -> Run:
        """Parts joined into a string; unknown from the first unknown part on."""
        runs = [self.compile(part, bound) for part in parts]
        site = Site(node, bound, self.source)

        def run(scope: Scope, environment: Environment) -> Value:
            out: list[str] = []
            marks: Marks = frozenset()
            known, size = True, 0
            error: EvaluationError | None = None
            for at, part in enumerate(runs):
                try:
                    value = part(scope, environment)
                    if value.__class__ is int or value.__class__ is ShortInt:
                        value = number_text(value)
                    elif value.__class__ is not str:
                        value, own = unmark(value)
                        marks |= own
                        value = self._piece(value, site, parts[at], scope, environment)
                except EvaluationError as found:
                    error = found if error is None else error.joined(found)
                    continue
                if isinstance(value, str):
                    if known:
                        out.append(value)
                        size += len(value)
                        if size > LONGEST_TEXT:
                            detail = "The text has grown too large."
                            raise site.error(scope, environment, "value-too-large", "Value too large", detail)
                else:
                    known = False
            if error is not None:
                error.value = Unknown(STRING)
                raise error
            text = normal("".join(out))
            if known:
                return mark(text, marks)
            return mark(Unknown(STRING, Refinement(not_null=True, prefix=safe_prefix(text))), marks)

        return run

    @staticmethod
    def _piece(value: Unmarked, site: Site, part: TemplatePart, scope: Scope, environment: Environment) -> Value:
        """A part's value as a string, or unknown."""
        code, summary = "invalid-template-value", "Invalid value in a template"
        if isinstance(value, Null):
            detail = "The value is null, which has no text. Use coalesce to give another in its place."
            raise site.error(scope, environment, code, summary, detail, part, Unknown(STRING))
        if isinstance(value, Unknown):
            # Whatever its type: one that has no text is an error once it is known, as in Terraform.
            return value
        try:
            return convert(value, STRING)
        except ConversionError as error:
            detail = f"The value cannot stand in a text: {error}. To write it as JSON, use jsonencode."
            raise site.error(scope, environment, code, summary, detail, part, Unknown(STRING)) from None

    def template_if(self, node: TemplateIf, bound: Bound) -> Run:
        """`%{ if }`: a conditional whose branches are templates."""
        then = self.template(node.then, node, bound)
        otherwise = self.template(node.otherwise, node, bound)
        return self.conditional(node, node.condition, then, otherwise, bound)

    def template_for(self, node: TemplateFor, bound: Bound) -> Run:
        """`%{ for }`: a template for each element, joined."""
        loop = Loop(self, node, None, bound)
        body = self.template(node.body, node, loop.inner)

        def run(scope: Scope, environment: Environment) -> Value:
            pairs, marks, failed = loop.begin(scope, environment)
            if failed is not None:
                failed.value = Unknown(STRING)
                raise failed
            if pairs is None:
                return mark(Unknown(STRING, NOT_NULL), marks)
            out: list[str] = []
            known, size = True, 0
            for key, value in pairs:
                loop.bind(key, value, environment)
                text, own = unmark(body(scope, environment))
                marks |= own
                if isinstance(text, str):
                    out.append(text)
                    size += len(text)
                    if size > LONGEST_TEXT:
                        detail = "The text has grown too large."
                        raise loop.site.error(scope, environment, "value-too-large", "Value too large", detail)
                else:
                    known = False
            return mark(normal("".join(out)) if known else Unknown(STRING, NOT_NULL), marks)

        return run

    def conditional(
        self, node: Conditional | TemplateIf, condition_node: Expression, then: Run, otherwise: Run, bound: Bound
    ) -> Run:
        """`condition ? then : otherwise`.

        Both branches are evaluated, because the type of the result follows from both; an error in the one not taken
        does not matter.
        """
        condition = self.compile(condition_node, bound)
        site = Site(node, bound, self.source)

        def branch(run: Run, scope: Scope, environment: Environment) -> tuple[Value, EvaluationError | None]:
            try:
                return run(scope, environment), None
            except EvaluationError as error:
                if shared(error):
                    raise
                return error.value, error

        def run(scope: Scope, environment: Environment) -> Value:
            (a, error_a), (b, error_b) = branch(then, scope, environment), branch(otherwise, scope, environment)
            type = result_type(a, b)
            if type is None:
                detail = describe_difference(type_of(a), type_of(b))
                summary = "Branches of different types"
                raise site.error(scope, environment, "inconsistent-branches", summary, detail)
            chosen: Value
            try:
                chosen, marks = unmark(condition(scope, environment))
            except EvaluationError as problem:
                # What it would have been has nothing to do with the condition's own type.
                problem.value = Unknown(type)
                raise
            if chosen is not True and chosen is not False:
                chosen = self._condition(chosen, site, condition_node, scope, environment, type)
            bare_a, marks_a = unmark(a)
            bare_b, marks_b = unmark(b)
            marks |= marks_a | marks_b
            if isinstance(chosen, Unknown):
                return mark(either(bare_a, bare_b, type), marks)
            error = error_a if chosen else error_b
            if error is not None:
                error.value = Unknown(type)
                raise error
            value = bare_a if chosen else bare_b
            try:
                return mark(convert(value, type) if type is not DYNAMIC else value, marks)
            except ConversionError as problem:
                detail = f"The branch taken cannot become a {type.friendly}, as both must: {problem}."
                where = None if isinstance(node, TemplateIf) else node.then if chosen else node.otherwise
                summary = "Branches of different types"
                raise site.error(scope, environment, "inconsistent-branches", summary, detail, where) from None

        return run

    @staticmethod
    def _condition(
        value: Unmarked, site: Site, node: Expression, scope: Scope, environment: Environment, type: Type
    ) -> Value:
        """A condition that is not simply true or false as a bool, perhaps unknown."""
        fallback = Unknown(type)
        if isinstance(value, Null):
            detail = "The condition is null: it must be true or false."
            raise site.error(scope, environment, "null-condition", "Null condition", detail, node, fallback)
        if isinstance(value, Unknown):
            # Whatever its type may turn out to be; one that can never be a bool is an error then, as in Terraform.
            return value
        try:
            return convert(value, BOOL)
        except ConversionError as error:
            detail = f"A condition must be true or false: {error}."
            summary = "Condition is not a bool"
            raise site.error(scope, environment, "invalid-condition", summary, detail, node, fallback) from None


def result_type(a: Value, b: Value) -> Type | None:
    """The type that both branches of a conditional become; None if there is none."""
    type_a, type_b = type_of(a), type_of(b)
    if isinstance(a, Null) and type_a is DYNAMIC:
        return type_b
    if isinstance(b, Null) and type_b is DYNAMIC:
        return type_a
    if type_a is DYNAMIC or type_b is DYNAMIC:
        return DYNAMIC
    if type_a is type_b:
        return type_a
    return unify((type_a, type_b))


def either(a: Unmarked, b: Unmarked, type: Type) -> Value:
    """What is known of a value that is one of two: that it is not null, its bounds, its length."""
    if isinstance(a, Null) and isinstance(b, Null):
        return Null(type)
    refined = Refinement()
    if definitely_not_null(a) and definitely_not_null(b):
        refined = NOT_NULL
    if type is DYNAMIC:
        return Unknown(type)
    if type_of(a) == type_of(b) == NUMBER:
        return narrowed(type, _bounds(a, b, refined))
    lengths = [_length(each) for each in (a, b)]
    if type_of(a) == type_of(b) and all(length is not None for length in lengths):
        least = min(length[0] for length in lengths if length)
        tops = [length[1] for length in lengths if length]
        most = None if None in tops else max(top for top in tops if top is not None)
        refined = Refinement(refined.not_null, min_length=least, max_length=most)
        return narrowed(type, refined)
    return Unknown(type, refined)


def _bounds(a: Unmarked, b: Unmarked, refined: Refinement) -> Refinement:
    ranges = []
    for each in (a, b):
        if isinstance(each, Unknown):
            ranges.append((each.refinement.lower, each.refinement.upper))
        elif isinstance(each, Null):
            ranges.append((None, None))
        else:
            ranges.append((each, each))  # type: ignore[arg-type]
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    lower = None if None in lows else min(low for low in lows if low is not None)
    upper = None if None in highs else max(high for high in highs if high is not None)
    return Refinement(refined.not_null, "", lower, upper)


def _length(value: Unmarked) -> tuple[int, int | None] | None:
    """The least and most elements of a collection, or None for what is none."""
    if isinstance(value, ListValue | MapValue):
        return len(value.items), len(value.items)
    if isinstance(value, SetValue):
        size = len(value.items)
        return size if is_whole(value) else min(size, 1), size
    if isinstance(value, Unknown) and not isinstance(value.type, TupleType | ObjectType):
        return value.refinement.min_length, value.refinement.max_length
    return None


def describe_difference(a: Type, b: Type) -> str:
    """Why two branches of a conditional have no type in common."""
    if isinstance(a, ObjectType) and isinstance(b, ObjectType):
        for name in sorted(a.attributes.keys() ^ b.attributes.keys()):
            one, other = ("first", "second") if name in a.attributes else ("second", "first")
            return f'The {one} branch has an attribute "{name}", and the {other} has none.'
        for name, item in a.attributes.items():
            if item != b.attributes[name]:
                return f'The branches differ in attribute "{name}": {_lower(describe_difference(item, b.attributes[name]))}'
    if isinstance(a, TupleType) and isinstance(b, TupleType):
        if len(a.items) != len(b.items):
            return f"The first branch has {len(a.items)} elements, the second {len(b.items)}."
        for at, (x, y) in enumerate(zip(a.items, b.items, strict=True)):
            if x != y:
                return f"The branches differ in element {at}: {_lower(describe_difference(x, y))}"
    if a.friendly == b.friendly:
        return "Something deep within the two branches is of different types."
    return f"The first branch is {_a(a.friendly)}, the second {_a(b.friendly)}: they must be of one type."


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def safe_prefix(text: str) -> str:
    """As much of a text as stays as it is, whatever is written behind it: a last letter may yet get an accent."""
    text = text[:LONGEST_PREFIX]
    if text and text[-1].isascii() and not text[-1].isalnum():
        return text
    return "".join(clusters(text)[:-1])
