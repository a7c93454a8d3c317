"""Values: types in words, conversion, sets, marks, equality, and the ways to plain Python and JSON and back."""

from __future__ import annotations

import json

import pytest

from vwplan.values import (
    BOOL,
    DYNAMIC,
    NULL,
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
    Refinement,
    Sensitive,
    SetType,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    convert,
    equal,
    from_json,
    from_plain,
    mark,
    parse_number,
    same,
    set_value,
    to_json,
    to_plain,
    type_from_json,
    type_of,
    type_text,
    type_to_json,
    unify,
    unmark_deep,
)
from vwplan.values.text import clusters

SECRET = frozenset({"sensitive"})


def obj(**items: Value) -> ObjectValue:
    return ObjectValue(items)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        pytest.param(ListType(STRING), "list(string)", id="a collection of primitives stays on one line"),
        pytest.param(ListType(ListType(DYNAMIC)), "list(list(dynamic))", id="an unknown type is dynamic"),
        pytest.param(ObjectType({}), "object({})", id="an empty object stays on one line"),
        pytest.param(
            ListType(ObjectType({})), "list(\n    object({}),\n)", id="an object in a list has lines of its own"
        ),
        pytest.param(
            TupleType([ObjectType({"b": BOOL, "a": NUMBER})]),
            "tuple([\n    object({\n        a: number,\n        b: bool,\n    }),\n])",
            id="attributes are sorted, and depth indents",
        ),
    ],
)
def test_type_text(type: Type, text: str) -> None:
    assert type_text(type) == text


@pytest.mark.parametrize(
    ("value", "type", "wanted"),
    [
        pytest.param(1, STRING, "1", id="a number is a string"),
        pytest.param(True, STRING, "true", id="a bool is a string"),
        pytest.param("1e3", NUMBER, 1000, id="a string that is a number is one"),
        pytest.param("1", BOOL, True, id="the string 1 is true"),
        pytest.param(
            TupleValue([1, "a"]), ListType(DYNAMIC), ListValue(STRING, ["1", "a"]), id="a list of any finds its type"
        ),
        pytest.param(TupleValue([]), ListType(DYNAMIC), ListValue(DYNAMIC, []), id="an empty list of any stays open"),
        pytest.param(TupleValue([]), ListType(STRING), ListValue(STRING, []), id="an empty list has its type"),
        pytest.param(
            TupleValue([2, 1, 2]), SetType(DYNAMIC), set_value(NUMBER, [1, 2]), id="a set sorts and drops doubles"
        ),
        pytest.param(
            TupleValue([obj(a=1), obj(b=2)]),
            ListType(DYNAMIC),
            ListValue(MapType(NUMBER), [MapValue(NUMBER, {"a": 1}), MapValue(NUMBER, {"b": 2})]),
            id="objects that differ become maps",
        ),
        pytest.param(
            obj(a=1, c=True),
            ObjectType({"a": STRING, "b": NUMBER}, ["b"]),
            obj(a="1", b=Null(NUMBER)),
            id="an optional attribute is null, a surplus one goes",
        ),
        pytest.param(
            MapValue(STRING, {"a": "1"}),
            ObjectType({"a": NUMBER}),
            obj(a=1),
            id="a map with the right keys is an object",
        ),
        pytest.param(NULL, STRING, Null(STRING), id="null takes the type"),
        pytest.param(Unknown(DYNAMIC), STRING, Unknown(STRING), id="an unknown takes the type"),
        pytest.param(
            Unknown(TupleType([NUMBER, NUMBER]), Refinement(not_null=True)),
            ListType(STRING),
            ListValue(STRING, [Unknown(STRING), Unknown(STRING)]),
            id="an unknown tuple becomes a list of as many unknown elements",
        ),
        pytest.param(
            Unknown(TupleType([NUMBER, NUMBER])),
            ListType(STRING),
            Unknown(ListType(STRING), Refinement(min_length=2, max_length=2)),
            id="one that may be null tells only how long its list would be",
        ),
        pytest.param(
            TupleValue([mark("a", SECRET)]),
            ListType(STRING),
            ListValue(STRING, [mark("a", SECRET)]),
            id="a list keeps the marks of its elements",
        ),
        pytest.param(
            TupleValue([mark("a", SECRET)]),
            SetType(STRING),
            mark(set_value(STRING, ["a"]), SECRET),
            id="a set takes them on",
        ),
    ],
)
def test_conversion(value: Value, type: Type, wanted: Value) -> None:
    made = convert(value, type)
    assert made == wanted
    assert type_of(made) == type_of(wanted)
    assert same(convert(made, type), made)


