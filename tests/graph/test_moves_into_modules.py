"""`moved` between a module and what is around it: the kind that counts is that of what is named, past the calls on the way."""

from __future__ import annotations

import pytest
from small_stacks import Stack


@pytest.mark.parametrize(
    ("before", "after", "source", "target"),
    [
        pytest.param(
            'network "deep" {}\n',
            'module "m" {\n  source = "./m"\n}\n',
            "network.deep",
            "module.m.network.inner",
            id="in",
        ),
        pytest.param(
            'module "m" {\n  source = "./m"\n}\n',
            'network "deep" {}\n',
            "module.m.network.inner",
            "network.deep",
            id="out",
        ),
        pytest.param(
            'workspace "w" {\n  image = image.base\n}\n',
            'module "c" {\n  source = "./c"\n  image = image.base\n}\n',
            "workspace.w",
            "module.c.cluster.c.head",
            id="into a cluster within",
        ),
    ],
)
def test_an_object_keeps_its_identity(stack: Stack, before: str, after: str, source: str, target: str) -> None:
    stack.file("m/main.vw.hcl", 'network "inner" {}\n')
    stack.file("c/main.vw.hcl", 'variable "image" {}\ncluster "c" {\n  image = var.image\n  head {}\n}\n')
    was = {each.key: each for each in stack.write(before).apply().resources}
    moved = f"moved {{\n  from = {source}\n  to   = {target}\n}}\n"
    now = {each.key: each for each in stack.write(after + moved).build().resources}
    assert now[target].identity == was[source].identity


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("workspace.a", "module.m.network.inner", "different kinds"),
        ("workspace.a", "module.m", "different kinds"),
        ("workspace.a", "cluster.c", "write cluster.c.head"),
    ],
)
def test_other_kinds_are_refused(stack: Stack, source: str, target: str, told: str) -> None:
    stack.file("m/main.vw.hcl", 'network "inner" {}\n')
    stack.write(f'module "m" {{\n  source = "./m"\n}}\nmoved {{\n  from = {source}\n  to   = {target}\n}}\n')
    (problem,) = stack.problems()
    assert problem.code == "invalid-move"
    assert told in problem.detail


@pytest.mark.parametrize(
    ("sources", "targets", "told"),
    [
        pytest.param(("network.a", "network.b"), ("network.deep", "network.deep"), "only one can be there", id="two"),
        pytest.param(("module.a", "module.b"), ("module.m", "module.m"), "only one can be there", id="two modules"),
        pytest.param(("module.a", "module.b[0]"), ("module.m", "module.m"), "", id="a module and one of several"),
        pytest.param(("network.a", "network.b"), ("network.b", "network.deep"), "", id="one behind the other"),
        pytest.param(("network.a[0]", "network.a[1]"), ("network.deep", "network.b"), "", id="apart"),
    ],
)
def test_two_that_move_to_one_place(
    stack: Stack, sources: tuple[str, str], targets: tuple[str, str], told: str
) -> None:
    text = "".join(
        f"moved {{\n  from = {source}\n  to   = {target}\n}}\n" for source, target in zip(sources, targets, strict=True)
    )
    stack.file("m/main.vw.hcl", "")
    found = stack.write('network "deep" {}\nmodule "m" {\n  source = "./m"\n}\n' + text).problems()
    assert [told in each.detail for each in found] == ([True] if told else [])
