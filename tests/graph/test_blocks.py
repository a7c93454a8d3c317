"""Repetition, references, conditions, secrets, what is late; and problems, all of them and each once."""

from __future__ import annotations

import pytest

from vwplan.values import Late, Sensitive
from vwplan.values.late import Computed, FactOf

EACH = 'workspace "w" {{\n  for_each = {}\n  image    = image.base\n}}\n'
COUNT = 'workspace "w" {{\n  count = {}\n  image = image.base\n}}\n'
VOLUME = 'volume "v" {\n  size = "1 GiB"\n}\n'


def test_instances_of_a_map_a_set_and_a_count_in_their_order(stack, by_key):
    for text, expected in (
        (EACH.format("{ b = 1, a = 2 }"), ['["a"]', '["b"]']),
        (EACH.format('toset(["y", "x"])'), ['["x"]', '["y"]']),
        (COUNT.format(2), ["[0]", "[1]"]),
        (COUNT.format('"2"'), ["[0]", "[1]"]),
        (COUNT.format(0), []),
        (EACH.format("{}"), []),
    ):
        keys = [key for key in by_key(stack.write(text).build()) if key.startswith("workspace")]
        assert keys == [f"workspace.w{key}" for key in expected]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (COUNT.format("var.one - 2"), "invalid-count"),
        (COUNT.format("var.one / 2"), "invalid-count"),
        (COUNT.format("var.nothing"), "invalid-count"),
        (COUNT.format("var.word"), "invalid-count"),
        (COUNT.format("var.one * 1e9"), "invalid-count"),
        (COUNT.format("sensitive(-1)"), "invalid-count"),
        (COUNT.format("length(volume.v.path)"), "late-count"),
        (EACH.format("var.nothing"), "invalid-for-each"),
        (EACH.format("[for x in [var.word] : x]"), "invalid-for-each"),
        (EACH.format("tolist([var.word])"), "invalid-for-each"),
        (EACH.format("toset([var.one])"), "invalid-for-each"),
        (EACH.format("var.word"), "invalid-for-each"),
        (EACH.format("toset([volume.v.path])"), "late-for-each"),
        (EACH.format("{ (volume.v.path) = 1 }"), "late-for-each"),
        (EACH.format('toset([sensitive("a")])'), "sensitive-for-each"),
        (EACH.format("sensitive({ a = 1 })"), "sensitive-for-each"),
    ],
)
def test_repetition_over_what_cannot_be_is_refused_at_its_place(stack, text, code):
    variables = 'variable "one" {\n  default = 1\n}\nvariable "word" {\n  default = "w"\n}\nvariable "nothing" {\n  default = null\n}\n'
    (problem,) = stack.write(VOLUME + variables + text).problems()
    assert problem.code == code
    assert problem.subject is not None and problem.subject.line > 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (COUNT.format(3), '"count" is 3. A block has 2'),
        (EACH.format("{ a = 1, b = 2, c = 3 }"), '"for_each" has 3 elements. A block has 2'),
        (EACH.format('toset(["a", "b", "c"])'), '"for_each" has 3 elements. A block has 2'),
    ],
)
def test_more_instances_than_a_block_may_have_are_refused_before_any_is_made(stack, monkeypatch, text, told):
    monkeypatch.setattr("vwplan.spec.instances.MOST", 2)
    (problem,) = stack.write(text).problems()
    assert problem.detail.startswith(told)


def test_values_of_a_map_may_be_late_as_long_as_its_keys_are_known(stack, by_key):
    stack.write(
        VOLUME + EACH.format("{ a = volume.v.path }").replace("image.base", "image.base\n  user_data = each.value")
    )
    late = by_key(stack.build())['workspace.w["a"]'].arguments["user_data"]
    assert isinstance(late, Late)