@pytest.mark.parametrize(
    ("value", "type", "reason"),
    [
        pytest.param("x", NUMBER, "a number is required", id="a string that is no number"),
        pytest.param("True", BOOL, 'must be "true"', id="a bool in the wrong case says the right one"),
        pytest.param(True, NUMBER, "a number is required, not a bool", id="bools and numbers do not mix"),
        pytest.param(obj(), ObjectType({"a": STRING}), 'attribute "a" is required', id="a missing attribute is named"),
        pytest.param(
            TupleValue([TupleValue([])]), ListType(STRING), "element 0: a string is required", id="the element is named"
        ),
        pytest.param(
            TupleValue(["1", "x"]), ListType(NUMBER), "[1]: a number is required", id="the path leads to the part"
        ),
        pytest.param(TupleValue([obj(a=1), "x"]), ListType(DYNAMIC), "must have the same type", id="no type in common"),
    ],
)
def test_refused_conversion(value: Value, type: Type, reason: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(value, type)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        pytest.param([NUMBER, STRING], STRING, id="string is the most general primitive"),
        pytest.param([NUMBER, BOOL], None, id="number and bool have nothing in common"),
        pytest.param([SetType(NUMBER), TupleType([])], SetType(NUMBER), id="a tuple can become a set"),
        pytest.param([ListType(NUMBER), SetType(NUMBER)], ListType(NUMBER), id="a list is preferred to a set"),
        pytest.param(
            [TupleType([NUMBER]), TupleType([STRING])], TupleType([STRING]), id="tuples of one length go item by item"
        ),
        pytest.param([TupleType([NUMBER]), TupleType([])], ListType(NUMBER), id="tuples of several become a list"),
        pytest.param([ObjectType({}), TupleType([])], None, id="an object is never a tuple"),
        pytest.param([DYNAMIC, STRING], STRING, id="dynamic becomes what the others are"),
        pytest.param([DYNAMIC, ObjectType({})], DYNAMIC, id="dynamic beside an object leaves all open"),
    ],
)
def test_unification(types: list[Type], wanted: Type | None) -> None:
    assert unify(types) == wanted


def test_sets_stand_in_order_whatever_they_hold() -> None:
    objects = set_value(ObjectType({"a": NUMBER}), [obj(a=2), obj(a=1), obj(a=2)])
    assert to_plain(objects) == [{"a": 1}, {"a": 2}]
    mixed = set_value(STRING, ["b", Null(STRING), Unknown(STRING), "a", "é", "z"])
    assert to_plain(mixed) == ["a", "b", "z", "é", Unknown(STRING), None]


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        pytest.param(1, True, False, id="one is not true"),
        pytest.param(NULL, Null(STRING), True, id="nulls of any type are equal"),
        pytest.param(TupleValue([1]), ListValue(NUMBER, [1]), False, id="a tuple is not a list"),
        pytest.param(Unknown(STRING), "a", Unknown(BOOL, Refinement(not_null=True)), id="an unknown may be equal"),
        pytest.param(Unknown(STRING), 1, False, id="an unknown of another type is not"),
        pytest.param(Unknown(STRING, Refinement(prefix="x")), "a", False, id="a known prefix rules it out"),
        pytest.param(Unknown(STRING, Refinement(not_null=True)), NULL, False, id="what is not null is not null"),
        pytest.param(
            TupleValue([Unknown(NUMBER), 1]),
            TupleValue([1, 1]),
            Unknown(BOOL, Refinement(not_null=True)),
            id="unknown within",
        ),
        pytest.param(mark("a", SECRET), "a", mark(True, SECRET), id="the answer about a secret is a secret"),
    ],
)
def test_equality(a: Value, b: Value, wanted: Value) -> None:
    assert same(equal(a, b), wanted)
    assert same(equal(b, a), wanted)


def test_plain_python_hides_secrets_and_comes_back() -> None:
    value = obj(a=mark("hunter2", SECRET), b=TupleValue([1, parse_number("0.5"), NULL]), c=Unknown(STRING))
    plain = to_plain(value)
    assert "hunter2" not in repr(plain)
    assert "hunter2" not in repr(value)
    assert isinstance(plain, dict) and plain["a"] == Sensitive("hunter2")
    assert same(from_plain(plain), value)


def test_marks_come_off_at_any_depth() -> None:
    bare, marks = unmark_deep(TupleValue([obj(a=mark(1, SECRET)), 2]))
    assert same(bare, TupleValue([obj(a=1), 2]))
    assert marks == SECRET


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(parse_number("0.1"), id="a fraction that a double names"),
        pytest.param(parse_number("3.14159265358979323846264338327950288"), id="a fraction that none names"),
        pytest.param(parse_number("1e100"), id="a large number"),
        pytest.param(ListValue(DYNAMIC, []), id="an empty list that is open"),
        pytest.param(Null(MapType(STRING)), id="a null with a type"),
        pytest.param(obj(a=set_value(NUMBER, [3, 1]), b=TupleValue(["x", True, NULL])), id="everything at once"),
    ],
)
def test_json_keeps_value_and_type(value: Value) -> None:
    written = json.loads(json.dumps(to_json(value)))
    assert same(from_json(written), value)


def test_a_type_constraint_survives_json() -> None:
    type = MapType(ObjectType({"a": STRING, "b": ListType(DYNAMIC)}, ["b"]))
    assert type_from_json(json.loads(json.dumps(type_to_json(type)))) == type


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("नमस्ते", ["न", "म", "स्", "ते"], id="consonants that only Unicode 15.1 joins"),
        pytest.param("क्\u200dषि", ["क्\u200d", "षि"], id="joined by hand"),
        pytest.param("ൎക a\r\nb", ["ൎക", " ", "a", "\r\n", "b"], id="a sign before its letter"),
        pytest.param("न👩‍❤️‍👩🇩🇪🇫🇷각", ["न", "👩‍❤️‍👩", "🇩🇪", "🇫🇷", "각"], id="beside emoji, flags and syllables"),
        pytest.param("न\u200b\u0301\u0600", ["न", "\u200b", "\u0301", "\u0600"], id="controls stand alone"),
    ],
)
def test_clusters_are_those_of_terraform(text: str, wanted: list[str]) -> None:
    assert clusters(text) == wanted
