"""What holds for any text: no traceback, exact ranges, and agreement with another reader where that one is sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import hcl2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vwplan.diagnostics import Source
from vwplan.hcl import parse_expression, parse_file, parse_template
from vwplan.hcl import syntax as s

FRAGMENTS = [
    *"{}[]()\"'`$%~=.,:;?<>!&|+-*/#@\n\r\t \\\0\u00a0“",
    *(
        "${",
        "%{",
        "%{ if ",
        "%{ for ",
        "%{ endif }",
        "$${",
        "<<A\n",
        "<<-A\n",
        "\nA\n",
        "//",
        "/*",
        "*/",
        "==",
        "=>",
        "...",
        "::",
    ),
    *(
        "a",
        "b",
        "for ",
        " in ",
        "if ",
        "null",
        "é",
        "e\u0301",
        "0",
        "1",
        "1.5",
        "1e5",
        '"x"',
        "[*]",
        ".*",
        "a = ",
        "x {\n",
        "}\n",
    ),
]
NOISE = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters())).map("".join)


@settings(max_examples=400, deadline=None)
@given(NOISE)
def test_any_text_gives_a_body_and_diagnostics(text: str) -> None:
    source = Source("test", text)
    body, problems = parse_file(source)
    for parse in (parse_expression, parse_template):
        node, told = parse(source)
        assert node is not None or told
        problems += told
    for problem in problems:
        assert problem.detail
        assert problem.subject is not None
        assert 0 <= problem.subject.start <= problem.subject.end <= len(text)
        assert str(problem.subject).startswith("test:")
    _check_body(body, len(text))


def _check_body(body: s.Body, length: int) -> None:
    assert 0 <= body.start <= body.end <= length
    for attribute in body.attributes.values():
        assert body.start <= attribute.start < attribute.name_end <= attribute.expression.start
        assert attribute.expression.end == attribute.end <= body.end
    for block in body.blocks:
        assert body.start <= block.start < block.kind_end <= block.header_end < block.body.start
        assert block.body.end <= block.end <= body.end
        _check_body(block.body, length)


NAMES = ["a", "b", "foo", "x-y", "_1", "größe", "each"]
LEAVES = [*NAMES, "1", "0.5", "true", "null", '"x"', '""', "<<A\n x\n  A\n"]
TEXTS = ["", "a.", " .", "\\n.", "é.", "$${.", "%.", "$.", "#.", "}."]
SPACES = ["", " ", "\n", " # why\n", "/* so */"]
# A is an expression, S is space that may hold line ends, N is a name, T is a text.
FORMS = [
    *(
        "(SAS)",
        "[SAS]",
        "[A,SA,]",
        "[]",
        "{}",
        "{ N = (A) }",
        "{N=(A),\nN : (A)\n\n}",
        "{(A) = (A)}",
        "N(SA,SA)",
        "N(A...)",
    ),
    *("A + A", "A == A", "A && A", "A * A", "A < A", "A - A", "-(A)", "!(A)", "ASS?SASS:SA"),
    *("(A).N", "(A).0", "(A)[SAS]", '(A)["k"]', "(A)[*].N[0]", "(A).*.N", "(A).*.N[0]", "N.N.N"),
    *('"T${SAS}T"', '"${A}"', '"T%{ if A }T%{ else }T${A}%{ endif }"', '"%{ for N in A ~}T%{ endfor }"'),
    *("[for N in A : A]", "[for N, N in A : A if A]", "{for N in ASS:SASS=>SA}", "{for N in A : A => A... if A}"),
]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """The text of a valid expression, which may go on over lines only in brackets."""
    if not depth:
        return draw(st.sampled_from(LEAVES))
    parts: list[str] = []
    for letter in draw(st.sampled_from(FORMS)):
        if letter == "A":
            parts.append(draw(expressions(depth=draw(st.integers(0, depth - 1)))))
        else:
            choices = {"S": SPACES, "N": NAMES, "T": TEXTS}.get(letter, [letter])
            parts.append(draw(st.sampled_from(choices)))
    return "".join(parts)


def nodes(node: Any) -> Iterator[Any]:
    """Every expression of a tree but those that stand on an element of a splat."""
    if isinstance(node, s.Splat):
        yield node
        children = [node.source]
    elif isinstance(node, s.Template | s.TemplateIf | s.TemplateFor):
        if isinstance(node, s.Template):
            yield node
        # Text between sequences is no expression by itself.
        parts = [
            part
            for value in node
            if isinstance(value, tuple)
            for part in (value if not hasattr(value, "_fields") else (value,))
        ]
        children = [part for part in parts if not (isinstance(part, s.Literal) and isinstance(part.value, str))]
    elif hasattr(node, "_fields"):
        yield node
        children = list(node)
    elif isinstance(node, tuple):
        children = list(node)
    else:
        return
    for child in children:
        yield from nodes(child)


def shape(node: Any) -> Any:
    """A tree without its places."""
    if hasattr(node, "_fields"):
        kept = [
            shape(value)
            for name, value in zip(node._fields, node, strict=True)
            if name not in ("start", "end", "name_end")
        ]
        return (type(node).__name__, *kept)
    return tuple(shape(each) for each in node) if isinstance(node, tuple) else (type(node).__name__, node)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions())
def test_every_range_holds_the_text_of_its_node(text: str) -> None:
    whole = f"(\n{text}\n)"
    tree, problems = parse_expression(Source("test", whole))
    assert not problems
    for node in nodes(tree):
        part = whole[node.start : node.end]
        again, problems = parse_expression(Source("part", f"(\n{part}\n)"))
        assert not problems, part
        assert isinstance(again, s.Parenthesised)
        assert shape(again.inner) == shape(node), part


def _plain(node: Any) -> Any:
    """What python-hcl2 gives for a literal value."""
    match node:
        case s.Literal(value):
            return float(value) if isinstance(value, Fraction) else value
        case s.TupleItems(items):
            return [_plain(item) for item in items]
        case s.ObjectItems(items):
            return {key.name if isinstance(key, s.Variable) else key.value: _plain(value) for key, value in items}
    raise AssertionError(node)


VALUES = st.recursive(
    st.sampled_from(["1", "0", "12.5", "true", "false", "null", '"x"', '"a b"', '""', '"a, b = {"']),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(st.sampled_from(["a", "b", '"c d"']), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["x", "y", "z-1"]), VALUES, min_size=1))
def test_another_reader_gives_the_same_values(values: dict[str, str]) -> None:
    text = "".join(f"{name} = {value}\n" for name, value in values.items())
    body, problems = parse_file(Source("test", text))
    assert not problems
    options = hcl2.SerializationOptions(strip_string_quotes=True)
    other = hcl2.loads(text, serialization_options=options)
    assert {name: _plain(attribute.expression) for name, attribute in body.attributes.items()} == {
        name: value for name, value in other.items() if not name.startswith("__")
    }


@pytest.mark.parametrize("text", ['"$${a ${b}}"', "l.*.c[0]"])
def test_where_the_other_reader_is_not_sound(text: str) -> None:
    """The two texts that rule python-hcl2 out as our reader are read rightly here; see the trees for how."""
    node, problems = parse_expression(Source("test", text))
    assert not problems
    assert isinstance(node, s.Template | s.Index)