def test_a_late_argument_carries_the_expression_and_its_inputs(stack, by_key):
    stack.write(VOLUME + 'workspace "w" {\n  image     = image.base\n  user_data = "at ${volume.v.path}"\n}\n')
    workspace = by_key(stack.build())["workspace.w"]
    late = workspace.arguments["user_data"]
    assert isinstance(late, Late) and isinstance(late.origin, Computed)
    assert late.origin.expression == '"at ${volume.v.path}"'
    (found,) = late.origin.inputs.values()
    assert found.origin == FactOf("volume.v", ("path",))
    assert "volume.v" in workspace.depends


def test_a_fact_that_is_recorded_is_known(stack, by_key):
    import dataclasses

    stack.write(VOLUME + 'workspace "w" {\n  image     = image.base\n  user_data = volume.v.path\n}\n').apply()
    record = dataclasses.replace(stack.state.records["volume.v"], facts={"path": "/pool/v"})
    stack.state = dataclasses.replace(stack.state, records={"volume.v": record})
    assert by_key(stack.build())["workspace.w"].arguments["user_data"] == "/pool/v"


def test_what_must_be_known_when_planning_may_not_be_late(stack):
    stack.write(VOLUME + 'workspace "w" {\n  image    = image.base\n  hostname = volume.v.path\n}\n')
    (problem,) = stack.problems()
    assert problem.code == "late-argument"
    assert "hostname" in problem.detail


def test_secrets_stay_wrapped_and_are_refused_where_they_would_be_told(stack, by_key):
    secret = 'variable "secret" {\n  sensitive = true\n  default   = "hush"\n}\n'
    stack.write(secret + 'workspace "w" {\n  image     = image.base\n  user_data = "pw ${var.secret}"\n}\n')
    plain = by_key(stack.build())["workspace.w"].arguments["user_data"]
    assert plain == Sensitive("pw hush") and "hush" not in repr(plain)
    stack.write(secret + 'workspace "w" {\n  image    = image.base\n  hostname = var.secret\n}\n')
    assert [p.code for p in stack.problems()] == ["sensitive-argument"]
    stack.write(secret + 'output "o" {\n  value = var.secret\n}\n')
    assert [p.code for p in stack.problems()] == ["sensitive-output"]
    stack.write(secret + 'output "o" {\n  value     = var.secret\n  sensitive = true\n}\n')
    (output,) = stack.build().outputs
    assert (output.value, output.sensitive) == ("hush", True)


def test_arguments_can_be_read_by_others_with_defaults_and_in_normal_form(stack):
    stack.write(
        'workspace "w" {\n  image = image.base\n  resources { memory = "2 GiB" }\n  nic { network = network.fabric }\n}\n'
        + 'output "o" {\n  value = [workspace.w.resources.memory, workspace.w.resources.cpus, workspace.w.power, '
        "workspace.w.nic[0].network == network.fabric.id, workspace.w.user_data, workspace.w.disk, workspace.w.tags]\n}\n"
    )
    (output,) = stack.build().outputs
    assert output.value == [2048, 1, "running", True, None, [], {}]


def test_a_whole_list_where_one_is_wanted_says_what_to_write(stack):
    stack.write('image "many" {\n  count  = 2\n  source = "disk.img"\n}\nworkspace "w" {\n  image = image.many\n}\n')
    (problem,) = stack.problems()
    assert problem.code == "whole-list" and "image.many[0]" in problem.detail


def test_a_computed_object_of_another_kind_is_refused(stack):
    stack.write('workspace "w" {\n  image = [network.fabric][0]\n}\n')
    (problem,) = stack.problems()
    assert problem.code == "wrong-kind"


def test_an_environment_is_made_once_and_is_no_resource(stack, by_key):
    stack.write(
        'environment "e" {\n  image    = image.base\n  packages = ["vim"]\n}\n'
        'workspace "w" {\n  environment = environment.e\n  packages    = ["nano"]\n}\n'
        'workspace "v" {\n  environment = environment.e\n}\n'
    )
    made = by_key(stack.build())
    assert not any(key.startswith("environment") for key in made)
    assert made["workspace.w"].arguments["packages"] == ["nano"]
    assert made["workspace.v"].arguments["packages"] == ["vim"]
    assert made["workspace.v"].depends == ("image.base",)
    assert made["workspace.v"].arguments["environment"] == "environment.e"


