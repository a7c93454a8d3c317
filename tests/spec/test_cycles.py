"""Cycles are told once, with file and line of every block on them, the same way each time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import BASE, MAIN, load_text, places, problems_of, write


def cycle(directory: Path, files: dict[str, str]) -> str:
    problems = problems_of(write(directory, files))
    assert [each.code for each in problems] == ["cycle"], problems
    return problems[0].detail.replace(f"{directory}/", "")


def test_a_cycle_of_local_values_over_two_files(tmp_path: Path) -> None:
    files = {"b.vw.hcl": "locals {\n  b = local.a\n}\n", "a.vw.hcl": "locals {\n  x = 1\n  a = local.b\n}\n"}
    expected = "local.a depends on itself: local.a (a.vw.hcl:3) -> local.b (b.vw.hcl:2) -> local.a."
    assert cycle(tmp_path, files) == expected
    assert cycle(tmp_path, files) == expected


def test_a_block_that_refers_to_itself(tmp_path: Path) -> None:
    detail = cycle(tmp_path, {MAIN: BASE + 'workspace "w" {\n  image = image.base\n  os = workspace.w.address\n}\n'})
    assert detail.startswith("workspace.w depends on itself")


def test_a_cycle_through_a_module(tmp_path: Path) -> None:
    call = 'module "m" {\n  source = "./m"\n  x = local.y\n}\nlocals {\n  y = module.m.o\n}\n'
    inner = 'variable "x" {}\noutput "o" {\n  value = var.x\n}\n'
    detail = cycle(tmp_path, {MAIN: call, "m/main.vw.hcl": inner})
    for place in ("local.y (main.vw.hcl:6)", "module.m.var.x (m/main.vw.hcl:1)", "module.m.output.o (m/main.vw.hcl:2)"):
        assert place in detail


def test_two_outputs_of_a_module_are_no_cycle_for_being_in_one_module(tmp_path: Path) -> None:
    call = 'module "m" {\n  source = "./m"\n  x = module.m.other\n}\n'
    inner = 'variable "x" {}\noutput "o" {\n  value = var.x\n}\noutput "other" {\n  value = 1\n}\n'
    assert load_text(tmp_path, call, m__main_vw_hcl=inner).root.calls["m"].module.path == ("m",)


CLUSTER = 'cluster "c" {\n  image = image.base\n  head {\n    %s\n  }\n  workers "a" {\n    %s\n  }\n}\n'


@pytest.mark.parametrize(
    ("reason", "head", "worker"),
    [
        ("workers come after the head by themselves", "user_data = parent.workers.a[0].address", ""),
        ("the head is told to come after them", 'after = ["a"]', ""),
        ("the roster is everybody's", "", "user_data = jsonencode(parent.roster)"),
        ("the whole cluster is everybody's", "", "user_data = jsonencode(cluster.c)"),
        ("depends_on of the whole cluster", "", "depends_on = [cluster.c]"),
    ],
)
def test_cycles_within_a_cluster(tmp_path: Path, reason: str, head: str, worker: str) -> None:
    assert "cluster.c." in cycle(tmp_path, {MAIN: BASE + CLUSTER % (head, worker)}), reason


@pytest.mark.parametrize(
    ("reason", "head", "worker"),
    [
        ("workers may refer to the head", "", "user_data = parent.head.address"),
        ("the head may follow workers that come after nobody", 'after = ["a"]', "after = []"),
        ("what is provided is known before anybody is made", "", 'user_data = parent.provides["nfs"]'),
    ],
)
def test_no_cycles_within_a_cluster(tmp_path: Path, reason: str, head: str, worker: str) -> None:
    assert places(problems_of(write(tmp_path, {MAIN: BASE + CLUSTER % (head, worker)}))) == [], reason


def test_one_instance_may_refer_to_another_by_its_key(tmp_path: Path) -> None:
    text = 'workspace "w" {\n  for_each = toset(["a", "b"])\n  image = image.base\n  os = each.key == "b" ? workspace.w["a"].address : ""\n}\n'
    assert places(problems_of(write(tmp_path, {MAIN: BASE + text}))) == []


def test_a_chain_of_ten_thousand_local_values_is_followed(tmp_path: Path) -> None:
    lines = ["locals {", "  v0 = 1", *(f"  v{i} = local.v{i - 1}" for i in range(1, 10_000)), "}"]
    assert len(load_text(tmp_path, "\n".join(lines)).root.locals) == 10_000


def test_a_validation_that_looks_at_what_hangs_on_its_variable(tmp_path: Path) -> None:
    variable = """variable "a" {
  default = 1
  validation {
    condition     = var.a < OTHER
    error_message = "No."
  }
}
"""
    local = "locals {\n  b = var.a + 1\n}\n"
    detail = cycle(tmp_path, {MAIN: variable.replace("OTHER", "local.b") + local})
    assert detail.startswith("var.a depends on itself: var.a (main.vw.hcl:1) -> local.b")
    call = 'module "m" {\n  source = "./m"\n  in     = var.a\n}\n'
    inner = 'variable "in" {}\noutput "out" {\n  value = var.in\n}\n'
    detail = cycle(tmp_path, {MAIN: variable.replace("OTHER", "module.m.out") + call, "m/main.vw.hcl": inner})
    assert "module.m.var.in (m/main.vw.hcl:1)" in detail and "var.a (main.vw.hcl:1)" in detail


def test_two_variables_that_validate_each_other(tmp_path: Path) -> None:
    texts = [
        f'variable "{one}" {{\n  default = 1\n  validation {{\n    condition     = var.{one} == var.{other}\n    error_message = "No."\n  }}\n}}\n'
        for one, other in ("ab", "ba")
    ]
    assert cycle(tmp_path, {MAIN: "".join(texts)}).startswith("var.a depends on itself")
    assert not problems_of(write(tmp_path, {MAIN: texts[0] + 'variable "b" {\n  default = 1\n}\n'}))
