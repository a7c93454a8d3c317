"""Type constraints: `list(object({ a = optional(number, 1) }))` read from the syntax tree into a type and its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Source, did_you_mean
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.hcl.syntax import Call, Expression, Literal, ObjectItems, TupleItems, Variable
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ConversionError,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Null,
    ObjectType,
    ObjectValue,
    SetType,
    SetValue,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    convert,
    mark,
    set_value,
    type_of,
    unify,
    unmark,
)

_PRIMITIVES: Mapping[str, Type] = {"string": STRING, "number": NUMBER, "bool": BOOL, "any": DYNAMIC}
_COLLECTIONS: Mapping[str, type[ListType] | type[SetType] | type[MapType]] = {
    "list": ListType,
    "set": SetType,
    "map": MapType,
}
_WORDS = (*_PRIMITIVES, *_COLLECTIONS, "object", "tuple", "optional")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of optional attributes within a type.

    `type` is the type that they are within. `values` are those of its own attributes, by name; `children` those of its
    parts: by attribute name, by position (as text) in a tuple, or under the empty string for every element of a collection.
    """

    type: Type
    values: Mapping[str, Value] = field(default_factory=dict)
    children: Mapping[str, Defaults] = field(default_factory=dict)

    def apply(self, value: Value) -> Value:
        """The value with each default in the place of an attribute that is left out or null.

        To be done before conversion to the type, which may refuse the result. A null or unknown value stays as it is.
        """
        bare, marks = unmark(value)
        if isinstance(bare, ListValue | SetValue | TupleValue):
            return mark(self._sequence(bare), marks)
        if isinstance(bare, ObjectValue | MapValue):
            return mark(self._mapping(bare), marks)
        return value

    def _child(self, key: int | str) -> Defaults | None:
        if isinstance(self.type, TupleType) and isinstance(key, int):
            return self.children.get(str(key))
        if isinstance(self.type, ObjectType) and isinstance(key, str):
            return self.children.get(key)
        return self.children.get("")

    def _sequence(self, value: ListValue | SetValue | TupleValue) -> Value:
        items: list[Value] = []
        for index, item in enumerate(value.items):
            child = self._child(index)
            items.append(child.apply(item) if child is not None else item)
        if isinstance(value, TupleValue) or not items:
            return value if not items else TupleValue(items)
        # Elements may have got attributes that others lack, and then have no type in common as they are.
        common = unify(map(type_of, items))
        try:
            if common is None:
                return TupleValue(items)
            converted = [convert(item, common) for item in items]
        except ConversionError:
            return TupleValue(items)
        return ListValue(common, converted) if isinstance(value, ListValue) else set_value(common, converted)

    def _mapping(self, value: ObjectValue | MapValue) -> Value:
        made: dict[str, Value] = {}
        for key, item in value.items.items():
            child = self._child(key)
            made[key] = child.apply(item) if child is not None else item
        for name, default in self.values.items():
            if name not in made or isinstance(unmark(made[name])[0], Null):
                child = self.children.get(name)
                made[name] = child.apply(default) if child is not None else default
        if isinstance(value, ObjectValue) or not made:
            return value if not made else ObjectValue(made)
        common = unify(map(type_of, made.values()))
        try:
            if common is None:
                return ObjectValue(made)
            return MapValue(common, {key: convert(item, common) for key, item in made.items()})
        except ConversionError:
            return ObjectValue(made)


def parse_type(expression: Expression, source: Source) -> tuple[Type, Defaults | None]:
    """The type that an expression writes, and the defaults within it, if any; `DiagnosticError` if it writes none."""
    reader = _Reader(source)
    type, defaults = reader.read(expression, legacy=True)
    if reader.problems:
        raise DiagnosticError(reader.problems)
    return type, defaults


