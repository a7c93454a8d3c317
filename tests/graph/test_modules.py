"""Modules: instances, inputs and outputs, what they wait for, providers; and addresses that move."""

from __future__ import annotations

import pytest

CHILD = """
variable "names" {
  type    = set(string)
  default = ["only"]
}
variable "network" {
}
variable "image" {
}
variable "note" {
  type    = string
  default = "none"
}
workspace "w" {
  for_each  = var.names
  image     = var.image
  user_data = var.note
  nic { network = var.network }
}
output "addresses" {
  value = { for key, one in workspace.w : key => one.address }
}
output "directory" {
  value = path.module
}
"""

CALL = """
module "{name}" {{
  source  = "./child"
  network = network.fabric
  image   = image.base
  {more}
}}
"""


def _call(name: str = "lab", more: str = "") -> str:
    return CALL.format(name=name, more=more)


@pytest.fixture
def with_child(stack):
    return stack.file("child/main.vw.hcl", CHILD)


def test_resources_of_modules_have_addresses_with_the_way_there(with_child, by_key):
    with_child.write(_call(more='for_each = toset(["a", "b"])\n  names = ["x", each.key]'))
    made = by_key(with_child.build())
    assert [key for key in made if "module" in key] == [
        'module.lab["a"].workspace.w["a"]',
        'module.lab["a"].workspace.w["x"]',
        'module.lab["b"].workspace.w["b"]',
        'module.lab["b"].workspace.w["x"]',
    ]
    assert all(str(resource.address) == key for key, resource in made.items())
    assert set(made['module.lab["a"].workspace.w["x"]'].depends) == {"image.base", "network.fabric"}


def test_outputs_carry_values_and_who_is_used(with_child, by_key):
    with_child.write(
        _call()
        + _call("many", "count = 2")
        + """
workspace "after" {
  image     = image.base
  user_data = module.lab.addresses["only"]
}
workspace "second" {
  image     = image.base
  user_data = [for at in [1] : module.many[at].addresses["only"]][0]
}
output "all" {
  value = module.many[*].directory
}
"""
    )
    wanted = with_child.build()
    made = by_key(wanted)
    assert made["workspace.after"].arguments["user_data"] == "10.1.2.2"
    assert 'module.lab.workspace.w["only"]' in made["workspace.after"].depends
    assert set(made["workspace.second"].depends) == {"image.base", 'module.many[1].workspace.w["only"]'}
    assert [value.endswith("child") for value in wanted.outputs[0].value] == [True, True]


def test_modules_may_use_each_others_outputs_as_long_as_no_value_needs_itself(with_child, by_key):
    with_child.file(
        "pair/main.vw.hcl",
        'variable "in" {\n}\nvariable "first" {\n}\noutput "first" {\n  value = "${var.first}!"\n}\noutput "out" {\n  value = "${var.in}?"\n}\n',
    )
    pair = 'module "{}" {{\n  source = "./pair"\n  first  = "{}"\n  in     = module.{}.first\n}}\n'
    with_child.write(
        pair.format("a", "A", "b")
        + pair.format("b", "B", "a")
        + 'output "o" {\n  value = "${module.a.out} ${module.b.out}"\n}\n'
    )
    assert with_child.build().outputs[0].value == "B!? A!?"


def test_all_in_a_module_waits_for_what_its_call_depends_on(with_child, by_key):
    with_child.write(
        'volume "v" {\n  count = 12\n  size  = "1 GiB"\n}\n'
        + _call(more="depends_on = [volume.v]")
        + 'workspace "late" {\n  image      = image.base\n  depends_on = [module.lab]\n}\n'
    )
    wanted = with_child.build()
    inner = by_key(wanted)['module.lab.workspace.w["only"]']
    (group,) = inner.groups
    assert wanted.groups[group] == tuple(f"volume.v[{at}]" for at in range(12))
    assert 'module.lab.workspace.w["only"]' in by_key(wanted)["workspace.late"].depends


def test_a_wrong_input_is_told_at_the_call(with_child):
    (problem,) = with_child.write(_call(more="note = [path.cwd]")).problems()
    assert problem.code in ("invalid-variable", "wrong-type", "invalid-input")
    assert "note" in problem.detail and problem.subject.file.endswith("main.vw.hcl")


def test_a_call_passes_its_providers_on(with_child, by_key):
    with_child.write(
        'provider "simulated" {\n}\nprovider "simulated" {\n  alias = "far"\n}\n'
        'image "far" {\n  provider = simulated.far\n  source   = "disk.img"\n}\n'
        'network "far" {\n  provider = simulated.far\n}\n'
        + _call(more="providers = { simulated = simulated.far }")
        .replace("network.fabric", "network.far")
        .replace("image.base", "image.far")
    )
    made = by_key(with_child.build())
    assert made['module.lab.workspace.w["only"]'].provider == "simulated.far"
    assert made["network.fabric"].provider == "simulated"


def _moved(source: str, target: str) -> str:
    return f"moved {{\n  from = {source}\n  to   = {target}\n}}\n"


W = 'workspace "{}" {{\n  {}\n  image = image.base\n  nic {{ network = network.fabric }}\n}}\n'
C = 'cluster "c" {{\n  image = image.base\n  nic {{ network = network.fabric }}\n  head {{\n  }}\n  workers "{}" {{\n    {}\n  }}\n}}\n'


