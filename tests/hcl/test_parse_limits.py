"""What is too deep, too large or made to be slow ends in a diagnostic, and soon."""

from __future__ import annotations

import time

import pytest

from vwplan.diagnostics import Source
from vwplan.hcl import parse_expression, parse_file, parse_template
from vwplan.hcl.evaluation.tree import references
from vwplan.hcl.parser_cursor import DEEPEST, LARGEST

DEEP = 10_000
_NESTED = {
    "parentheses": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "objects": ("{ a = ", "1", " }"),
    "calls": ("f(", "1", ")"),
    "indexes": ("a[", "0", "]"),
    "templates": ('"${', "a", '}"'),
    "directives": ("%{ if a }", "x", "%{ endif }"),
    "lists of for": ("[for a in ", "b", " : c]"),
    "conditionals to the left": ("a ? ", "b", " : c"),
    "signs": ("-", "1", ""),
    "negations": ("!", "a", ""),
    "attributes": ("", "a", ".b"),
    "legacy indexes": ("", "a", ".b.0"),
    "splats": ("", "a", "[*]"),
    "heredocs": ("<<A\n${", "a", "}\nA\n"),
}

RUNAWAY = 60
"""Seconds. No measure of speed: what is not linear in these texts takes minutes, or for ever."""


def nested(form: str, depth: int, *, closed: bool = True) -> str:
    """An expression nested so deep, its brackets closed or left open."""
    opening, middle, closing = _NESTED[form]
    text = opening * depth + middle + closing * (depth if closed or not opening else 0)
    return f'"{text}"' if form == "directives" else text


@pytest.mark.parametrize("form", _NESTED)
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "left open"])
def test_nesting_without_end(form: str, closed: bool) -> None:
    text = nested(form, DEEP, closed=closed)
    node, problems = parse_expression(Source("test", text))
    assert node is None
    assert [problem.code for problem in problems] == ["nested-too-deeply"]
    _, problems = parse_file(Source("test", f"x = {text}\n"))
    assert problems
    assert problems[0].code == "nested-too-deeply"


@pytest.mark.parametrize("form", _NESTED)
def test_nesting_that_is_allowed(form: str) -> None:
    node, problems = parse_expression(Source("test", nested(form, DEEPEST // 3)))
    assert not problems
    assert node is not None


def test_rows_are_not_nesting() -> None:
    # However long: generated specs have them.
    for text in ("1" + " + 1" * DEEP, "a" + " && b || c" * DEEP, "a ? b : " * DEEP + "c"):
        node, problems = parse_expression(Source("test", text))
        assert not problems
        assert node is not None
        assert (node.start, node.end) == (0, len(text))
        assert len(list(references(node, Source("test", text)))) == sum(map(text.count, "abc"))


def test_deep_blocks_are_told_once() -> None:
    for text in ("b {\n" * DEEP, "b {\n" * DEEP + "}\n" * DEEP):
        _, problems = parse_file(Source("test", text))
        assert [problem.code for problem in problems] == ["nested-too-deeply"]


def test_almost_no_room_on_the_stack() -> None:
    def call_deeper(left: int) -> None:
        if left:
            call_deeper(left - 1)
            return
        node, problems = parse_expression(Source("test", "[" * 100 + "]" * 100))
        assert node is None
        assert problems[0].code == "nested-too-deeply"

    call_deeper(800)


def test_text_of_a_hundred_million_characters() -> None:
    source = Source("test", "a" * 100_000_000)
    started = time.process_time()
    for parse in (parse_file, parse_expression, parse_template):
        _, problems = parse(source)
        assert [problem.code for problem in problems] == ["source-too-large"]
    assert time.process_time() - started < RUNAWAY
    assert len(source.text) > LARGEST


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 200_000, id="opening brackets"),
        pytest.param("a = [\n" * 40_000, id="a list left open on every line"),
        pytest.param("a = {\n" * 40_000, id="an object left open on every line"),
        pytest.param('a = "${\n' * 20_000, id="a template left open on every line"),
        pytest.param("x {\n  a = {\n    c = 1\n  b = 2\n}\n" * 4_000, id="a brace left open in every block"),
        pytest.param("a = <<A\n" * 40_000, id="a heredoc opened on every line"),
        pytest.param("/*" * 200_000, id="comments opened"),
        pytest.param("/*" + "*" * 400_000, id="stars in a comment left open"),
        pytest.param('a = "' + "\\" * 200_001, id="backslashes"),
        pytest.param('a = "' + "$" * 200_000 + '"', id="dollars"),
        pytest.param('a = "' + "$${" * 100_000 + '"', id="escaped openings"),
        pytest.param('a = "' + " ${~ b ~} " * 20_000 + '"', id="strip marks"),
        pytest.param("a = " + "1" * 1_000_000, id="digits"),
        pytest.param("a = 1." + "1" * 300_000, id="digits behind the point"),
        pytest.param("a = 1" + ".1" * 200_000, id="points in a number"),
        pytest.param("\n" * 400_000 + "a", id="empty lines"),
        pytest.param("\r" * 200_000, id="carriage returns"),
        pytest.param("\0" * 200_000, id="zero bytes"),
        pytest.param("é" * 400_000, id="a long name"),
        pytest.param("b " + '"a" ' * 100_000 + "{}", id="labels"),
        pytest.param("}\n" * 30_000, id="closing braces"),
        pytest.param("a = 1\n" * 30_000, id="one argument again and again"),
    ],
)
def test_no_text_runs_away(text: str) -> None:
    started = time.process_time()
    parse_file(Source("test", text))
    assert time.process_time() - started < RUNAWAY