def _defaults(type: Type, values: dict[str, Value], children: dict[str, Defaults | None]) -> Defaults | None:
    kept = {key: child for key, child in children.items() if child is not None}
    return Defaults(type, values, kept) if values or kept else None


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    def wrong(self, node: Expression, detail: str) -> tuple[Type, None]:
        place = Range(self.source, node.start, node.end)
        self.problems.append(Diagnostic("invalid-type", "Invalid type", detail, place))
        return DYNAMIC, None

    def read(self, node: Expression, *, legacy: bool = False) -> tuple[Type, Defaults | None]:
        if isinstance(node, Variable):
            return self.word(node, legacy)
        if isinstance(node, Call):
            return self.call(node)
        if isinstance(node, Literal) and isinstance(node.value, str) and node.value in _WORDS:
            return self.wrong(node, f"Types are written without quotes: {node.value}.")
        return self.wrong(
            node, "A type is string, number, bool, any, or a form such as list(string) or object({ a = number })."
        )

    def word(self, node: Variable, legacy: bool) -> tuple[Type, Defaults | None]:
        name = node.name
        if name in _PRIMITIVES:
            return _PRIMITIVES[name], None
        if name in ("list", "map") and legacy:
            return _COLLECTIONS[name](DYNAMIC), None
        if name in _COLLECTIONS:
            return self.wrong(node, f"The type {name} needs the type of its elements, as in {name}(string).")
        if name == "object":
            return self.wrong(node, "The type object needs its attributes, as in object({ a = string }).")
        if name == "tuple":
            return self.wrong(node, "The type tuple needs the types of its items, as in tuple([string, number]).")
        return self.wrong(node, f'"{name}" is no type.{did_you_mean(name, _WORDS)}')

    def call(self, node: Call) -> tuple[Type, Defaults | None]:
        name = node.name
        if name in _PRIMITIVES:
            return self.wrong(node, f"The type {name} is written without parentheses.")
        if name == "optional":
            return self.wrong(node, "optional(…) is for the attributes of an object type only.")
        if name not in _WORDS:
            return self.wrong(node, f'"{name}" is no type.{did_you_mean(name, _WORDS)}')
        if len(node.arguments) != 1 or node.expand:
            return self.wrong(node, f"The type {name} takes one argument, not {len(node.arguments)}.")
        argument = node.arguments[0]
        if name == "object":
            return self.read_object(argument)
        if name == "tuple":
            return self.read_tuple(argument)
        element, defaults = self.read(argument)
        made = _COLLECTIONS[name](element)
        return made, _defaults(made, {}, {"": defaults})

    def read_tuple(self, node: Expression) -> tuple[Type, Defaults | None]:
        if not isinstance(node, TupleItems):
            return self.wrong(node, "The type tuple takes the types of its items in brackets: tuple([string, number]).")
        items = [self.read(item) for item in node.items]
        made = TupleType(item for item, _ in items)
        return made, _defaults(made, {}, {str(at): defaults for at, (_, defaults) in enumerate(items)})

    def read_object(self, node: Expression) -> tuple[Type, Defaults | None]:
        if not isinstance(node, ObjectItems):
            return self.wrong(node, "The type object takes its attributes in braces: object({ a = string }).")
        attributes: dict[str, Type] = {}
        optional: list[str] = []
        values: dict[str, Value] = {}
        children: dict[str, Defaults | None] = {}
        for key, given in node.items:
            name = key.name if isinstance(key, Variable) else key.value if isinstance(key, Literal) else None
            if not isinstance(name, str):
                self.wrong(key, "The attributes of an object type have plain names.")
                continue
            if name in attributes:
                self.wrong(key, f'The attribute "{name}" is there twice.')
                continue
            if isinstance(given, Call) and given.name == "optional":
                attributes[name], children[name] = self.optional(given, name, values)
                optional.append(name)
            else:
                attributes[name], children[name] = self.read(given)
        made = ObjectType(attributes, optional)
        return made, _defaults(made, values, children)

    def optional(self, node: Call, name: str, values: dict[str, Value]) -> tuple[Type, Defaults | None]:
        """The type in `optional(type, default)`; its default goes into `values`."""
        if not 1 <= len(node.arguments) <= 2 or node.expand:
            return self.wrong(node, "optional takes the attribute's type, and perhaps its default.")
        type, defaults = self.read(node.arguments[0])
        if len(node.arguments) == 2:
            default = self.constant(node.arguments[1])
            if default is not None:
                try:
                    values[name] = convert(defaults.apply(default) if defaults is not None else default, type)
                except ConversionError as error:
                    detail = f'The default of the attribute "{name}" does not suit its type: {error}.'
                    place = Range(self.source, node.arguments[1].start, node.arguments[1].end)
                    self.problems.append(Diagnostic("invalid-default", "Invalid default", detail, place))
        return type, defaults

    def constant(self, node: Expression) -> Value | None:
        """The value of a default, which may refer to nothing; None if it has none, which is told."""
        try:
            compiled = compile_expression(node, self.source)
            if compiled.references:
                detail = "A default within a type must be a constant: it may refer to nothing."
                self.problems.append(
                    Diagnostic("default-not-constant", "Default is not constant", detail, compiled.references[0].range)
                )
                return None
            if compiled.functions:
                detail = "A default within a type must be a constant: no function may be called here."
                self.problems.append(
                    Diagnostic("default-not-constant", "Default is not constant", detail, compiled.range)
                )
                return None
            value = compiled.evaluate(MappingScope())
        except DiagnosticError as error:
            self.problems += error.diagnostics
            return None
        return None if isinstance(value, Unknown) else value
