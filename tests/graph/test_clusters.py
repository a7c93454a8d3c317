"""Clusters: members, merging, order, rosters and contexts."""

from __future__ import annotations

import dataclasses
import json

import pytest

HEAD = """
  head {
  }
"""

LAB = """
environment "tiny" {
  image  = image.base
  labels = { from = "environment", kept = "yes" }
  user "alice" { groups = ["wheel"] }
  user "bob" { shell = "/bin/sh" }
}
cluster "lab" {
  environment = environment.tiny
  resources {
    cpus   = 2
    memory = "1 GiB"
  }
  nic { network = network.fabric }
  labels = { from = "cluster" }
  tags   = { a = "cluster", b = "cluster" }
  head {
    resources { memory = "2 GiB" }
    tags     = { b = "head" }
    provides = { nfs = "/export" }
    user "alice" { sudo = true }
  }
  workers "compute" {
    count    = var.workers
    requires = ["nfs"]
    update { max_unavailable = 2 }
  }
}
variable "workers" {
  type    = number
  default = 2
}
"""


def test_members_are_resources_of_their_own_with_their_addresses(stack, by_key):
    made = by_key(stack.write(LAB).build())
    members = [key for key in made if key.startswith("cluster")]
    assert members == ["cluster.lab.head", "cluster.lab.workers.compute[0]", "cluster.lab.workers.compute[1]"]
    assert {made[key].kind for key in members} == {"workspace"}
    assert [made[key].cluster for key in members] == ["cluster.lab"] * 3
    assert [made[key].arguments["hostname"] for key in members] == ["lab-head", "lab-compute-0", "lab-compute-1"]
    assert [made[key].rolling for key in members] == [0, 2, 2]
    assert all(str(made[key].address) == key for key in members)


def test_a_role_without_count_is_a_list_of_one(stack, by_key):
    stack.write(
        'cluster "c" {\n  image = image.base\n  head {\n  }\n  workers "db" {\n  }\n}\noutput "n" {\n  value = length(cluster.c.workers.db)\n}\n'
    )
    wanted = stack.build()
    assert "cluster.c.workers.db[0]" in by_key(wanted)
    assert wanted.outputs[0].value == 1


def test_layers_merge_blocks_and_maps_by_key_and_replace_the_rest(stack, by_key):
    made = by_key(stack.write(LAB).build())
    head = made["cluster.lab.head"].arguments
    assert head["resources"] == {"cpus": 2, "memory": 2048}
    assert head["labels"] == {"from": "cluster", "kept": "yes"}
    assert head["tags"] == {"a": "cluster", "b": "head"}
    assert head["user"] == {"alice": {"sudo": True}, "bob": {"shell": "/bin/sh", "sudo": False}}
    worker = made["cluster.lab.workers.compute[0]"].arguments
    assert worker["resources"] == {"cpus": 2, "memory": 1024}
    assert worker["user"]["alice"] == {"groups": ["wheel"], "sudo": False}


def test_any_nic_of_a_member_replaces_all_inherited_ones_and_what_they_depend_on(stack, by_key):
    stack.write(
        'network "other" {\n  cidr = "10.2.0.0/24"\n}\n'
        + LAB.replace("requires = [", "nic { network = network.other }\n    requires = [")
    )
    worker = by_key(stack.build())["cluster.lab.workers.compute[0]"]
    assert [nic["address"] for nic in worker.arguments["nic"]] == ["10.2.0.2"]
    assert "network.fabric" not in worker.depends


def test_null_falls_back_to_the_layer_below(stack, by_key):
    stack.write(
        LAB.replace('resources { memory = "2 GiB" }', "user_data = null\n    power = null").replace(
            'labels = { from = "cluster" }', 'user_data = "shared"'
        )
    )
    head = by_key(stack.build())["cluster.lab.head"].arguments
    assert head["user_data"] == "shared"
    assert head["power"] == "running"


def test_causes_tell_which_layer_said_what(stack, by_key):
    causes = {cause.text: cause.paths for cause in by_key(stack.write(LAB).build())["cluster.lab.head"].causes}
    assert causes["environment.tiny"] == {"image", "labels", "user"}
    assert "nic" in causes["the defaults of cluster.lab"]
    assert "tags" not in causes["the defaults of cluster.lab"]