def test_an_environment_per_instance(stack, by_key):
    stack.write(
        'environment "e" {\n  for_each = toset(["a", "b"])\n  image    = image.base\n  os       = each.key\n}\n'
        'workspace "w" {\n  for_each    = toset(["a", "b"])\n  environment = environment.e[each.key]\n}\n'
    )
    made = by_key(stack.build())
    assert [made[f'workspace.w["{key}"]'].arguments["os"] for key in "ab"] == ["a", "b"]


def test_files_are_read_when_planning(stack, by_key):
    stack.file("motd", "hello\n")
    stack.write('workspace "w" {\n  image = image.base\n  file "/etc/motd" { source = "motd" }\n}\n')
    assert by_key(stack.build())["workspace.w"].arguments["file"] == {
        "/etc/motd": {"mode": "0644", "owner": "root:root", "content": "hello\n"}
    }
    stack.write('workspace "w" {\n  image = image.base\n  file "/etc/motd" { source = "nothing" }\n}\n')
    assert [p.code for p in stack.problems()] == ["no-such-file"]


def test_dynamic_blocks_repeat_with_their_iterator(stack, by_key):
    stack.write("""
locals {
  users = { ann = "/bin/sh", ben = "/bin/bash" }
}
workspace "w" {
  count = 2
  image = image.base
  dynamic "user" {
    for_each = local.users
    iterator = who
    labels   = [who.key]
    content {
      shell = who.value
    }
  }
  dynamic "nic" {
    for_each = range(count.index)
    content {
      network = network.fabric
    }
  }
}
""")
    made = by_key(stack.build())
    assert made["workspace.w[0]"].arguments["user"]["ben"]["shell"] == "/bin/bash"
    assert [len(made[f"workspace.w[{at}]"].arguments.get("nic") or ()) for at in (0, 1)] == [0, 1]


def test_conditions_are_judged_and_unknown_ones_are_left_open(stack):
    stack.write(
        VOLUME
        + """
workspace "w" {
  image = image.base
  lifecycle {
    precondition {
      condition     = volume.v.path != ""
      error_message = "No path."
    }
    postcondition {
      condition     = self.hostname == "other"
      error_message = "It is ${self.hostname}."
    }
  }
}
check "size" {
  assert {
    condition     = volume.v.size > 5000
    error_message = "Only ${volume.v.size} MiB."
  }
}
"""
    )
    (problem, *rest) = stack.problems()
    assert problem.code == "postcondition-failed" and problem.detail == "It is w."
    assert [p.severity.value for p in rest] == ["warning"]
    stack.write((stack.folder / "main.vw.hcl").read_text().replace('"other"', '"w"'), prelude="")
    wanted = stack.build()
    assert [(check.address, check.passed) for check in wanted.checks] == [("workspace.w", None), ("check.size", False)]
    assert [warning.detail for warning in wanted.warnings] == ["Only 1024 MiB."]


def test_a_check_that_cannot_be_evaluated_is_a_slip_and_no_warning(stack):
    stack.write("""
variable "x" {
  default = {}
}
check "condition" {
  assert {
    condition     = var.x.missing == 1
    error_message = "No."
  }
}
check "message" {
  assert {
    condition     = length(var.x) == 1
    error_message = "No ${var.x.other}."
  }
}
""")
    (condition, message, failed) = stack.problems()
    assert (condition.severity.value, condition.address) == ("error", "check.condition")
    assert (message.severity.value, message.address) == ("error", "check.message")
    assert (failed.severity.value, failed.address) == ("warning", "check.message")


