"""Evaluation: what references take, what is unknown or marked, what fails, where, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import (
    Compiled,
    EvaluationError,
    MappingScope,
    Reference,
    UndeclaredReference,
    compile_expression,
    type_query,
)
from vwplan.hcl.parser import parse_expression
from vwplan.values import (
    BOOL,
    DYNAMIC,
    EPHEMERAL,
    NUMBER,
    SENSITIVE,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Refinement,
    TupleType,
    Unknown,
    Value,
    from_plain,
    is_whole,
    mark,
    marks_of,
    same,
    set_value,
    to_plain,
    type_of,
    unmark,
)

SECRET = frozenset({SENSITIVE})
TEXT, NUM, ANY = Unknown(STRING), Unknown(NUMBER), Unknown(DYNAMIC)


def compiled(text: str) -> Compiled:
    source = Source("test.vw.hcl", text)
    expression, problems = parse_expression(source)
    assert expression is not None and not problems, problems
    return compile_expression(expression, source)


def evaluated(text: str, **variables: Any) -> Value:
    values = {
        name: value if isinstance(value, Unknown) else from_plain_or_value(value) for name, value in variables.items()
    }
    return compiled(text).evaluate(MappingScope(values))


def from_plain_or_value(value: Any) -> Value:
    try:
        return from_plain(value)
    except TypeError:
        return value  # type: ignore[no-any-return]


def failure(text: str, **variables: Any) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        evaluated(text, **variables)
    return caught.value


class TestReferences:
    def test_literal_steps_are_told_and_names_of_loops_are_not(self) -> None:
        found = compiled('[for x in var.list : x + local.a["k"][0].b[var.i] if y[*].z]')
        assert {reference.text for reference in found.references} == {"var.list", 'local.a["k"][0].b', "var.i", "y"}

    def test_a_reference_knows_where_it_stands(self) -> None:
        (reference,) = compiled('upper(workspace.login["a"].address)').references
        assert (reference.range.start, reference.range.end) == (6, 34)
        assert reference.root == "workspace"
        assert reference.keys == ("login", "a", "address")
        assert [step.attribute for step in reference.steps] == [True, False, True]

    def test_a_scope_may_take_as_many_steps_as_it_likes(self) -> None:
        asked: list[str] = []

        class Lazy(MappingScope):
            def resolve(self, reference: Reference) -> tuple[Value, int]:
                asked.append(reference.text)
                return from_plain({"address": "10.0.0.1"}), 1

        assert compiled("workspace.login.address").evaluate(Lazy()) == "10.0.0.1"
        assert asked == ["workspace.login.address"]

    def test_functions_are_named_once(self) -> None:
        found = compiled("upper(lower(upper(core::title(a))))")
        assert found.functions == ("upper", "lower", "title")

    @pytest.mark.parametrize(
        ("text", "constant"),
        [("1 + 2", True), ("[for x in [1] : x]", True), ("a", False), ("timestamp()", False), ('file("x")', False)],
    )
    def test_what_is_constant(self, text: str, constant: bool) -> None:
        assert compiled(text).constant is constant

    def test_nothing_catches_an_undeclared_reference(self) -> None:
        for text in ("try(nope, 1)", "can(nope)", "true ? 1 : nope", "true || nope"):
            with pytest.raises(UndeclaredReference):
                evaluated(text)

    def test_names_near_are_offered(self) -> None:
        assert 'Did you mean "colour"' in failure("color", colour=1).diagnostics[0].detail


class TestUnknown:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            pytest.param("u + 1", Unknown(NUMBER, Refinement(True)), id="arithmetic"),
            pytest.param("u == 1", Unknown(BOOL, Refinement(True)), id="equality"),
            pytest.param("u > 1 && true", Unknown(BOOL, Refinement(True)), id="logic that hangs on it"),
            pytest.param("u > 1 && false", False, id="logic that does not, on the right"),
            pytest.param("false && u > 1", False, id="logic that does not, on the left"),
            pytest.param("true || s", True, id="or"),
            pytest.param("u * 0", Unknown(NUMBER, Refinement(True)), id="arithmetic, whatever the other operand"),
            pytest.param(
                '"n-${s}"', Unknown(STRING, Refinement(True, prefix="n-")), id="a text with a known beginning"
            ),
            pytest.param('"${s}"', TEXT, id="a text that is nothing but it"),
            pytest.param('startswith("web-${s}", "web-")', True, id="a known beginning is used"),
            pytest.param('"a-${s}" == "b"', False, id="and rules out what begins otherwise"),
            pytest.param('"a-${s}" == null', False, id="a text is never null"),
            pytest.param("s == null", Unknown(BOOL, Refinement(True)), id="an unknown may be null"),
            pytest.param("[u, 1][1]", 1, id="a tuple knows its other elements"),
            pytest.param("[1, 2][u]", ANY, id="which element, and so which type, is unknown"),
            pytest.param("tolist([1, 2])[u]", NUM, id="which element of a list, but not its type"),
            pytest.param("{ (s) = 1 }", ANY, id="an unknown key makes all attributes unknown"),
            pytest.param("[for x in l : x]", ANY, id="an unknown list has no known length"),
            pytest.param("[for x in [1, u] : x]", None, id="a list with an unknown element has"),
            pytest.param("[for x in [1, 2] : x if b]", ANY, id="an unknown condition leaves the length open"),
            pytest.param("{ for x in [s] : x => 1 }", ANY, id="so does an unknown key"),
            pytest.param("l[*].a", Unknown(ListType(NUMBER), Refinement(True)), id="a splat knows the type"),
            pytest.param("o[*].a", ANY, id="one object or null gives one element or none"),
            pytest.param("b ? 1 : 2", Unknown(NUMBER, Refinement(True, "", 1, 2)), id="one of two numbers"),
            pytest.param('b ? 1 : "a"', Unknown(STRING, Refinement(True)), id="one of two types"),
            pytest.param("b ? null : null", None, id="null either way"),
            pytest.param("(b ? 1 : 2) < 3", True, id="bounds decide comparisons"),
            pytest.param("length([u, u])", 2, id="the length of a tuple is known"),
            pytest.param("length(o)", 1, id="and the number of attributes"),
            pytest.param(
                'length(toset([s, "a"]))', Unknown(NUMBER, Refinement(True, "", 1, 2)), id="of a set only bounds"
            ),
            pytest.param("keys(o)", None, id="the names of an unknown object are known"),
            pytest.param("upper(s)", Unknown(STRING, Refinement(True)), id="a function of it"),
            pytest.param("jsondecode(s)", ANY, id="whose type hangs on it"),
            pytest.param(
                "jsonencode({ a = u })", Unknown(STRING, Refinement(True, prefix="{")), id="JSON of an object begins so"
            ),
            pytest.param('coalesce(s, "x")', Unknown(STRING, Refinement(True)), id="the first that is not null"),
            pytest.param('contains([s, "a"], "a")', True, id="found beside it"),
            pytest.param("try(o.a, 1)", ANY, id="it may yet fail"),
            pytest.param("can(o.a)", Unknown(BOOL), id="or not"),
            pytest.param("try(1, s)", 1, id="what comes after does not matter"),
            pytest.param(
                '"%{ for x in l }${x.a}%{ endfor }"', Unknown(STRING, Refinement(True)), id="a loop in a text"
            ),
            pytest.param('"%{ if b }a%{ endif }"', Unknown(STRING, Refinement(True)), id="a condition in a text"),
            pytest.param("a.b.c", ANY, id="steps into what is of unknown type"),
            pytest.param('format("%s-%s", "x", s)', Unknown(STRING, Refinement(True)), id="a format"),
            pytest.param("merge({ a = 1 }, m)", ANY, id="a map of unknown keys beside an object"),
        ],
    )
    def test_flows_through(self, text: str, wanted: Value | None) -> None:
        variables = {
            "u": NUM,
            "s": TEXT,
            "b": Unknown(BOOL),
            "a": ANY,
            "l": Unknown(ListType(ObjectType({"a": NUMBER}))),
            "o": Unknown(ObjectType({"a": STRING})),
            "m": Unknown(MapType(STRING)),
        }
        found = compiled(text).evaluate(MappingScope(variables))
        if wanted is None:
            assert is_whole(found) or type_of(found) == TupleType([NUMBER, NUMBER])
        else:
            assert same(found, wanted), found

    def test_an_error_is_an_error_though_something_is_unknown(self) -> None:
        for text in ("l + 1", "[for x in n : x]", 'u + "a"', "o.b", "upper(l)"):
            with pytest.raises(EvaluationError):
                compiled(text).evaluate(
                    MappingScope({"u": NUM, "n": NUM, "l": Unknown(ListType(STRING)), "o": Unknown(ObjectType({}))})
                )

    def test_what_comes_after_an_unknown_operand_may_never_matter(self) -> None:
        for text in ("b && [][0]", "b || [][0]"):
            assert isinstance(evaluated(text, b=Unknown(BOOL)), Unknown)


class TestMarks:
    @pytest.mark.parametrize(
        "text",
        [
            "s",
            '"x${s}"',
            "[s][0]",
            "{ a = s }.a",
            "upper(s)",
            "s == 1",
            "b ? 1 : 2",
            "true ? s : 1",
            "false ? s : 1",
            "[for x in l : x][0]",
            "[for x in [1] : x if b]",
            "{ for x in [s] : x => 1 }",
            "l[*]",
            "m.a",
            'm["a"]',
            "[1, 2][i]",
            "{ (s) = 1 }",
            "toset([s])",
            "tolist([s])[0]",
            "jsonencode([s])",
            "try(s, 1)",
            "keys(m)",
            "length(l)",
            "!b",
            "-i",
            "i + 1",
            "b && true",
            "true || b",
            '"%{ if b }a%{ endif }"',
            '"%{ for x in l }${x}%{ endfor }"',
            "max(l...)",
            "coalesce(s, 1)",
            "lookup({ a = 1 }, s, 2)",
        ],
    )
    def test_follow_a_value(self, text: str) -> None:
        variables: dict[str, Value] = {
            "s": mark("a", SECRET),
            "b": mark(True, SECRET),
            "i": mark(0, SECRET),
            "l": mark(from_plain([1, 2]), SECRET),
            "m": mark(from_plain({"a": 1}), SECRET),
        }
        assert SENSITIVE in unmark(compiled(text).evaluate(MappingScope(variables)))[1]

    def test_stay_with_the_part_that_has_them(self) -> None:
        found = evaluated("{ a = s, b = 1 }", s=mark("x", SECRET))
        assert unmark(found)[1] == frozenset()
        assert marks_of(found) == SECRET
        assert unmark(evaluated("{ a = s, b = 1 }.b", s=mark("x", SECRET)))[1] == frozenset()

    def test_both_kinds_go_together(self) -> None:
        both = mark(mark("x", SECRET), frozenset({EPHEMERAL}))
        assert unmark(evaluated("upper(a)", a=both))[1] == {SENSITIVE, EPHEMERAL}
        assert unmark(evaluated("nonsensitive(a)", a=both))[1] == {EPHEMERAL}
        assert to_plain(evaluated("nonsensitive(ephemeralasnull([a]))", a=both)) != ["x"]

    @pytest.mark.parametrize(
        "text",
        [
            "tonumber(s)",
            "s + 1",
            "m[s]",
            "n[s]",
            "parseint(s, 10)",
            "jsondecode(s)",
            "cidrhost(s, 1)",
            "index([1], s)",
            'regex(s, "x")',
            "n.hunter3",
            "[1][*][s]",
            "{ for x in [s, s] : x => 1 }",
            "file(s)",
            'timeadd(s, "1h")',
            'formatdate("YYYY", s)',
            'uuidv5(s, "x")',
            "base64decode(s)",
            "one([s, s])",
            "templatestring(t, {})",
        ],
    )
    def test_no_error_tells_a_secret(self, text: str) -> None:
        with pytest.raises(DiagnosticError) as caught:
            evaluated(
                text,
                s=mark("hunter2(", SECRET),
                t=mark("hunter2${", SECRET),
                m=from_plain({"a": 1}),
                n=mark(from_plain({"hunter2(x": 1}), SECRET),
            )
        for diagnostic in caught.value.diagnostics:
            assert "hunter2" not in repr(diagnostic)


class TestFailures:
    @pytest.mark.parametrize(
        ("text", "code", "place", "said"),
        [
            pytest.param(
                '1 + "a"', "invalid-operand", (4, 7), "right operand of + is unsuitable: a number", id="operand"
            ),
            pytest.param("1 / 0", "operation-failed", (0, 5), "division by zero", id="operation"),
            pytest.param("o.nam", "unsupported-attribute", (1, 5), 'Did you mean "name"', id="attribute"),
            pytest.param("[1, 2][2]", "invalid-index", (6, 9), "only 2 elements", id="index"),
            pytest.param("null.a", "attribute-of-null", (4, 6), "null", id="attribute of null"),
            pytest.param(
                'upper("a", "b")', "surplus-argument", (11, 14), "takes 1 argument, not 2", id="too many arguments"
            ),
            pytest.param("replace(1)", "missing-argument", (0, 7), '"substr" is missing', id="too few arguments"),
            pytest.param("upper([])", "invalid-argument", (6, 8), "a string is required, not a tuple", id="argument"),
            pytest.param("sum([])", "invalid-argument", (4, 6), "no elements", id="argument by value"),
            pytest.param('regex("x", "y")', "function-failed", (0, 5), "matches no part", id="function"),
            pytest.param("uper(1)", "unknown-function", (0, 4), 'Did you mean "upper"', id="unknown function"),
            pytest.param("a::b(1)", "unknown-function", (0, 4), "no provider", id="a provider's function"),
            pytest.param("[type(1)]", "unknown-function", (1, 5), "console", id="type within an expression"),
            pytest.param('"a${null}"', "invalid-template-value", (4, 8), "null", id="null in a text"),
            pytest.param(
                "[for x in 5 : x]", "not-iterable", (10, 11), "A number cannot be gone through", id="loop over a number"
            ),
            pytest.param("[for x in null : x]", "iteration-over-null", (10, 14), "null", id="loop over null"),
            pytest.param("{ for x in [1, 1] : x => x }", "duplicate-key", (20, 21), 'the key "1"', id="duplicate key"),
            pytest.param("{ (null) = 1 }", "null-key", (2, 8), "must not be null", id="null key"),
            pytest.param("true ? {} : []", "inconsistent-branches", (0, 14), "must be of one type", id="branches"),
            pytest.param("5 ? 1 : 2", "invalid-condition", (0, 1), "true or false", id="condition"),
            pytest.param("max(5...)", "invalid-expansion", (4, 5), "must be a list", id="expansion"),
            pytest.param("try([][0], {}.a)", "nothing-succeeded", (0, 3), "There are no elements", id="try"),
            pytest.param("range(1e9)", "function-failed", (0, 5), "more than 1024", id="an endless range"),
        ],
    )
    def test_tell_what_and_where(self, text: str, code: str, place: tuple[int, int], said: str) -> None:
        (diagnostic,) = failure(text, o={"name": "x"}).diagnostics
        assert diagnostic.code == code
        assert diagnostic.subject is not None
        assert (diagnostic.subject.start, diagnostic.subject.end) == place
        assert said in diagnostic.detail

    def test_tell_the_values_used(self) -> None:
        diagnostic = failure("[for n in var.l : n.size]", var={"l": [{"sice": 1}]}).diagnostics[0]
        assert diagnostic.values == (("n", 'object with 1 attribute "sice"'),)
        diagnostic = failure('var.a + var.b + "x${var.c}"', var={"a": 5, "b": "six", "c": "long" * 100}).diagnostics[0]
        assert ("var.b", '"six"') in diagnostic.values
        assert all(len(words) < 100 for _, words in diagnostic.values)

    def test_all_problems_of_an_object_are_told_at_once(self) -> None:
        error = failure('{ a = 1 + "x", b = [nope, 2 / 0], c = upper([]), d = 1 }')
        assert [each.code for each in error.diagnostics] == [
            "invalid-operand",
            "undeclared-reference",
            "operation-failed",
            "invalid-argument",
        ]
        assert isinstance(error, UndeclaredReference)

    def test_errors_do_not_multiply_with_depth(self) -> None:
        text = "[" * 60 + "[][0]" + "]" * 60
        assert len(failure(text).diagnostics) == 1

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            pytest.param('true ? 5 : "a${null}"', "5", id="a text that fails is a text"),
            pytest.param("true ? 5 : (null + 1)", 5, id="a sum that fails is a number"),
            pytest.param("true ? [1] : [][0]", [1], id="what an element would be, nobody knows"),
        ],
    )
    def test_the_type_of_a_branch_that_fails_still_counts(self, text: str, wanted: object) -> None:
        assert to_plain(evaluated(text)) == wanted


class TestLimits:
    def test_loops_within_loops_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("vwplan.hcl.evaluation.loops.MOST_ITERATIONS", 20_000)
        error = failure("[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]")
        assert error.diagnostics[0].code == "too-many-turns"

    def test_text_that_doubles_ends(self) -> None:
        scope: dict[str, Value] = {"a": "x" * 1000}
        with pytest.raises(EvaluationError) as caught:
            for _ in range(40):
                scope["a"] = compiled('"${a}${a}${a}${a}"').evaluate(MappingScope(scope))
        assert caught.value.diagnostics[0].code == "value-too-large"

    @pytest.mark.parametrize(
        "text", ["[a, a]", "{ x = a, y = a }", "concat(a, a)", "[for x in [1, 2] : a]", "[a, a][*]", "setproduct(a, a)"]
    )
    def test_values_that_share_their_parts_count_in_full(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("vwplan.hcl.evaluation.compiler.LARGEST_VALUE", 50_000)
        value: Value = from_plain([1, 2])
        with pytest.raises(EvaluationError) as caught:
            for _ in range(60):
                value = compiled(text).evaluate(MappingScope({"a": value}))
        assert caught.value.diagnostics[0].code in ("value-too-large", "function-failed")

    def test_numbers_that_square_end(self) -> None:
        value: Value = 10**100
        with pytest.raises(EvaluationError):
            for _ in range(60):
                value = compiled("a * a").evaluate(MappingScope({"a": value}))

    @pytest.mark.parametrize(
        "text",
        [
            'jsondecode(join("", [join("", [for i in range(d) : "["]), join("", [for i in range(d) : "]"])]))',
            'yamldecode(join("", [join("", [for i in range(d) : "["]), join("", [for i in range(d) : "]"])]))',
        ],
    )
    @pytest.mark.parametrize("deep", [200, 1000])
    def test_documents_nested_deeply_end(self, text: str, deep: int) -> None:
        failure(text, d=deep)

    def test_values_nested_over_and_over_end(self) -> None:
        value: Value = 1
        with pytest.raises(EvaluationError) as caught:
            for _ in range(1000):
                value = compiled("[a]").evaluate(MappingScope({"a": value}))
        assert caught.value.diagnostics[0].code == "nested-too-deeply"

    def test_a_bomb_of_aliases_ends(self) -> None:
        lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
        for before, name in zip("abcdefgh", "bcdefghi", strict=True):
            lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
        assert failure("yamldecode(t)", t="\n".join(lines)).diagnostics[0].code == "value-too-large"

    def test_a_pattern_cannot_run_away(self) -> None:
        assert to_plain(evaluated('length(regexall("(a+)+$", a))', a="a" * 5000 + "b")) == 0

    def test_many_turns_are_no_problem_by_themselves(self) -> None:
        assert to_plain(evaluated("length(flatten([for a in range(1000) : [for b in range(300) : b]]))")) == 300_000


def test_an_expression_can_be_evaluated_in_many_scopes() -> None:
    found = compiled("[for x in l : x * n]")
    assert to_plain(found.evaluate(MappingScope({"l": from_plain([1, 2]), "n": 2}))) == [2, 4]
    assert to_plain(found.evaluate(MappingScope({"l": from_plain([3]), "n": 5}))) == [15]


def test_sets_give_their_elements_in_order() -> None:
    assert to_plain(evaluated("[for x in s : x]", s=set_value(NUMBER, [10, 9, 100]))) == [9, 10, 100]


def test_the_console_asks_for_types() -> None:
    expression, _ = parse_expression(Source("test", "type([1])"))
    assert expression is not None
    inner = type_query(expression)
    assert inner is not None and not hasattr(inner, "code")
    expression, _ = parse_expression(Source("test", "[type(1)]"))
    assert expression is not None and type_query(expression) is None