def test_members_count_as_ready_by_their_agent_and_workspaces_by_running(stack, by_key):
    stack.write(
        LAB.replace("update {", 'ready { timeout = "1m" }\n    update {')
        + 'workspace "w" {\n  image = image.base\n}\nworkspace "t" {\n  image = image.base\n  ready { tcp = 22 }\n}\n'
    )
    made = by_key(stack.build())
    assert made["cluster.lab.head"].arguments["ready"] == {"agent": True, "timeout": 300}
    assert made["cluster.lab.workers.compute[0]"].arguments["ready"] == {"agent": True, "timeout": 60}
    assert "ready" not in made["workspace.w"].arguments
    assert made["workspace.t"].arguments["ready"] == {"tcp": 22, "timeout": 300}


def test_workers_wait_for_the_head_and_for_nobody_else(stack, by_key):
    made = by_key(stack.write(LAB).build())
    assert set(made["cluster.lab.head"].depends) == {"image.base", "network.fabric"}
    assert set(made["cluster.lab.workers.compute[1]"].depends) == {"image.base", "network.fabric", "cluster.lab.head"}
    assert made["cluster.lab.workers.compute[1]"].groups == ()


ROLES = """
cluster "c" {{
  image = image.base
  head {{
    {head}
  }}
  workers "db" {{
    count = 12
    {db}
  }}
  workers "web" {{
    {web}
  }}
}}
"""


def _roles(head: str = "", db: str = "", web: str = "") -> str:
    return ROLES.format(head=head, db=db, web=web)


def test_after_orders_roles_and_waits_for_many_through_one_group(stack, by_key):
    wanted = stack.write(_roles(db="after = []", web='after = ["db"]')).build()
    made = by_key(wanted)
    web = made["cluster.c.workers.web[0]"]
    assert web.depends == ("image.base",)
    (group,) = web.groups
    assert wanted.groups[group] == tuple(f"cluster.c.workers.db[{at}]" for at in range(12))
    assert made["cluster.c.workers.db[0]"].depends == ("image.base",)


def test_a_head_may_come_after_its_workers(stack, by_key):
    wanted = stack.write(_roles(head='after = ["web"]', db='after = ["head"]', web="after = []")).build()
    keys = [resource.key for resource in wanted.resources]
    assert keys.index("cluster.c.workers.web[0]") < keys.index("cluster.c.head") < keys.index("cluster.c.workers.db[0]")


def test_a_circle_of_roles_is_told_with_its_members(stack):
    # Where the names are computed, only evaluation can tell.
    (problem,) = stack.write(_roles(db='after = [format("%s", "web")]', web='after = ["db"]')).problems()
    assert problem.code == "cycle"
    assert "cluster.c.workers.web[0]" in problem.detail and "cluster.c.workers.db[0]" in problem.detail


def test_a_role_after_itself_is_a_circle(stack):
    assert "cycle" in {p.code for p in stack.write(_roles(web='after = ["web"]')).problems()}


def test_an_unknown_role_has_a_near_miss(stack):
    stack.write(_roles(web='after = [format("%s", "dbs")]'))
    (problem,) = stack.problems()
    assert problem.code == "unknown-role"
    assert 'Did you mean "db"?' in problem.detail


def test_requires_waits_for_whoever_provides(stack, by_key):
    made = by_key(stack.write(_roles(web='provides = { dns = "53" }', db='after = []\n    requires = ["dns"]')).build())
    assert "cluster.c.workers.web[0]" in made["cluster.c.workers.db[3]"].depends


@pytest.mark.parametrize(
    ("web", "words"),
    [
        ('requires = ["storege"]', 'nobody in the cluster provides it. Did you mean "storage"?'),
        ('provides = { x = "1" }\n    requires = ["x"]', "only its own role"),
    ],
)
def test_what_nobody_provides_is_refused(stack, web, words):
    problems = stack.write(_roles(head='provides = { storage = "/x" }', web=web)).problems()
    assert [p.code for p in problems] == ["nobody-provides"]
    assert words in problems[0].detail


