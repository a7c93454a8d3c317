"""Generated configuration: what is written is read back as it was meant."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl import parse_expression, parse_file
from vwplan.hcl import syntax as s
from vwplan.hcl.format import format_text
from vwplan.hcl.lexer import nfc
from vwplan.hcl.quoting import quoted
from vwplan.hcl.writer import Raw, WrittenBlock, write_blocks


def test_import_block() -> None:
    blocks = [
        WrittenBlock("import", (), {"to": Raw('workspace.login["a"]'), "id": 'host/"odd" ${name}'}),
        WrittenBlock(
            "workspace",
            ("login",),
            {"tags": {"for": 1, "a b": [True, None]}},
            (WrittenBlock("nic", (), {"network": Raw("network.x")}),),
        ),
    ]
    assert write_blocks(blocks) == (
        "import {\n"
        '  to = workspace.login["a"]\n'
        '  id = "host/\\"odd\\" $${name}"\n'
        "}\n"
        "\n"
        'workspace "login" {\n'
        "  tags = {\n"
        '    "for" = 1,\n'
        '    "a b" = [\n'
        "      true,\n"
        "      null,\n"
        "    ],\n"
        "  }\n"
        "  nic {\n"
        "    network = network.x\n"
        "  }\n"
        "}\n"
    )


@pytest.mark.parametrize(
    "text", ['"$${a ${b}}"', "l.*.c[0]", "[for x in y : x]", "a ? b : c", "{ for k, v in m : k => v... }"]
)
def test_expressions_are_written_as_they_are(text: str) -> None:
    assert f"  x = {text}\n" in write_blocks([WrittenBlock("a", (), {"x": Raw(text)})])


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(DiagnosticError):
        write_blocks([WrittenBlock("a", (), {"x": Raw("1\nb = 2")})])


WORDS = st.text(
    st.one_of(st.sampled_from('${}%"\\\n\t~ raw-expression-0'), st.characters(exclude_categories=["Cs"])), max_size=8
)
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.just(Fraction(1, 4))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=5,
)


def _value(node: Any) -> Any:
    match node:
        case s.Literal(value):
            return value
        case s.Unary("-", s.Literal(value)):
            assert isinstance(value, int | Fraction)
            return -value
        case s.TupleItems(items):
            return [_value(item) for item in items]
        case s.ObjectItems(items):
            return {key.name if isinstance(key, s.Variable) else _value(key): _value(value) for key, value in items}
    raise AssertionError(node)


def _composed(value: Any) -> Any:
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    return {_composed(key): _composed(item) for key, item in value.items()} if isinstance(value, dict) else value


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b-c", "labels", "for"]), VALUES), st.lists(WORDS, max_size=2))
def test_what_is_written_is_read_back(arguments: dict[str, Any], labels: list[str]) -> None:
    text = write_blocks([WrittenBlock("x", tuple(labels), arguments)])
    assert format_text(text) == text
    body, problems = parse_file(Source("test", text))
    assert not problems
    (block,) = body.blocks
    assert [label.text for label in block.labels] == [nfc(label) for label in labels]
    read = {name: _value(attribute.expression) for name, attribute in block.body.attributes.items()}
    assert read == _composed(arguments)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_is_read_back(text: str) -> None:
    node, problems = parse_expression(Source("test", quoted(text)))
    assert not problems
    assert isinstance(node, s.Literal)
    assert node.value == nfc(text)