@pytest.mark.parametrize(
    ("before", "after", "moves", "pairs"),
    [
        (W.format("a", ""), W.format("b", ""), [("workspace.a", "workspace.b")], {"workspace.a": "workspace.b"}),
        (
            W.format("a", "count = 2"),
            W.format("b", "count = 2"),
            [("workspace.a", "workspace.b")],
            {"workspace.a[0]": "workspace.b[0]", "workspace.a[1]": "workspace.b[1]"},
        ),
        (
            W.format("a", "count = 2"),
            W.format("a", 'for_each = toset(["x", "y"])'),
            [("workspace.a[0]", 'workspace.a["x"]'), ("workspace.a[1]", 'workspace.a["y"]')],
            {"workspace.a[0]": 'workspace.a["x"]', "workspace.a[1]": 'workspace.a["y"]'},
        ),
        (
            W.format("a", ""),
            W.format("c", ""),
            [("workspace.a", "workspace.b"), ("workspace.b", "workspace.c")],
            {"workspace.a": "workspace.c"},
        ),
        (
            W.format("a", ""),
            C.format("db", "count = 1"),
            [("workspace.a", "cluster.c.head")],
            {"workspace.a": "cluster.c.head"},
        ),
        (
            C.format("db", "count = 2"),
            C.format("web", "count = 2"),
            [("cluster.c.workers.db", "cluster.c.workers.web")],
            {"cluster.c.workers.db[1]": "cluster.c.workers.web[1]", "cluster.c.head": "cluster.c.head"},
        ),
        (
            C.format("db", "count = 2"),
            C.format("db", "count = 1") + W.format("out", ""),
            [("cluster.c.workers.db[1]", "workspace.out")],
            {"cluster.c.workers.db[1]": "workspace.out"},
        ),
        (
            C.format("db", ""),
            C.format("db", "").replace('"c"', '"d"'),
            [("cluster.c", "cluster.d")],
            {"cluster.c.head": "cluster.d.head", "cluster.c.workers.db[0]": "cluster.d.workers.db[0]"},
        ),
    ],
)
def test_what_moves_keeps_identity_name_address_and_mac(stack, by_key, before, after, moves, pairs):
    old = by_key(stack.write(before).apply())
    wanted = stack.write(after + "".join(_moved(*move) for move in moves)).build()
    new = by_key(wanted)
    for source, target in pairs.items():
        assert new[target].identity == old[source].identity
        assert new[target].name == old[source].name
        assert new[target].arguments["nic"] == old[source].arguments["nic"]
        assert new[target].arguments["hostname"] == old[source].arguments["hostname"]
    assert {(m.source, m.target) for m in wanted.moved} >= {p for p in pairs.items() if p[0] != p[1]}


def test_objects_move_into_modules_and_modules_move(with_child, by_key):
    old = by_key(with_child.write(W.format("w", 'for_each = toset(["only"])')).apply())
    with_child.write(_call() + _moved("workspace.w", "module.lab.workspace.w"))
    new = by_key(with_child.apply())
    assert new['module.lab.workspace.w["only"]'].identity == old['workspace.w["only"]'].identity
    with_child.write(_call("den", "count = 1") + _moved("module.lab", "module.den[0]"))
    newest = by_key(with_child.build())
    assert newest['module.den[0].workspace.w["only"]'].identity == old['workspace.w["only"]'].identity


def test_a_move_said_in_a_module_holds_in_each_of_its_instances(with_child, by_key):
    old = by_key(with_child.write(_call(more="count = 2")).apply())
    with_child.file(
        "child/main.vw.hcl",
        CHILD.replace("workspace.w ", "workspace.v ").replace('"w"', '"v"') + _moved("workspace.w", "workspace.v"),
    )
    new = by_key(with_child.build())
    for at in (0, 1):
        assert (
            new[f'module.lab[{at}].workspace.v["only"]'].identity
            == old[f'module.lab[{at}].workspace.w["only"]'].identity
        )


def test_a_move_onto_what_is_recorded_already_is_not_made(stack, by_key):
    old = by_key(stack.write(W.format("a", "") + W.format("b", "")).apply())
    wanted = stack.write(W.format("b", "") + _moved("workspace.a", "workspace.b")).build()
    assert by_key(wanted)["workspace.b"].identity == old["workspace.b"].identity
    assert wanted.moved == ()


def test_a_new_object_at_an_address_that_was_left_is_another(stack, by_key):
    old = by_key(stack.write(W.format("a", "")).apply())["workspace.a"]
    stack.write(W.format("b", "") + _moved("workspace.a", "workspace.b")).apply()
    stack.write(W.format("a", "") + W.format("b", ""))
    new = by_key(stack.build())
    assert new["workspace.b"].identity == old.identity
    assert new["workspace.a"].identity != old.identity
    assert new["workspace.a"].facts["mac"] != old.facts["mac"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (W.format("a", "") + _moved("workspace.a", "workspace.b"), "invalid-move"),
        (_moved("workspace.a", "network.b"), "invalid-move"),
        (_moved("workspace.a", "workspace.b") + _moved("workspace.a", "workspace.c"), "invalid-move"),
        ("removed {\n  from = network.fabric\n  lifecycle { destroy = false }\n}\n", "invalid-removal"),
    ],
)
def test_moves_and_removals_that_cannot_be_are_refused(stack, text, code):
    assert [p.code for p in stack.write(text).problems()] == [code]


def test_removed_tells_addresses_and_what_becomes_of_them(stack):
    stack.write("""
removed {
  from = workspace.gone
  lifecycle { destroy = false }
}
removed { from = module.old.volume.v }
""")
    assert stack.build().removed == {"workspace.gone": False, "module.old.volume.v": True}


def test_moves_that_go_round_are_refused(stack):
    problems = stack.write(_moved("workspace.a", "workspace.b") + _moved("workspace.b", "workspace.a")).problems()
    assert [p.code for p in problems] == ["invalid-move"]
