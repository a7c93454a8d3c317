"""Expressions that multiply: each ends in a diagnostic, soon and without taking the memory first."""

from __future__ import annotations

import pytest

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.hcl.functions import patterns
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.parser import parse_expression
from vwplan.values import NUMBER, ListValue, Value, type_of, type_text
from vwplan.values.numbers import number_text, parse_number, whole_text

ROW = ListValue(NUMBER, range(1024))


def value(text: str) -> Value:
    source = Source("test", text)
    tree, problems = parse_expression(source)
    assert tree is not None and not problems
    return compile_expression(tree, source).evaluate(MappingScope({"row": ROW}))


MEGABYTE = 'format("%1000000s", "a")'
LONG = f'join("", [for i in range(10) : {MEGABYTE}])'

REFUSED = [
    ("lists in a list in a loop", "[for a in range(1024) : [for b in range(1024) : row]]"),
    ("a long text in each turn", f"[for i in range(1024) : {MEGABYTE}]"),
    ("the same by key", f"{{ for i in range(1024) : i => {MEGABYTE} }}"),
    ("a long separator", f'join({LONG}, ["a", "b", "c", "d"])'),
    ("a replacement longer than what it replaces", f'replace({LONG}, " ", "abc")'),
    ("one by a pattern", f'replace({MEGABYTE}, "/ /", join("", range(100)))'),
    ("wide fields", 'format(join("", [for i in range(100) : "%1000000s"]), range(100)...)'),
    ("wide fields in each element", 'formatlist("%1000000s", range(1024))'),
    ("combinations", "setproduct(row, row)"),
    ("a text in letters", f'split("", {LONG})'),
    ("a cost that takes minutes", 'bcrypt("a", 31)'),
]


@pytest.mark.parametrize("text", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(text: str) -> None:
    with pytest.raises(DiagnosticError):
        value(text)


@pytest.mark.parametrize("call", ['regexall("x*y|.", {})', 'replace({}, "/x*y|./", "z")'])
def test_a_pattern_that_looks_to_the_end_again_and_again(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LONGEST_SEARCH", 0.2)
    with pytest.raises(DiagnosticError) as told:
        value(call.format('replace(format("%200000s", ""), " ", "x")'))
    assert "takes too long" in told.value.diagnostics[0].detail


@pytest.mark.parametrize("call", ['can(regex("{}", {}))', 'regexall("{}", {})', 'replace({1}, "/{0}/", "z")'])
def test_a_pattern_that_is_large_for_so_long_a_text(call: str) -> None:
    # Nothing can stop such a search: two minutes.
    pattern, text = "(x|y)*x(x|y){500}z", 'replace(format("%1000000s", ""), " ", "x")'
    with pytest.raises(DiagnosticError) as told:
        value(call.replace("can(", "(").format(pattern, text))
    assert "may take too long" in told.value.diagnostics[0].detail
    assert value(f'length(regexall("x{{500}}", {text}))') == 2000


def test_more_matches_than_are_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST_MATCHES", 1000)
    assert value('length(regexall(".", format("%1000s", "")))') == 1000
    with pytest.raises(DiagnosticError):
        value('regexall(".", format("%1001s", ""))')


def test_patterns_go_through_a_long_text_once() -> None:
    text = 'length(regexall("(a)(x?)", join("", [for i in range(200) : join("", [for j in range(100) : "ab"])])))'
    assert value(text) == 20_000


@pytest.mark.parametrize("text", ["1e-300000", "1.5e299999"])
def test_numbers_of_many_digits_are_written_soon(text: str) -> None:
    digits = number_text(parse_number(text))
    assert digits.strip("0.") == ("1" if text[1] == "e" else "15")
    assert len(digits) == (300_002 if text[1] == "e" else 300_000)


def test_all_digits_of_a_large_number_are_right() -> None:
    number = 7**40_000
    assert whole_text(-number)[:1] == "-" and whole_text(number)[-12:] == f"{number % 10**12:012}"
    assert len(whole_text(number)) == 33_804


def test_an_empty_list_of_anything_leaves_the_others_their_type() -> None:
    made = value('concat(tolist([]), tolist([["q"], ["r", "s"]]))')
    assert (json_text(made), type_text(type_of(made))) == ('[["q"],["r","s"]]', "list(list(string))")
    with pytest.raises(DiagnosticError):
        value("concat(tolist([]), tolist([{ a = 1 }]), tolist([{ b = 1 }]))")