def test_several_providers_are_all_told_by_member_name(stack, by_key):
    stack.write("""
cluster "c" {
  image = image.base
  nic { network = network.fabric }
  head {
  }
  workers "store" {
    for_each = { b = "/b", a = "/a" }
    provides = { nfs = each.value }
  }
  workers "use" {
    requires  = ["nfs"]
    user_data = join(" ", [for one in parent.provides["nfs"] : "${one.member}=${one.address}:${one.value}"])
  }
}
""")
    use = by_key(stack.build())["cluster.c.workers.use[0]"]
    assert use.arguments["user_data"] == "store-a=10.1.2.3:/a store-b=10.1.2.4:/b"
    assert use.context is not None
    assert [one["member"] for one in use.context["provides"]["nfs"]] == ["store-a", "store-b"]


def test_each_and_count_belong_to_the_nearest_block_that_has_them(stack, by_key):
    stack.write("""
cluster "c" {
  for_each = { x = "ex", y = "why" }
  image    = image.base
  tags     = { of = each.key }
  head {
    user_data = "head of ${each.key} ${parent.key}"
  }
  workers "counted" {
    count     = 2
    user_data = "${each.value} ${count.index}"
  }
  workers "named" {
    for_each  = toset(["p"])
    user_data = "${each.key} in ${parent.key}"
  }
}
""")
    made = by_key(stack.build())
    assert made['cluster.c["y"].head'].arguments["user_data"] == "head of y y"
    assert made['cluster.c["x"].workers.counted[1]'].arguments["user_data"] == "ex 1"
    named = made['cluster.c["x"].workers.named["p"]']
    assert named.arguments["user_data"] == "p in x"
    assert named.arguments["tags"] == {"of": "x"}
    assert named.arguments["hostname"] == "c-x-named-p"


def test_the_roster_lists_the_head_first_then_roles_and_keys(stack):
    wanted = stack.write(LAB).build()
    roster = wanted.rosters["cluster.lab"]
    assert roster.epoch == 1
    assert [member["name"] for member in roster.members] == ["head", "compute-0", "compute-1"]
    assert roster.members[1] == {
        "name": "compute-0",
        "hostname": "lab-compute-0",
        "role": "compute",
        "key": 0,
        "address": "10.1.2.3",
        "addresses": ["10.1.2.3"],
    }
    assert roster.provides == {"nfs": [{"member": "head", "address": "10.1.2.2", "value": "/export"}]}


def test_the_epoch_rises_with_membership_alone(stack):
    stack.write(LAB).apply()
    assert stack.apply().rosters["cluster.lab"].epoch == 1
    stack.write(LAB.replace("cpus   = 2", "cpus   = 3"))
    assert stack.apply().rosters["cluster.lab"].epoch == 1
    stack.variables = {"workers": 3}
    assert stack.apply().rosters["cluster.lab"].epoch == 2
    stack.write(LAB.replace('"/export"', '"/other"'))
    assert stack.apply().rosters["cluster.lab"].epoch == 3


def test_scaling_touches_nobody_else(stack, by_key):
    before = by_key(stack.write(LAB).apply())
    stack.variables = {"workers": 4}
    after = by_key(stack.apply())
    for key, resource in before.items():
        assert after[key].arguments == resource.arguments
        assert (after[key].identity, after[key].facts, after[key].depends) == (
            resource.identity,
            resource.facts,
            resource.depends,
        )
    assert len(after) == len(before) + 2
    stack.variables = {"workers": 1}
    assert "cluster.lab.workers.compute[1]" not in by_key(stack.build())


def test_the_context_is_json_and_tells_a_member_of_itself_and_all_others(stack, by_key):
    worker = by_key(stack.write(LAB).build())["cluster.lab.workers.compute[0]"]
    context = json.loads(json.dumps(worker.context))
    assert context["cluster"] == "lab" and context["epoch"] == 1
    assert context["self"] == {
        "name": "compute-0",
        "hostname": "lab-compute-0",
        "role": "compute",
        "key": 0,
        "address": "10.1.2.3",
    }
    assert [member["hostname"] for member in context["members"]] == ["lab-head", "lab-compute-0", "lab-compute-1"]
    assert context["hosts"]["10.1.2.2"] == ["lab-head", "head"]
    assert context["provides"]["nfs"][0]["value"] == "/export"


