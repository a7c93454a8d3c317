"""Type constraints: what they come to, what their defaults do, and what is said where they are wrong."""

from __future__ import annotations

import pytest

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.parser import parse_expression
from vwplan.hcl.typeexpr import Defaults, parse_type
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
    convert,
    from_plain,
    to_plain,
)


def read(text: str) -> tuple[Type, Defaults | None]:
    source = Source("test", text)
    expression, problems = parse_expression(source)
    assert expression is not None and not problems
    return parse_type(expression, source)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("string", STRING),
        ("any", DYNAMIC),
        ("list(set(map(bool)))", ListType(SetType(MapType(BOOL)))),
        ("list", ListType(DYNAMIC)),
        ("tuple([string, number])", TupleType([STRING, NUMBER])),
        ("object({})", ObjectType({})),
        ("object({ a = string, b = optional(number) })", ObjectType({"a": STRING, "b": NUMBER}, ["b"])),
        ('object({ "a" = string })', ObjectType({"a": STRING})),
    ],
)
def test_types_are_read(text: str, wanted: Type) -> None:
    assert read(text)[0] == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("strin", 'Did you mean "string"', id="a near miss"),
        pytest.param("set", "the type of its elements", id="a collection of what"),
        pytest.param('"string"', "without quotes", id="quotes"),
        pytest.param("string()", "without parentheses", id="parentheses"),
        pytest.param("list(string, number)", "takes one argument", id="two arguments"),
        pytest.param("object({ a = optional() })", "optional takes", id="optional what"),
        pytest.param("tuple([optional(string)])", "attributes of an object type only", id="optional elsewhere"),
        pytest.param('object({ a = optional(number, "x") })', "a number is required", id="a default of another type"),
        pytest.param("object({ a = optional(string, b) })", "must be a constant", id="a default that refers"),
        pytest.param("object({ a = string, a = number })", "there twice", id="an attribute twice"),
        pytest.param('object({ a = optional(string, upper("b")) })', "no function", id="a default that calls"),
        pytest.param("1 + 1", "A type is", id="no type at all"),
        pytest.param("(string)", "A type is", id="a type in parentheses"),
        pytest.param("object([string])", "in braces", id="brackets for braces"),
    ],
)
def test_what_is_no_type_is_told(text: str, said: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read(text)
    assert said in caught.value.diagnostics[0].detail


def test_all_problems_of_a_type_are_told_at_once() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read("object({ a = strin, b = list, c = optional(bool, 5) })")
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize(
    ("type", "given", "wanted"),
    [
        pytest.param('object({ a = optional(string, "d") })', {}, {"a": "d"}, id="left out"),
        pytest.param('object({ a = optional(string, "d") })', {"a": None}, {"a": "d"}, id="null"),
        pytest.param("object({ a = optional(string) })", {}, {"a": None}, id="without a default"),
        pytest.param(
            'object({ a = optional(object({ b = optional(number, 1), c = optional(string, "x") }), { b = 2 }) })',
            {},
            {"a": {"b": 2, "c": "x"}},
            id="a default has defaults within",
        ),
        pytest.param(
            "list(object({ a = string, b = optional(number, 1) }))",
            [{"a": "x"}, {"a": "y", "b": 2}],
            [{"a": "x", "b": 1}, {"a": "y", "b": 2}],
            id="elements that differ",
        ),
        pytest.param(
            "map(object({ b = optional(number, 1) }))",
            {"x": {}, "y": {"b": "3"}},
            {"x": {"b": 1}, "y": {"b": 3}},
            id="a map",
        ),
        pytest.param("tuple([object({ b = optional(number, 1) }), string])", [{}, "x"], [{"b": 1}, "x"], id="a tuple"),
    ],
)
def test_defaults_stand_in(type: str, given: object, wanted: object) -> None:
    constraint, defaults = read(type)
    value = from_plain(given)
    made = convert(defaults.apply(value) if defaults else value, constraint)
    assert to_plain(made) == wanted


def test_a_type_without_defaults_has_none() -> None:
    assert read("list(object({ a = optional(string) }))")[1] is None
