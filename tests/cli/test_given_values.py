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