def test_two_members_of_one_host_name_are_refused(stack):
    (problem,) = stack.write(_roles(db='hostname = "same"').replace("count = 12", "count = 2")).problems()
    assert problem.code == "hostname-taken"


def test_from_outside_the_head_alone_or_all_members_are_used(stack, by_key):
    stack.write(
        LAB
        + """
workspace "of_head" {
  image     = image.base
  user_data = cluster.lab.head.address
}
workspace "of_all" {
  image      = image.base
  depends_on = [cluster.lab]
}
workspace "of_roster" {
  image     = image.base
  user_data = join(",", cluster.lab.roster[*].address)
}
workspace "of_one" {
  image     = image.base
  user_data = cluster.lab.workers.compute[1].hostname
}
workspace "of_role" {
  image      = image.base
  depends_on = [cluster.lab.workers.compute]
}
"""
    )
    made = by_key(stack.build())
    workers = {"cluster.lab.workers.compute[0]", "cluster.lab.workers.compute[1]"}
    everyone = {"cluster.lab.head", *workers}

    def used(name: str) -> set[str]:
        return set(made[f"workspace.{name}"].depends) - {"image.base"}

    assert used("of_head") == {"cluster.lab.head"}
    assert used("of_all") == used("of_roster") == everyone
    assert used("of_one") == {"cluster.lab.workers.compute[1]"}
    assert used("of_role") == workers


def test_per_instance_edges_follow_keys_that_are_computed(stack, by_key):
    stack.write("""
locals {
  names = toset(["a", "b"])
}
network "n" {
  for_each = local.names
}
cluster "c" {
  for_each = local.names
  image    = image.base
  nic { network = network.n[each.key] }
  head {
  }
}
workspace "w" {
  for_each  = local.names
  image     = image.base
  user_data = cluster.c[each.key].head.address
}
""")
    made = by_key(stack.build())
    assert set(made['cluster.c["a"].head'].depends) == {"image.base", 'network.n["a"]'}
    assert set(made['workspace.w["b"]'].depends) == {"image.base", 'cluster.c["b"].head'}


def test_the_cluster_within_itself_is_a_cycle(stack):
    codes = {p.code for p in stack.write(_roles(web="user_data = jsonencode(cluster.c.roster)")).problems()}
    assert "cycle" in codes


def test_what_a_failed_member_is_used_for_is_passed_over_quietly(stack):
    stack.write(
        LAB.replace('memory = "2 GiB"', "memory = 1 / 0") + 'output "x" {\n  value = cluster.lab.head.address\n}\n'
    )
    problems = stack.problems()
    assert len(problems) == 1


def test_depends_on_and_lifecycle_of_a_cluster_hold_for_all_members(stack, by_key):
    stack.write(
        'volume "v" {\n  size = "1 GiB"\n}\n'
        + LAB.replace("tags   = {", "depends_on = [volume.v]\n  lifecycle { prevent_destroy = true }\n  tags   = {")
    )
    made = by_key(stack.build())
    members = [resource for key, resource in made.items() if key.startswith("cluster")]
    assert all("volume.v" in member.depends and member.lifecycle.prevent_destroy for member in members)


def test_rosters_of_a_renamed_cluster_move_with_it(stack):
    stack.write(LAB).apply()
    roster = dataclasses.replace(stack.state.rosters["cluster.lab"], epoch=7)
    stack.state = dataclasses.replace(stack.state, rosters={"cluster.lab": roster})
    # The names of the members stay, because they are recorded.
    stack.write(
        LAB.replace('cluster "lab"', 'cluster "den"') + "moved {\n  from = cluster.lab\n  to   = cluster.den\n}\n"
    )
    assert stack.build().rosters["cluster.den"].epoch == 7