def test_validations_may_refer_to_other_things(stack):
    stack.write("""
variable "size" {
  default = 3
  validation {
    condition     = var.size <= local.most
    error_message = "At most ${local.most}."
  }
}
locals {
  most = 2
}
""")
    (problem,) = stack.problems()
    assert (problem.code, problem.detail) == ("validation-failed", "At most 2.")


def test_all_problems_of_all_blocks_are_told_at_once_and_each_once(stack):
    stack.write("""
variable "zero" {
  default = 0
}
locals {
  bad   = 1 / var.zero
  worse = local.bad + 1
}
workspace "a" {
  image    = image.base
  hostname = "h${local.worse}"
}
workspace "b" {
  count    = 20
  image    = image.base
  hostname = "h ${count.index}"
}
workspace "c" {
  image = image.base
  nic {
    network = network.fabric
    address = "10.9.9.9"
  }
}
""")
    codes = [problem.code for problem in stack.problems()]
    assert codes.count("operation-failed") == 1
    assert codes.count("invalid-form") == 3  # Of many alike instances, the first few.
    assert codes.count("invalid-address") == 1
    assert len(codes) == 5


def test_what_destroys_is_not_stopped_by_what_is_missing(stack, by_key):
    stack.write('variable "v" {\n  default = 1\n}\nworkspace "w" {\n  image = image.base\n}\n').apply()
    (stack.folder / "disk.img").unlink()
    stack.write(
        'variable "v" {\n  type = string\n}\nworkspace "w" {\n  image     = image.base\n  lifecycle { prevent_destroy = true }\n}\nworkspace "x" {\n  image     = image.base\n  user_data = var.v\n}\n'
    )
    made = by_key(stack.build(destroy=True))
    assert made["workspace.w"].lifecycle.prevent_destroy
    assert "workspace.x" not in made


def test_lifecycle_is_evaluated_per_instance(stack, by_key):
    stack.write("""
volume "v" {
  size = "1 GiB"
}
workspace "w" {
  count = 2
  image = image.base
  timeouts { create = "2m" }
  lifecycle {
    prevent_destroy      = count.index == 0
    ignore_changes       = [tags, resources.memory]
    replace              = "ask"
    replace_triggered_by = [volume.v, volume.v.size]
  }
}
""")
    made = by_key(stack.build())
    first, second = (made[f"workspace.w[{at}]"] for at in (0, 1))
    assert (first.lifecycle.prevent_destroy, second.lifecycle.prevent_destroy) == (True, False)
    assert first.lifecycle.ignore_changes == ("tags", "resources.memory")
    assert first.lifecycle.replace == "ask"
    assert first.lifecycle.replace_triggers == (("volume.v", made["volume.v"].identity), ("volume.v.size", 1024))
    assert first.timeouts == {"create": 120}
    assert "volume.v" in first.depends


def test_a_volume_needs_a_size_or_an_image_that_are_not_null(stack):
    (problem,) = stack.write(
        'volume "v" {\n  size = var.nothing\n}\nvariable "nothing" {\n  default = null\n}\n'
    ).problems()
    assert problem.code == "missing-argument"


def test_many_used_by_many_are_one_group(stack, by_key):
    stack.write("""
workspace "a" {
  count = 30
  image = image.base
}
locals {
  names = join(",", workspace.a[*].hostname)
}
workspace "b" {
  count     = 30
  image     = image.base
  user_data = local.names
}
workspace "c" {
  count      = 30
  image      = image.base
  depends_on = [workspace.a]
}
""")
    wanted = stack.build()
    made = by_key(wanted)
    assert {made[f"workspace.b[{at}]"].depends for at in range(30)} == {("image.base",)}
    names = {name for resource in wanted.resources for name in resource.groups}
    assert len(names) == 1
    assert set(wanted.groups) == names
    assert wanted.groups[names.pop()] == tuple(f"workspace.a[{at}]" for at in range(30))
