"""Values of variables: where they come from, which one wins, and what they come to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import MAIN, write

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.spec import load, read_inputs, read_variables
from vwplan.values import SENSITIVE, Value, marks_of, to_plain

NAME = 'variable "name" {\n  type = string\n  default = "default"\n}\n'


def values(
    directory: Path,
    spec: str,
    *,
    files: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    var_files: tuple[str, ...] = (),
) -> Mapping[str, Value]:
    write(directory, {MAIN: spec, **(files or {})})
    return read_variables(
        load(directory).root,
        given=[*(directory / name for name in var_files), *(given or {}).items()],
        environment=environment or {},
        directory=directory,
    )


def fails(directory: Path, spec: str, **rest: object) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        values(directory, spec, **rest)  # type: ignore[arg-type]
    return caught.value.diagnostics


def test_later_places_win(tmp_path: Path) -> None:
    assert values(tmp_path, NAME) == {"name": "default"}
    environment = {"VW_VAR_name": "environment"}
    assert values(tmp_path, NAME, environment=environment) == {"name": "environment"}
    for file in ("vwplan.vwvars.hcl", "vwplan.vwvars.json", "b.auto.vwvars.hcl", "c.auto.vwvars.json"):
        text = f'{{"name": "{file}"}}' if file.endswith("json") else f'name = "{file}"\n'
        assert values(tmp_path, NAME, files={file: text}, environment=environment) == {"name": file}
    more = {"own.vwvars.hcl": 'name = "own"\n'}
    assert values(tmp_path, NAME, files=more, var_files=("own.vwvars.hcl",)) == {"name": "own"}
    given = {"name": "given"}
    assert values(tmp_path, NAME, var_files=("own.vwvars.hcl",), given=given) == {"name": "given"}


@pytest.mark.parametrize(
    ("type", "text", "value", "reason"),
    [
        ("string", "[1]", "[1]", "text for a string is that text"),
        ("number", "5", 5, "text for a number is converted"),
        ("bool", "true", True, "text for a bool is converted"),
        ("list(number)", "[1, 2]", [1, 2], "text for anything else is an expression"),
        ("map(string)", "{ a = 1 }", {"a": "1"}, "and its value is converted"),
        ("any", '"x"', "x", "any is no primitive type"),
        ("object({ a = optional(number, 3) })", "{}", {"a": 3}, "defaults within the type are applied"),
    ],
)
def test_text_from_the_command_line(tmp_path: Path, type: str, text: str, value: object, reason: str) -> None:
    spec = f'variable "v" {{\n  type = {type}\n}}\n'
    assert to_plain(values(tmp_path, spec, given={"v": text})["v"]) == value, reason
    assert to_plain(values(tmp_path, spec, environment={"VW_VAR_v": text})["v"]) == value, reason


def test_a_variable_without_a_type_takes_text_as_it_is(tmp_path: Path) -> None:
    assert values(tmp_path, 'variable "v" {}\n', given={"v": "[1]"}) == {"v": "[1]"}


def test_null_is_the_default_where_the_variable_is_not_nullable(tmp_path: Path) -> None:
    spec = 'variable "v" {\n  type = string\n  default = "d"\n  nullable = false\n}\n'
    assert values(tmp_path, spec, files={"vwplan.vwvars.hcl": "v = null\n"}) == {"v": "d"}
    [problem] = fails(tmp_path, 'variable "v" {\n  nullable = false\n}\n')
    assert problem.code == "null-variable"


def test_sensitive_values_are_marked(tmp_path: Path) -> None:
    spec = 'variable "v" {\n  sensitive = true\n}\n'
    assert marks_of(values(tmp_path, spec, given={"v": "x"})["v"]) == {SENSITIVE}


@pytest.mark.parametrize(
    ("reason", "rest", "code", "place", "says"),
    [
        ("missing", {}, "missing-variable", f"{MAIN}:1:1", "--var v='[…]'"),
        ("of the wrong type", {"given": {"v": '{ a = 1 }'}}, "wrong-type", "--var v:1:1", "a list of number is required"),
        ("of the wrong type within", {"given": {"v": '["x"]'}}, "wrong-type", "--var v:1:1", "in v[0], a number is required"),
        ("no expression", {"given": {"v": "[1,"}}, "", "--var v:1:", ""),
        ("a reference", {"given": {"v": "[x]"}}, "not-constant", "--var v:1:2", "Text needs quotes"),
        ("a call", {"files": {"vwplan.vwvars.hcl": "v = toset([1])\n"}}, "not-constant", "vwplan.vwvars.hcl:1:5", "toset"),
        ("undeclared", {"given": {"v": "[]", "v2": "1"}}, "undeclared-variable", "--var v2:1:1", 'variable "v2" {}'),
        ("a block", {"files": {"vwplan.vwvars.hcl": "v = []\na {\n}\n"}}, "unknown-block", "vwplan.vwvars.hcl:2:1", "name = value"),
        ("in a file that is not there", {"given": {"v": "[]"}, "var_files": ("gone.hcl",)}, "unreadable", "None", "no such file"),
    ],
)  # fmt: skip
def test_values_that_are_wrong(
    tmp_path: Path, reason: str, rest: dict[str, object], code: str, place: str, says: str
) -> None:
    problem = fails(tmp_path, 'variable "v" {\n  type = list(number)\n}\n', **rest)[0]
    assert code in ("", problem.code), problem
    assert str(problem.subject).replace(f"{tmp_path}/", "").startswith(place), reason
    assert says in problem.detail


def test_each_missing_variable_is_told(tmp_path: Path) -> None:
    problems = fails(tmp_path, 'variable "a" {}\nvariable "b" {\n  type = string\n  description = "The b"\n}\n')
    assert [each.code for each in problems] == ["missing-variable", "missing-variable"]
    assert "VW_VAR_a" in problems[0].detail
    assert "(The b)" in problems[1].detail


def test_undeclared_values_in_files_only_warn(tmp_path: Path) -> None:
    write(tmp_path, {MAIN: NAME, "vwplan.vwvars.hcl": 'nmae = "x"\n'})
    inputs = read_inputs(load(tmp_path).root, directory=tmp_path)
    assert inputs.values == {"name": "default"}
    assert [each.code for each in inputs.warnings] == ["undeclared-variable"]
    assert 'Did you mean "name"?' in inputs.warnings[0].detail


def test_the_environment_may_hold_what_nobody_declared(tmp_path: Path) -> None:
    assert values(tmp_path, NAME, environment={"VW_VAR_other": "x"}) == {"name": "default"}


@pytest.mark.parametrize(
    ("reason", "text", "code", "line", "column"),
    [
        ("a type that is none", "type = strin", "invalid-type", 2, 10),
        ("a default of another type", "type = number\n  default = \"x\"", "wrong-type", 3, 13),
        ("a null default where null is not taken", "nullable = false\n  default = null", "null-variable", 3, 13),
        ("an argument that is none", "defualt = 1", "unknown-argument", 2, 3),
        ("a validation of something else", "validation {\n    condition = path.root == \"\"\n    error_message = \"x\"\n  }", "constant-condition", 3, 17),
        ("a validation about nothing", "validation {\n    condition = true\n    error_message = \"x\"\n  }", "constant-condition", 3, 17),
    ],
)  # fmt: skip
def test_declarations_that_are_wrong(tmp_path: Path, reason: str, text: str, code: str, line: int, column: int) -> None:
    [problem] = fails(tmp_path, f'variable "v" {{\n  {text}\n}}\n')
    assert problem.subject is not None
    assert (problem.code, problem.subject.line, problem.subject.column) == (code, line, column), reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ('["a", 1]', "a tuple of 3 elements is required, and this one has 2"),
        ('["a", 1, true, 2]', "a tuple of 3 elements is required, and this one has 4"),
        ('["a", [], true]', "element 1: a number is required, not a tuple"),
    ],
)
def test_a_tuple_that_is_another_says_in_what(tmp_path: Path, given: str, reason: str) -> None:
    spec = 'variable "t" {\n  type = tuple([string, number, bool])\n}\n'
    [problem] = fails(tmp_path, spec, given={"t": given})
    assert reason in problem.detail
