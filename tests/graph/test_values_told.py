"""A value that is refused is told with the values of what its expression refers to, and never a secret one."""

from __future__ import annotations

import pytest
from small_stacks import Stack

GIVEN = """
locals {
  number = 3
  list   = ["a"]
  secret = sensitive("hunter2")
  word   = "zz"
}
"""


def machine(*lines: str) -> str:
    body = "".join(f"  {line}\n" for line in ("image = image.base", *lines))
    return f'workspace "w" {{\n{body}}}\n'


CONDITION = 'lifecycle {{\n precondition {{\n condition = {}\n error_message = "no"\n }}\n }}'


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        pytest.param(("count = local.number - 10",), (("local.number", "3"),), id="count"),
        pytest.param(("for_each = local.list",), (("local.list", "tuple with 1 element"),), id="for_each"),
        pytest.param(
            ('nic {\n network = network.fabric\n address = "${local.word}.1"\n }',),
            (("local.word", '"zz"'),),
            id="argument",
        ),
        pytest.param(
            (
                'dynamic "nic" {\n for_each = [local.word]\n content {\n network = network.fabric\n address = nic.value\n }\n }',
            ),
            (("nic.value", '"zz"'),),
            id="iterator",
        ),
        pytest.param(
            (CONDITION.format("local.number > 5 && local.secret != local.word"),),
            (("local.number", "3"), ("local.secret", "(sensitive value)"), ("local.word", '"zz"')),
            id="condition",
        ),
    ],
)
def test_values_of_what_is_referred_to(
    stack: Stack, lines: tuple[str, ...], values: tuple[tuple[str, str], ...]
) -> None:
    (problem,) = stack.write(GIVEN + machine(*lines)).problems()
    assert problem.values == values


def test_what_is_late_is_told_as_that(stack: Stack) -> None:
    text = machine() + 'workspace "v" {\n  image = image.base\n  power = workspace.w.status\n}\n'
    (problem,) = stack.write(text).problems()
    assert problem.values == (("workspace.w.status", "(string, known after apply)"),)


def test_what_uses_a_variable_that_is_not_valid_is_not_told_as_well(stack: Stack) -> None:
    text = """
    variable "n" {
      validation {
        condition     = var.n > 0
        error_message = "It must be positive."
      }
    }
    output "share" { value = 10 / var.n }
    module "m" {
      source = "./m"
      n      = var.n
    }
    """
    stack.file("m/main.vw.hcl", 'variable "n" {}\noutput "names" { value = range(1 / var.n) }\n')
    stack.variables = {"n": 0}
    found = stack.write(text, prelude="").problems()
    assert [each.detail for each in found] == ["It must be positive."]


def test_a_failed_precondition_keeps_its_output_from_being_computed(stack: Stack) -> None:
    text = """
    variable "n" {}
    output "share" {
      value = 10 / var.n
      precondition {
        condition     = var.n != 0
        error_message = "Nothing to share among."
      }
    }
    """
    stack.variables = {"n": 0}
    found = stack.write(text, prelude="").problems()
    assert [each.detail for each in found] == ["Nothing to share among."]
