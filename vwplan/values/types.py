"""Types of values: primitives, collections of one element type, tuples and objects, and `DYNAMIC` for not yet known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Type:
    """A type. Types are immutable, hashable, compared by structure, and shared freely."""

    __slots__ = ()

    @property
    def friendly(self) -> str:
        """The type named in prose, such as `list of string`; `any single type` stands for an element of any type."""
        raise NotImplementedError

    @property
    def short(self) -> str:
        """The type named in prose as the type of a value that is there, such as `list of dynamic`."""
        return self.friendly

    def __str__(self) -> str:
        return type_text(self)


class Primitive(Type):
    """`string`, `number`, `bool`, or `dynamic`: a type without parts. There are four, and no more are made."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def friendly(self) -> str:
        return "any type" if self.name == "dynamic" else self.name

    @property
    def short(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Primitive) and self.name == other.name)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name.upper()


STRING = Primitive("string")
NUMBER = Primitive("number")
BOOL = Primitive("bool")
DYNAMIC = Primitive("dynamic")
"""The type of a value whose type is not known yet; as a constraint, any type."""


class _Collection(Type):
    __slots__ = ("_hash", "element")
    word = ""

    def __init__(self, element: Type) -> None:
        self.element = element
        self._hash = hash((self.word, element))

    @property
    def friendly(self) -> str:
        inner = "any single type" if self.element is DYNAMIC else self.element.friendly
        return f"{self.word} of {inner}"

    @property
    def short(self) -> str:
        return f"{self.word} of {self.element.short}"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and isinstance(other, _Collection) and self.element == other.element

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.element!r})"


class ListType(_Collection):
    """A list: elements of one type, in order, found by whole numbers from 0."""

    __slots__ = ()
    word = "list"


class SetType(_Collection):
    """A set: elements of one type, each once, found by nothing but themselves."""

    __slots__ = ()
    word = "set"


class MapType(_Collection):
    """A map: elements of one type, found by strings."""

    __slots__ = ()
    word = "map"


class TupleType(Type):
    """A tuple: a fixed number of items, each of a type of its own."""

    __slots__ = ("_hash", "items")

    def __init__(self, items: Iterable[Type]) -> None:
        self.items = tuple(items)
        self._hash = hash(("tuple", self.items))

    @property
    def friendly(self) -> str:
        return "tuple"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, TupleType) and self._hash == other._hash and self.items == other.items

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"TupleType({list(self.items)!r})"


class ObjectType(Type):
    """An object: named attributes, each of a type of its own.

    `attributes` is sorted by name and must not be changed. `optional` names those that a value may leave out when it is
    converted to this type; a value's own type never has any.
    """

    __slots__ = ("_hash", "attributes", "optional")

    def __init__(self, attributes: Mapping[str, Type], optional: Iterable[str] = ()) -> None:
        self.attributes: Mapping[str, Type] = {name: attributes[name] for name in sorted(attributes)}
        self.optional = frozenset(optional)
        if not self.optional <= self.attributes.keys():
            raise ValueError("an optional attribute is not among the attributes")
        self._hash = hash(("object", tuple(self.attributes.items()), self.optional))

    @property
    def friendly(self) -> str:
        return "object"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, ObjectType)
            and self._hash == other._hash
            and self.attributes == other.attributes
            and self.optional == other.optional
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        optional = f", optional={sorted(self.optional)!r}" if self.optional else ""
        return f"ObjectType({dict(self.attributes)!r}{optional})"


EMPTY_TUPLE = TupleType(())
EMPTY_OBJECT = ObjectType({})


def is_primitive(type: Type) -> bool:
    """Whether a type is string, number or bool."""
    return isinstance(type, Primitive) and type is not DYNAMIC


def is_dynamic(type: Type) -> bool:
    """Whether a type is, or anywhere within holds, `DYNAMIC`."""
    match type:
        case ListType() | SetType() | MapType():
            return is_dynamic(type.element)
        case TupleType():
            return any(is_dynamic(item) for item in type.items)
        case ObjectType():
            return any(is_dynamic(item) for item in type.attributes.values())
    return type == DYNAMIC


def without_optional(type: Type) -> Type:
    """The type with every optional attribute, at any depth, made an ordinary one."""
    match type:
        case ListType() | SetType() | MapType():
            element = without_optional(type.element)
            return type if element is type.element else type.__class__(element)
        case TupleType():
            items = tuple(without_optional(item) for item in type.items)
            return type if all(a is b for a, b in zip(items, type.items, strict=True)) else TupleType(items)
        case ObjectType():
            attributes = {name: without_optional(item) for name, item in type.attributes.items()}
            if not type.optional and all(attributes[name] is item for name, item in type.attributes.items()):
                return type
            return ObjectType(attributes)
    return type


def type_text(type: Type) -> str:
    """The type as Terraform's `type()` prints it: objects and tuples over several lines, indented by four."""
    out: list[str] = []
    _write(type, out, "\n")
    return "".join(out)


def _write(type: Type, out: list[str], line: str) -> None:
    inner = line + "    "
    match type:
        case ListType() | SetType() | MapType():
            out.append(f"{type.word}(")
            if isinstance(type.element, TupleType | ObjectType):
                out.append(inner)
                _write(type.element, out, inner)
                out.append("," + line)
            else:
                _write(type.element, out, line)
            out.append(")")
        case TupleType():
            out.append("tuple([")
            for item in type.items:
                out.append(inner)
                _write(item, out, inner)
                out.append(",")
            out.append(line + "])" if type.items else "])")
        case ObjectType():
            out.append("object({")
            for name, item in type.attributes.items():
                out.append(f"{inner}{name}: ")
                _write(item, out, inner)
                out.append(",")
            out.append(line + "})" if type.attributes else "})")
        case Primitive():
            out.append(type.name)
