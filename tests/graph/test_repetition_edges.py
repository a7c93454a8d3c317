"""What `count` and `for_each` are made from comes first: edges of how many there are, not only of what is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from small_stacks import Stack

from vwplan.graph import Resource, Wanted

ByKey = Callable[[Wanted], dict[str, Resource]]

SEVERAL = """
workspace "w" {
  for_each = toset(["a", "b"])
  image    = image.base
  nic {
    network = network.fabric
  }
}
"""


def waits(resource: Resource, wanted: Wanted) -> set[str]:
    """The workspaces that a resource waits for."""
    keys = set(resource.depends).union(*(wanted.groups[group] for group in resource.groups))
    return {key for key in keys if "workspace." in key or "cluster." in key}


@pytest.mark.parametrize(
    "count",
    [
        pytest.param("length(workspace.w)", id="the block by itself"),
        pytest.param("length(keys(workspace.w))", id="its keys"),
        pytest.param("length([for w in workspace.w : w.address])", id="what is read of each"),
        pytest.param("local.many", id="through a local value"),
    ],
)
def test_count_of_a_block_waits_for_all_of_it(stack: Stack, by_key: ByKey, count: str) -> None:
    text = f"{SEVERAL}\nlocals {{\n  many = length(workspace.w)\n}}\n"
    wanted = stack.write(text + f'workspace "n" {{\n  count = {count}\n  image = image.base\n}}\n').build()
    found = by_key(wanted)
    for index in (0, 1):
        assert waits(found[f"workspace.n[{index}]"], wanted) == {'workspace.w["a"]', 'workspace.w["b"]'}


def test_chained_for_each_waits_key_by_key_even_where_nothing_is_read(stack: Stack, by_key: ByKey) -> None:
    wanted = stack.write(f'{SEVERAL}\nworkspace "f" {{\n  for_each = workspace.w\n  image = image.base\n}}\n').build()
    found = by_key(wanted)
    assert waits(found['workspace.f["a"]'], wanted) == {'workspace.w["a"]'}
    assert waits(found['workspace.f["b"]'], wanted) == {'workspace.w["b"]'}


def test_each_value_is_the_object_itself(stack: Stack, by_key: ByKey) -> None:
    text = """
image "kind" {
  for_each = { a = "disk.img", b = "other.img" }
  source   = each.value
}
workspace "f" {
  for_each = image.kind
  image    = each.value
}
"""
    wanted = stack.file("other.img", b"other").write(text).build()
    found = by_key(wanted)
    assert 'image.kind["a"]' in found['workspace.f["a"]'].depends
    assert found['workspace.f["b"]'].arguments["image"] == found['image.kind["b"]'].facts["id"]


def test_set_of_keys_waits_for_all(stack: Stack, by_key: ByKey) -> None:
    wanted = stack.write(
        f'{SEVERAL}\nworkspace "f" {{\n  for_each = toset(keys(workspace.w))\n  image = image.base\n}}\n'
    ).build()
    assert waits(by_key(wanted)['workspace.f["a"]'], wanted) == {'workspace.w["a"]', 'workspace.w["b"]'}


def test_computed_key_waits_for_that_instance_alone(stack: Stack, by_key: ByKey) -> None:
    text = (
        'workspace "f" {\n  for_each = toset(["a"])\n  image = image.base\n'
        "  tags = { peer = workspace.w[each.key].address }\n}\n"
    )
    wanted = stack.write(SEVERAL + text).build()
    assert waits(by_key(wanted)['workspace.f["a"]'], wanted) == {'workspace.w["a"]'}


def test_members_wait_for_what_counts_their_cluster_or_role(stack: Stack, by_key: ByKey) -> None:
    text = """
cluster "c" {
  for_each = workspace.w
  image    = image.base
  head {}
  workers "compute" {
    count = length(workspace.other)
  }
}
workspace "other" {
  count = 1
  image = image.base
}
"""
    wanted = stack.write(SEVERAL + text).build()
    found = by_key(wanted)
    assert waits(found['cluster.c["a"].head'], wanted) == {'workspace.w["a"]'}
    worker = waits(found['cluster.c["b"].workers.compute[0]'], wanted)
    assert worker >= {'workspace.w["b"]', "workspace.other[0]"}
    assert 'workspace.w["a"]' not in worker


def test_all_of_a_module_waits_for_what_counts_its_calls(stack: Stack, by_key: ByKey) -> None:
    stack.file("m/main.vw.hcl", 'variable "image" {}\nworkspace "inner" {\n  image = var.image\n}\n')
    text = """
module "many" {
  source = "./m"
  count  = length(workspace.w)
  image  = image.base
}
module "each" {
  source   = "./m"
  for_each = workspace.w
  image    = image.base
}
"""
    wanted = stack.write(SEVERAL + text).build()
    found = by_key(wanted)
    assert waits(found["module.many[1].workspace.inner"], wanted) == {'workspace.w["a"]', 'workspace.w["b"]'}
    assert waits(found['module.each["b"].workspace.inner'], wanted) == {'workspace.w["b"]'}


def test_many_wait_for_many_through_one_group(stack: Stack, by_key: ByKey) -> None:
    text = """
workspace "w" {
  count = 20
  image = image.base
}
workspace "n" {
  count = length(workspace.w)
  image = image.base
}
"""
    wanted = stack.write(text).build()
    found = by_key(wanted)
    assert found["workspace.n[0]"].groups == found["workspace.n[19]"].groups != ()
    assert len(waits(found["workspace.n[7]"], wanted)) == 20


@pytest.mark.parametrize(
    ("repeated", "key", "waited"),
    [
        pytest.param("count = 2", '"1"', "workspace.k[1]", id="of a count as text"),
        pytest.param('for_each = toset(["1", "2"])', "1", 'workspace.k["1"]', id="of a for_each as a number"),
    ],
)
def test_a_key_may_be_written_as_the_other_sort(
    stack: Stack, by_key: ByKey, repeated: str, key: str, waited: str
) -> None:
    k = f'workspace "k" {{\n  {repeated}\n  image = image.base\n  nic {{\n    network = network.fabric\n  }}\n}}\n'
    waiting = f'workspace "d" {{\n  image = image.base\n  depends_on = [workspace.k[{key}]]\n}}\n'
    reading = f'workspace "r" {{\n  image = image.base\n  user_data = workspace.k[{key}].address\n}}\n'
    wanted = stack.write(k + waiting + reading).build()
    found = by_key(wanted)
    assert waits(found["workspace.d"], wanted) == {waited}
    assert waits(found["workspace.r"], wanted) == {waited}
