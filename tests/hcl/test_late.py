"""Late values: what is computed at apply from the plan alone is what would have been computed with everything known."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import MappingScope, NoFiles, Planning, compile_expression
from vwplan.hcl.late import anchored, known_value, unsealed
from vwplan.hcl.late_json import late_from_json, late_to_json
from vwplan.hcl.parser import parse_expression
from vwplan.values import (
    SENSITIVE,
    STRING,
    FactOf,
    Late,
    Marked,
    ObjectValue,
    Unknown,
    Value,
    from_plain,
    is_whole,
    mark,
    same,
    to_plain,
    type_of,
    unmark_deep,
)

sys.path.insert(0, str(Path(__file__).parent))
from differential import _compound, _leaf

EXPRESSIONS = st.recursive(st.one_of(_leaf(), st.sampled_from(["w.head.fact", "w.head", "v"])), _compound, max_leaves=6)
FACTS = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), st.sampled_from(["", "a", "10.0.0.1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@dataclass
class Record:
    """What was recorded of one resource."""

    facts: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)


def planned(text: str, fact: Value, v: object = 1, *, hidden: bool = False) -> tuple[Value | None, Value | None]:
    """The value while the fact is late, each unknown leaf saying how it will be known; and the value when it is known."""

    def run(scope: MappingScope) -> Value | None:
        try:
            return anchored(compiled.evaluate(scope), compiled, scope)
        except DiagnosticError:
            return None

    source = Source("test", text)
    tree, problems = parse_expression(source)
    if tree is None or problems:
        return None, None
    compiled = compile_expression(tree, source)
    late = Late(type_of(fact), FactOf("workspace.head", ("fact",)))

    def scope(value: Value) -> MappingScope:
        known = mark(from_plain(v), frozenset({SENSITIVE})) if hidden else from_plain(v)
        return MappingScope({"w": ObjectValue({"head": ObjectValue({"fact": value})}), "v": known})

    return run(scope(late)), run(scope(fact))


def through_json(value: Value) -> Value:
    """The value with each late leaf written as JSON and read again, its secrets being given again."""
    if isinstance(value, Late):
        secrets: dict[str, Value] = {}

        def seal(secret: Value) -> str:
            secrets[f"mac {len(secrets)}"] = unmark_deep(secret)[0]
            return f"mac {len(secrets) - 1}"

        return unsealed(late_from_json(json.loads(json.dumps(late_to_json(value, seal)))), secrets.__getitem__)
    if isinstance(value, Marked):
        return mark(through_json(value.value), value.marks)
    return value


def applied(value: Value, fact: object) -> Value:
    return known_value(value, lambda address: Record({"fact": fact}), NoFiles(), Planning())


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, FACTS, st.booleans())
def test_apply_computes_what_planning_would_have(text: str, plain: object, hidden: bool) -> None:
    fact = from_plain(plain)
    late, wanted = planned(text, fact, hidden=hidden)
    if late is None or wanted is None or is_whole(late):
        return
    try:
        found = applied(through_json(late), plain)
    except DiagnosticError as error:
        # The type may have been open while planning, and turn out otherwise.
        assert any(each.code == "still-unknown" for each in error.diagnostics)
        return
    assert to_plain(unmark_deep(found)[0]) == to_plain(unmark_deep(wanted)[0]), (text, plain)


@pytest.mark.parametrize(
    ("text", "fact", "wanted"),
    [
        ("w.head.fact", "10.0.0.1", "10.0.0.1"),
        ('"http://${w.head.fact}:80/"', "10.0.0.1", "http://10.0.0.1:80/"),
        ('[for i in range(2) : "${w.head.fact}-${i}"]', "x", ["x-0", "x-1"]),
        ("{ a = w.head.fact, b = v }", "x", {"a": "x", "b": 1}),
        ("w.head.fact.a[0]", {"a": [7]}, 7),
        ("jsonencode(w.head)", "x", '{"fact":"x"}'),
    ],
)
def test_late_expressions_are_carried_with_their_inputs(text: str, fact: object, wanted: object) -> None:
    late, _ = planned(text, from_plain(fact))
    assert late is not None and not is_whole(late)
    assert to_plain(applied(late, fact)) == wanted


def test_a_late_value_of_a_late_value_is_carried_too() -> None:
    first, _ = planned('"${w.head.fact}!"', "x")
    assert isinstance(first, Late)
    source = Source("test", "upper(a)")
    tree, _ = parse_expression(source)
    assert tree is not None
    compiled = compile_expression(tree, source)
    scope = MappingScope({"a": first})
    second = through_json(anchored(compiled.evaluate(scope), compiled, scope))
    assert same(applied(second, "x"), "X!")


def test_what_nothing_tells_is_an_error_that_says_so() -> None:
    late, _ = planned("w.head.fact", "x")
    assert isinstance(late, Unknown)
    with pytest.raises(DiagnosticError) as caught:
        known_value(late, lambda address: None, NoFiles(), Planning())
    assert "workspace.head" in caught.value.diagnostics[0].detail


def test_what_goes_wrong_only_at_apply_is_told_where_it_stands() -> None:
    source = Source("main.vw.hcl", "\n\n  value = 1 / (length(fact) - 1)")
    expression, _ = parse_expression(Source("main.vw.hcl", "\n\n          1 / (length(fact) - 1)"))
    assert expression is not None
    compiled = compile_expression(expression, source)
    scope = MappingScope({"fact": Late(STRING, FactOf("workspace.head", ("fact",)))})
    late = through_json(anchored(compiled.evaluate(scope), compiled, scope))
    with pytest.raises(DiagnosticError) as caught:
        applied(late, "x")
    (problem,) = caught.value.diagnostics
    assert str(problem.subject) == "main.vw.hcl:3:11"
