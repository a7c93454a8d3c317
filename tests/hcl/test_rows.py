"""Rows of operators and of conditionals: however long, they come to what the same in brackets comes to."""

from __future__ import annotations

import pytest

from vwplan.diagnostics import Source
from vwplan.hcl.evaluate import Compiled, EvaluationError, MappingScope, compile_expression
from vwplan.hcl.parser import parse_expression
from vwplan.values import BOOL, NUMBER, SENSITIVE, Unknown, Value, mark, marks_of, same, unmark

LENGTHS = (1, 15, 16, 17, 33, 3000)
"""Rows shorter and longer than a stretch of closures that call one another."""


def compiled(text: str) -> Compiled:
    source = Source("test", text)
    expression, problems = parse_expression(source)
    assert expression is not None and not problems
    return compile_expression(expression, source)


def value(text: str, **variables: Value) -> Value:
    return compiled(text).evaluate(MappingScope(variables))


@pytest.mark.parametrize("length", LENGTHS)
class TestRows:
    def test_sums_and_differences_lean_to_the_left(self, length: int) -> None:
        assert value("1000" + " - 2 + 1" * length) == 1000 - length

    def test_stronger_operators_go_first(self, length: int) -> None:
        assert value("0" + " + 2 * 3" * length) == 6 * length

    def test_logic(self, length: int) -> None:
        assert value("true" + " && true" * length) is True
        assert value("true" + " && true" * length + " && false") is False
        assert value("false" + " || false" * length + " || a", a=True) is True

    def test_conditionals(self, length: int) -> None:
        text = " ".join(f'n == {at} ? "{at}" :' for at in range(length)) + " n"
        assert value(text, n=length - 1) == str(length - 1)
        assert value(text, n=length) == str(length)

    def test_what_is_unknown_stays_so(self, length: int) -> None:
        assert same(value("a" + " + 1" * length, a=Unknown(NUMBER)), value("a + 1", a=Unknown(NUMBER)))
        found = value("a" + " && true" * length, a=Unknown(BOOL))
        assert isinstance(found, Unknown) and found.type == BOOL
        assert value("a" + " && true" * length + " && false", a=Unknown(BOOL)) is False

    def test_marks_go_all_the_way(self, length: int) -> None:
        found = value("a" + " + 1" * length, a=mark(1, frozenset({SENSITIVE})))
        assert unmark(found)[0] == 1 + length
        assert SENSITIVE in marks_of(found)
        text = "a ? 1 : " + "false ? 2 : " * length + "3"
        assert SENSITIVE in marks_of(value(text, a=mark(True, frozenset({SENSITIVE}))))

    def test_what_fails_first_is_told_and_can_be_caught(self, length: int) -> None:
        with pytest.raises(EvaluationError) as told:
            value('1 + "a"' + " + 1" * length)
        assert len(told.value.diagnostics) == 1
        assert "right operand" in told.value.diagnostics[0].detail
        assert value('try(1 + "a"' + " + 1" * length + ', "caught")') == "caught"
        assert value("try(" + "false ? 1 : " * length + '[][0], "caught")') == "caught"

    def test_both_sides_are_told(self, length: int) -> None:
        with pytest.raises(EvaluationError) as told:
            value("[][0]" + " + 1" * length + " + {}.b")
        assert len(told.value.diagnostics) == 2

    def test_each_turn_of_a_loop_anew(self, length: int) -> None:
        text = "[for i in [1, 2] : try(i == 1 ? i + {}.a" + " + 1" * length + " : i" + " + 1" * length + ', "none")]'
        assert same(value(text), value(f'["none", {2 + length}]'))
