"""Conditions that are unknown when planning: each is looked at once all is done, as Terraform does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

STATUS = "workspace.box.status"
"""What is only known once the machine is there: `running` in the end."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys)


def spec(shop: Shop, text: str) -> None:
    (shop.folder / "main.vw.hcl").write_text(SPEC + machine("box") + text)


def module(shop: Shop, condition: str, message: str = '"The status is ${var.status}."') -> None:
    (shop.folder / "m").mkdir(exist_ok=True)
    text = (
        f'variable "status" {{\n  validation {{\n    condition = {condition}\n    error_message = {message}\n  }}\n}}\n'
    )
    (shop.folder / "m/main.vw.hcl").write_text(text)
    spec(shop, f'module "m" {{\n  source = "./m"\n  status = {STATUS}\n}}\n')


def test_a_late_value_of_a_variable_that_is_not_valid_fails_the_apply(shop: Shop) -> None:
    module(shop, 'var.status == "off"')
    assert "module.m.var.status: known after apply" in shop.do("plan").out
    told = shop.run("apply", "-auto-approve")
    assert told.code == 1
    assert "The status is running." in told.err and "module.m.var.status" in told.err
    assert "workspace.box" in shop.do("state", "list").out, "what was made stays"


def test_one_that_is_valid_lets_it_pass(shop: Shop) -> None:
    module(shop, 'var.status == "running"')
    shop.do("apply", "-auto-approve")


@pytest.mark.parametrize(
    ("condition", "code", "said"),
    [
        pytest.param('self.status == "running"', 0, "", id="it holds"),
        pytest.param('self.status == "off"', 1, "It is running.", id="it does not hold"),
        pytest.param('self.status == "off" ? true : null', 1, "this one is null", id="it is null"),
        pytest.param("self.status", 1, "must be true or false", id="it is no condition"),
    ],
)
def test_a_postcondition_is_looked_at_with_what_came_out(shop: Shop, condition: str, code: int, said: str) -> None:
    inner = f'lifecycle {{\n    postcondition {{\n      condition = {condition}\n      error_message = "It is ${{self.status}}."\n    }}\n  }}'
    (shop.folder / "main.vw.hcl").write_text(SPEC + machine("box", inner))
    told = shop.run("apply", "-auto-approve")
    assert told.code == code and said in told.err


def test_a_check_that_does_not_hold_is_a_warning(shop: Shop) -> None:
    spec(
        shop,
        f'check "c" {{\n  assert {{\n    condition = {STATUS} == "off"\n    error_message = "Still up."\n  }}\n}}\n',
    )
    told = shop.run("apply", "-auto-approve")
    assert told.code == 0
    assert "Warning: Check failed" in told.err and "Still up." in told.err


def test_an_output_whose_precondition_does_not_hold_keeps_its_earlier_value(shop: Shop) -> None:
    spec(shop, 'output "o" { value = "before" }\n')
    shop.do("apply", "-auto-approve")
    condition = f'precondition {{\n    condition = volume.late.path == {STATUS}\n    error_message = "No."\n  }}'
    spec(shop, 'volume "late" { size = "8 MiB" }\n' + f'output "o" {{\n  value = "after"\n  {condition}\n}}\n')
    assert shop.run("apply", "-auto-approve").code == 1
    assert shop.do("output", "-raw", "o").out.strip() == "before"


def test_a_saved_plan_carries_its_conditions_and_no_secret_of_theirs(shop: Shop) -> None:
    (shop.folder / "values.vwvars.hcl").write_text('token = "hush-hush"\n')
    check = f'precondition {{\n    condition = {STATUS} == var.token\n    error_message = "It is ${{{STATUS}}}."\n  }}'
    spec(shop, f'variable "token" {{ sensitive = true }}\noutput "o" {{\n  value = 1\n  {check}\n}}\n')
    given = "--var-file=values.vwvars.hcl"
    shop.do("plan", "--out=x.plan", given)
    text = (shop.folder / "x.plan").read_text()
    assert "hush-hush" not in text
    assert [each["later"]["what"] for each in json.loads(text)["checks"]] == ["precondition"]
    assert shop.run("apply", "x.plan", "--var=token=other").code == 1, "another secret is not the one that was planned"
    told = shop.run("apply", "x.plan", given)
    assert told.code == 1 and "It is running." in told.err


def test_what_hangs_on_something_that_is_left_alone_is_passed_over(shop: Shop) -> None:
    module(shop, 'var.status == "off"')
    told = shop.run("apply", "-auto-approve", "-target=network.lan")
    assert "The status is" not in told.err
