"""HCL in JSON: the same bodies, places exact, and the mistakes JSON invites."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwplan.diagnostics import Diagnostic, Source
from vwplan.hcl import syntax as s
from vwplan.hcl.jsonsyntax import parse_json, parse_json_values


class Schema:
    """Blocks: workspace with one label, data with two, nic with none; depends_on is bare, default is text."""

    def labels(self, name: str) -> int | None:
        return {"workspace": 1, "nic": 0, "data": 2}.get(name)

    def inside(self, name: str, labels: tuple[str, ...]) -> Schema:
        return self

    def is_bare(self, name: str) -> bool:
        return name == "depends_on"

    def is_text(self, name: str) -> bool:
        return name == "default"


def parse(text: str) -> tuple[s.Body, tuple[Diagnostic, ...]]:
    return parse_json(Source("test.vw.json", text), Schema())


def outline(body: s.Body) -> list[Any]:
    return [*body.attributes, *((b.kind, *(label.text for label in b.labels), outline(b.body)) for b in body.blocks)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{}", [], id="nothing"),
        pytest.param('{"a": 1, "//": "why", "b": null}', ["a", "b"], id="arguments, and a comment"),
        pytest.param('[{"a": 1}, {"b": 2}]', ["a", "b"], id="a body in parts"),
        pytest.param('{"workspace": {"x": {"a": 1}}}', [("workspace", "x", ["a"])], id="a label"),
        pytest.param(
            '{"data": {"x": {"y": {}, "z": {}}}}', [("data", "x", "y", []), ("data", "x", "z", [])], id="two labels"
        ),
        pytest.param('{"nic": {"a": 1}}', [("nic", ["a"])], id="no label"),
        pytest.param('{"nic": [{"a": 1}, {}]}', [("nic", ["a"]), ("nic", [])], id="several blocks"),
        pytest.param(
            '{"workspace": [{"x": {}}, {"y": {}}]}',
            [("workspace", "x", []), ("workspace", "y", [])],
            id="labels in parts",
        ),
        pytest.param(
            '{"workspace": {"x": [{}, {}]}}',
            [("workspace", "x", []), ("workspace", "x", [])],
            id="several of one label",
        ),
        pytest.param('{"nic": null}', [], id="null is no block"),
        pytest.param('{"nic": [null]}', [("nic", [])], id="null among several is an empty one"),
        pytest.param('{"workspace": {"//": {}}}', [("workspace", "//", [])], id="a label is never a comment"),
        pytest.param('{"nic": []}', [], id="no blocks"),
        pytest.param('{"nic": {}, "nic": {}}', [("nic", []), ("nic", [])], id="blocks by one name twice"),
        pytest.param(
            '{"workspace": {"x": {"nic": {"a": 1}}}}', [("workspace", "x", [("nic", ["a"])])], id="blocks in blocks"
        ),
        pytest.param("\ufeff { } ", [], id="a byte order mark"),
    ],
)
def test_file_holds(text: str, expected: list[Any]) -> None:
    body, problems = parse(text)
    assert not problems
    assert outline(body) == expected


def expression(value: str, name: str = "a") -> tuple[str, s.Expression]:
    text = f'{{"{name}": {value}}}'
    body, problems = parse(text)
    assert not problems, problems
    return text, body.attributes[name].expression


def test_values() -> None:
    _, node = expression('[1, 1.5, -2e2, true, null, "x", {"k": "v"}]')
    assert isinstance(node, s.TupleItems)
    assert [item.value for item in node.items[:6] if isinstance(item, s.Literal)] == [
        1,
        Fraction(3, 2),
        -200,
        True,
        None,
        "x",
    ]
    last = node.items[6]
    assert isinstance(last, s.ObjectItems)
    assert [
        (key.value, value.value)
        for key, value in last.items
        if isinstance(key, s.Literal) and isinstance(value, s.Literal)
    ] == [("k", "v")]


def test_string_is_a_template_with_places_in_the_file() -> None:
    text, node = expression('"a ${b.c} d"')
    assert isinstance(node, s.Template)
    assert text[node.parts[1].start : node.parts[1].end] == "b.c"


def test_places_are_right_behind_escapes() -> None:
    text, node = expression(r'"\u00e9\n\ud83d\ude00 ${f(\"x\")}"')
    assert isinstance(node, s.Template)
    first, call = node.parts
    assert isinstance(first, s.Literal)
    assert first.value == "é\n😀 "
    assert text[call.start : call.end] == r"f(\"x\")"


def test_one_interpolation_keeps_its_type() -> None:
    _, node = expression('"${b}"')
    assert isinstance(node, s.Wrap)


def test_escaped_template_is_text() -> None:
    text, node = expression('"$${b}"')
    assert node == s.Literal("${b}", text.index('"$'), len(text) - 1)


def test_keys_of_objects_are_templates_too() -> None:
    _, node = expression('{"${b}": 1}')
    assert isinstance(node, s.ObjectItems)
    assert isinstance(node.items[0][0], s.Wrap)


def test_bare_argument_holds_expressions() -> None:
    text, node = expression('["workspace.a", "b[0]"]', "depends_on")
    assert isinstance(node, s.TupleItems)
    first, second = node.items
    assert isinstance(first, s.GetAttribute)
    assert isinstance(second, s.Index)
    assert text[first.start : first.end] == "workspace.a"


def test_values_file_has_no_templates() -> None:
    body, problems = parse_json_values(Source("x", '{"a": "${b}", "workspace": {"x": 1}}'))
    assert not problems
    a = body.attributes["a"].expression
    assert isinstance(a, s.Literal)
    assert a.value == "${b}"
    assert isinstance(body.attributes["workspace"].expression, s.ObjectItems)


def test_what_is_text_holds_no_template() -> None:
    _, node = expression('["${b", {"${c}": "%{ if"}]', "default")
    assert isinstance(node, s.TupleItems)
    first, second = node.items
    assert isinstance(first, s.Literal) and first.value == "${b"
    assert isinstance(second, s.ObjectItems)
    assert [(key.value, value.value) for key, value in second.items] == [("${c}", "%{ if")]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "operator", "nodes"),
    [(2_000, " + ", s.Binary), (2_000, " ? 1 : ", s.Conditional)],
    ids=["operators", "conditionals"],
)
def test_rows_may_be_long(row: int, operator: str, nodes: type) -> None:
    text, node = expression('"${' + operator.join(["a"] * row) + '}"')
    assert isinstance(node, s.Wrap)
    inner: Any = node.expression
    assert isinstance(inner, nodes)
    assert text[inner.start : inner.end] == operator.join(["a"] * row)
    last = inner.right if isinstance(inner, s.Binary) else inner.condition
    assert text[last.start : last.end] == "a"


MISTAKES = [
    ("nothing", "", "", "ends where"),
    ("a comma too many in an object", '{"a": 1,}', "}", "no comma"),
    ("a comma too many in an array", '{"a": [1,]}', "]", "no comma"),
    ("a missing comma", '{"a": 1 "b": 2}', '"b"', "comma"),
    ("an equals sign", '{"a" = 1}', "=", "colon"),
    ("a name without quotes", "{a: 1}", "a", "double quotes"),
    ("single quotes", "{\"a\": 'x'}", "'", "double quotes"),
    ("Python's constants", '{"a": True}', "True", 'Did you mean "true"?'),
    ("a comment", '{ // x\n"a": 1}', "/", "no comments"),
    ("a string over lines", '{"a": "x\ny"}', '"', "\\n"),
    ("an unknown escape", r'{"a": "\q"}', r"\q", "escape"),
    ("a leading zero", '{"a": 01}', "0", "leading zero"),
    ("an object left open", '{"a": 1', "{", "not closed"),
    ("an array left open", '{"a": [1', "[", "not closed"),
    ("something after", "{} 1", "1", "complete"),
]


@pytest.mark.parametrize(("text", "underlined", "words"), [pytest.param(*case[1:], id=case[0]) for case in MISTAKES])
def test_mistake_in_the_json(text: str, underlined: str, words: str) -> None:
    _, problems = parse(text)
    assert [problem.code for problem in problems] == ["invalid-json"]
    _check(problems[0], text, underlined, words)


def _check(problem: Diagnostic, text: str, underlined: str, words: str) -> None:
    assert problem.subject is not None
    assert text[problem.subject.start : problem.subject.end] == underlined
    assert words in problem.detail


@pytest.mark.parametrize(
    ("text", "code", "underlined", "words"),
    [
        pytest.param('{"a": 1, "a": 2}', "duplicate-argument", '"a"', "line 1", id="an argument twice"),
        pytest.param('{"a": {"k": 1, "k": 2}}', "duplicate-key", '"k"', "k already", id="a key twice"),
        pytest.param('{"workspace": 1}', "invalid-json", "1", "label", id="no object where labels are"),
        pytest.param('{"nic": [1]}', "invalid-json", "1", "block nic", id="no object where a block is"),
        pytest.param("5", "invalid-json", "5", "the file", id="no object at all"),
        pytest.param("null", "invalid-json", "null", "the file", id="null for a whole file"),
        pytest.param("[null]", "invalid-json", "null", "the file", id="null for a part of a file"),
        pytest.param('{"workspace": {}}', "invalid-json", "{}", "has a label", id="no label"),
        pytest.param('{"workspace": []}', "invalid-json", "[]", "has a label", id="no part with a label"),
        pytest.param('{"workspace": null}', "invalid-json", "null", "has a label", id="null where a label is"),
        pytest.param('{"data": {"x": {}}}', "invalid-json", "{}", "has a label", id="one of two labels"),
        pytest.param('{"a": "${b c}"}', "extra-characters", "c", "operator", id="a wrong template"),
        pytest.param('{"depends_on": ["a b"]}', "extra-characters", "b", "complete", id="a wrong reference"),
    ],
)
def test_mistake_in_the_content(text: str, code: str, underlined: str, words: str) -> None:
    _, problems = parse(text)
    assert [problem.code for problem in problems] == [code]
    _check(problems[0], text, underlined, words)


def test_nesting_without_end() -> None:
    for text in ("[" * 10_000, '{"a":' * 10_000, '{"a": ' + "[" * 10_000 + "]" * 10_000 + "}"):
        _, problems = parse(text)
        assert [problem.code for problem in problems] == ["invalid-json"]
        assert "nested" in problems[0].detail


NOISE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *'{}[]:,"\\',
                " ",
                "\n",
                '"a"',
                '"${b}"',
                '"nic"',
                '"workspace"',
                '"//"',
                "1",
                "-",
                "1e5",
                "true",
                "null",
                "\\u00",
            ]
        ),
        st.characters(),
    )
).map("".join)


@settings(max_examples=300, deadline=None)
@given(NOISE)
def test_any_text_gives_a_body_and_diagnostics(text: str) -> None:
    for body, problems in (parse(text), parse_json_values(Source("x", text))):
        assert 0 <= body.start <= body.end <= len(text)
        for problem in problems:
            assert problem.subject is not None
            assert 0 <= problem.subject.start <= problem.subject.end <= len(text)
