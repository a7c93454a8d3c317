"""Values given to variables on the way from the command line to the plan, and spellings that scripts use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop import SPEC, Shop, shop_in

VARIABLE = 'variable "size" { default = 1 }\noutput "size" { value = var.size }\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + VARIABLE)


@pytest.mark.parametrize("name", ["vwplan.vwvars.hcl", "lab.auto.vwvars.hcl", "given.vwvars.hcl"])
def test_a_value_in_a_file_for_no_variable_is_warned_of(shop: Shop, name: str) -> None:
    (shop.folder / name).write_text("szie = 2\n")
    told = shop.do("plan", *(["--var-file=given.vwvars.hcl"] if name.startswith("given") else []))
    assert "Warning: Undeclared variable" in told.err
    assert f"{name}:1:1" in told.err
    assert 'Did you mean "size"?' in told.err


def test_one_in_the_environment_is_not(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VW_VAR_szie", "2")
    assert "Undeclared" not in shop.do("plan").err


@pytest.mark.parametrize("words", [("plan", "-input=false"), ("plan", "--input=false", "-detailed-exitcode=false")])
def test_input_is_taken_where_nothing_is_asked_because_scripts_say_it_everywhere(
    shop: Shop, words: tuple[str, ...]
) -> None:
    shop.do(*words)


def test_input_counts_where_something_is_asked(shop: Shop) -> None:
    told = shop.run("apply", "-input=false")
    assert (told.code, "--auto-approve is needed" in told.err) == (1, True)


def test_the_later_of_var_and_var_file_wins(shop: Shop) -> None:
    (shop.folder / "two.vwvars.hcl").write_text("size = 2\n")
    for words, value in (
        (("--var=size=1", "--var-file=two.vwvars.hcl"), 2),
        (("-var-file", "two.vwvars.hcl", "-var", "size=1"), 1),
        (("-var", "size=1", "-var-file", "two.vwvars.hcl", "-var=size=3"), 3),
    ):
        shop.apply(*words)
        assert int(shop.do("output", "--json", "size").json) == value


@pytest.mark.parametrize("given", ["size =1", "=1", "size", " =1"])
def test_what_gives_no_variable_is_refused(shop: Shop, given: str) -> None:
    told = shop.run("plan", "--var", given)
    assert (told.code, "Unreadable --var" in told.err) == (1, True)


def test_a_saved_plan_keeps_values_as_they_are(shop: Shop) -> None:
    declared = {
        "part": "number",
        "text": "any",
        "list": "list(string)",
        "nothing": "string",
        "digits": "any",
        "deep": "object({ a = any, b = optional(set(number)) })",
    }
    shop.spec(
        SPEC,
        *(
            f'variable "{name}" {{\n  type    = {type}\n  default = "1"\n}}\n'
            for name, type in declared.items()
            if name not in ("list", "deep")
        ),
        *(f'variable "{name}" {{ type = {declared[name]} }}\n' for name in ("list", "deep")),
        'output "all" { value = [' + ", ".join(f"var.{name}" for name in declared) + "] }\n",
    )
    (shop.folder / "vwplan.vwvars.json").write_text(
        '{"part": 0.1, "text": "hello", "list": ["${x}", "%{y}"], "nothing": null, "digits": "5", "deep": {"a": [1, "x"], "b": [2, 1.5]}}'
    )
    shop.do("plan", "--out=saved")
    shop.do("apply", "saved")
    assert shop.do("output", "--json", "all").json == [
        0.1,
        "hello",
        ["${x}", "%{y}"],
        None,
        "5",
        {"a": [1, "x"], "b": [1.5, 2]},
    ]
    assert shop.empty()


@pytest.mark.parametrize("kind", ["number", "list(number)"])
@pytest.mark.parametrize("how", ["file", "json", "environment", "command line"])
def test_a_secret_that_is_no_value_of_its_type_is_not_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str, how: str
) -> None:
    shop.spec(SPEC, f'variable "key" {{\n  type      = {kind}\n  sensitive = true\n}}\n')
    words: list[str] = []
    match how:
        case "file":
            (shop.folder / "vwplan.vwvars.hcl").write_text('key = "hunter2"\n')
        case "json":
            (shop.folder / "vwplan.vwvars.json").write_text('{"key": "hunter2"}')
        case "environment":
            monkeypatch.setenv("VW_VAR_key", "hunter2")
        case _:
            words = ["--var=key=hunter2"]
    told = shop.run("plan", *words)
    assert told.code == 1
    assert "hunter2" not in told.err + told.out
    assert "main.vw.hcl" in told.err and "sensitive" in told.err
