"""A pool of hosts through the whole program: planned, applied, moved, limited, renamed and left."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

from vwplan_simulated.__main__ import define

POOL = """
variable "hosts" {
  type    = map(object({ rack = string }))
  default = { a = { rack = "1" }, b = { rack = "2" } }
}

provider "simulated" {
  memory = 2048
  dynamic "host" {
    for_each = var.hosts
    labels   = [host.key]
    content {
      labels = { rack = host.value.rack }
      limits {
        workspaces = 3
      }
    }
  }
}

image "base" { source = "./base.raw" }
"""

FARM = """
workspace "w" {
  count = %d
  image = image.base
  resources { memory = "256 MiB" }
}

output "hosts" { value = workspace.w[*].host }
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, POOL + FARM % 4)


def hosts(shop: Shop) -> list[str]:
    found: list[str] = json.loads(shop.do("output", "--json", "hosts").out)
    return found


def words(shop: Shop, *command: str, code: int = 0) -> str:
    told = shop.run(*command)
    assert told.code == code, told.err + told.out
    return " ".join((told.out + told.err).split())


def test_a_pool_is_planned_applied_and_left_with_nothing_to_do(shop: Shop) -> None:
    assert "5 added" in shop.apply().out
    assert hosts(shop) == ["a", "b", "a", "b"]
    assert "No changes" in words(shop, "plan")
    shop.spec(POOL, FARM % 6)
    shop.apply()
    assert hosts(shop) == ["a", "b", "a", "b", "a", "b"]
    assert "7 destroyed" in shop.do("destroy", "--auto-approve").out


def test_the_base_is_staged_on_each_host_that_needs_it(shop: Shop) -> None:
    shop.spec(POOL, FARM % 1)
    shop.apply()
    assert [len(shop.world(f"simulated/{label}").images()) for label in "ab"] == [1, 0]
    shop.spec(POOL, FARM % 2)
    shop.apply()
    assert [len(shop.world(f"simulated/{label}").images()) for label in "ab"] == [1, 1]
    shop.do("destroy", "--auto-approve")
    assert [len(shop.world(f"simulated/{label}").images()) for label in "ab"] == [0, 0]


def test_more_than_the_limits_allow_is_refused_with_the_figures(shop: Shop) -> None:
    shop.spec(POOL, FARM % 7)
    told = words(shop, "plan", code=1)
    assert "Error: More than the host's owner allows" in told
    assert "The limits of simulated/a allow 3 workspaces, and with this plan there would be 4" in told
    assert "main.vw.hcl" in told
    assert shop.store().read() is None


def test_limits_that_are_lowered_later_stop_growth_and_nothing_else(shop: Shop) -> None:
    shop.apply()
    tight = POOL.replace("workspaces = 3", "workspaces = 1")
    shop.spec(tight, FARM % 4)
    assert "No changes" in words(shop, "plan")
    shop.spec(tight, FARM % 5)
    assert "allow 1 workspaces" in words(shop, "plan", code=1)
    shop.spec(tight, FARM % 3)
    assert "1 to destroy" in words(shop, "plan")


def test_memory_that_grows_beyond_the_limit_is_refused(shop: Shop) -> None:
    limited = POOL.replace("workspaces = 3", 'memory = "512 MiB"')
    shop.spec(limited, FARM % 4)
    shop.apply()
    shop.spec(limited, (FARM % 4).replace("256 MiB", "300 MiB"))
    told = words(shop, "plan", code=1)
    assert "allow 512 MiB of memory, and with this plan the machines that run there would have 600 MiB" in told


def test_limits_hold_without_a_look_at_the_hosts_too(shop: Shop) -> None:
    shop.apply()
    shop.spec(POOL.replace("workspaces = 3", "workspaces = 2"), FARM % 5)
    assert "there would be 3" in words(shop, "plan", "--refresh=false", code=1)


def test_another_placement_moves_a_machine_by_making_it_anew(shop: Shop) -> None:
    text = 'workspace "w" {\n  image = image.base\n  placement { host = "%s" }\n}\n'
    shop.spec(POOL, text % "a")
    shop.apply()
    shop.spec(POOL, text % "b")
    told = words(shop, "plan")
    assert 'host = "simulated/a" -> "simulated/b" # forces replacement' in told
    shop.apply()
    assert [len(list(shop.world(f"simulated/{label}").outsides())) for label in "ab"] == [0, 1]
    assert "No changes" in words(shop, "plan")


def test_a_host_leaves_the_pool_once_nothing_is_on_it(shop: Shop) -> None:
    text = 'workspace "w" {\n  image = image.base\n  placement { host = "%s" }\n}\n'
    shop.spec(POOL, text % "a")
    shop.apply()
    only_b = '--var=hosts={ b = { rack = "2" } }'
    shop.spec(POOL, text % "b")
    told = words(shop, "plan", only_b, code=1)
    assert "simulated/a could not be seen" in told
    shop.apply()
    shop.apply(only_b)
    assert {record.host for record in shop.state().records.values()} == {"b"}
    assert "No changes" in words(shop, "plan", only_b)
    assert "2 destroyed" in shop.do("destroy", "--auto-approve", only_b).out


def test_a_host_that_got_another_name_is_the_same_host(shop: Shop) -> None:
    shop.apply()
    folder = next(shop.folder.rglob("simulated_b.sqlite"))
    folder.rename(folder.with_name("simulated_z.sqlite"))
    renamed = '--var=hosts={ a = { rack = "1" }, z = { rack = "2" } }'
    assert " to add" not in words(shop, "plan", renamed)
    shop.apply(renamed)
    assert hosts(shop) == ["a", "z", "a", "z"]


def test_one_hypervisor_under_two_labels_is_refused(shop: Shop) -> None:
    shop.apply()
    folder = next(shop.folder.rglob("simulated_a.sqlite"))
    shutil.copy(folder, folder.with_name("simulated_b.sqlite"))
    told = words(shop, "plan", code=1)
    assert "simulated/a and simulated/b are the same hypervisor" in told


def test_the_simulator_in_the_place_of_a_pool_has_its_hosts_and_limits(shop: Shop) -> None:
    pool = 'provider "libvirt" {\n  host "a" {\n    uri = "qemu+ssh://nowhere/system"\n    limits { workspaces = 1 }\n  }\n'
    pool += '  host "b" { uri = "qemu+ssh://nowhere2/system" }\n}\nimage "base" { source = "./base.raw" }\n'
    shop.spec(pool, FARM % 4)
    shop.apply("--simulate")
    found = json.loads(shop.do("output", "--json", "hosts", "--simulate").out)
    assert found.count("a") <= 1 and found.count("b") >= 3


def test_what_is_on_a_pool_is_read_and_imported_from_whichever_host_has_it(shop: Shop) -> None:
    text = 'workspace "w" {\n  image = image.base\n  name = "box"\n  placement { host = "b" }\n}\n'
    shop.spec(POOL, text)
    shop.apply()
    read = """
    data "workspace" "box" { name = "box" }
    data "host" "b" { host = "b" }
    output "hosts" { value = [data.workspace.box.stack_address, data.host.b.name] }
    """
    shop.spec(POOL, text, read)
    shop.apply()
    assert hosts(shop) == ["workspace.w", "simulated/b"]
    shop.spec(POOL, text, read.replace('host = "b"', 'host = "c"'))
    assert 'simulated has no host "c"' in words(shop, "plan", code=1)
    shop.spec(POOL, text, 'data "host" "any" {}\n')
    assert "simulated has several hosts. Say which with host: a, b." in words(shop, "plan", code=1)


def test_what_exists_is_imported_where_it_is_and_of_two_alike_the_host_is_said(shop: Shop) -> None:
    text = 'workspace "%s" {\n  image = image.base\n  resources { memory = "256 MiB" }\n}\n'
    there = {"resources": {"cpus": 1, "memory": 256}}
    define(shop.world("simulated/b"), "workspace", "only", there)
    for label in "ab":
        define(shop.world(f"simulated/{label}"), "workspace", "both", there)
    take = 'import {\n  to = workspace.%s\n  id = "%s"\n}\n'
    shop.spec(POOL, text % "x", take % ("x", "only"))
    shop.apply()
    assert shop.record("workspace.x").host == "b"
    shop.spec(POOL, text % "x", text % "y", take % ("y", "both"))
    assert "The hosts of simulated have several workspaces" in words(shop, "plan", code=1)
    shop.spec(POOL, text % "x", text % "y", take % ("y", "a/both"))
    shop.apply()
    assert shop.record("workspace.y").host == "a"
    assert shop.empty()


SPANNING = """
network "lan" {
  mode   = "bridge"
  bridge = "br0"
}

workspace "w" {
  count = 2
  image = image.base
  placement { spread = "host" }
  nic { network = network.lan }
}
"""


def networks(shop: Shop) -> list[list[str]]:
    """The identities of the networks on each host."""
    found = [shop.world(f"simulated/{label}").outsides() for label in "ab"]
    return [[thing.identity for thing in those if thing.kind == "network"] for those in found]


def test_a_network_over_a_bridge_spans_the_hosts_and_goes_from_all_of_them(shop: Shop) -> None:
    shop.spec(POOL, SPANNING)
    shop.apply()
    on_a, on_b = networks(shop)
    assert len(on_a) == 1 and on_a == on_b
    assert "No changes" in words(shop, "plan")
    assert "no orphans" in words(shop, "orphans")
    shop.spec(POOL, SPANNING.replace("br0", "br1"))
    shop.apply()
    anew, on_b = networks(shop)
    assert len(anew) == 1 and anew == on_b and anew != on_a
    assert "No changes" in words(shop, "plan")
    shop.do("destroy", "--auto-approve")
    assert networks(shop) == [[], []]


def test_a_lost_state_is_rebuilt_with_a_spanning_network_once(shop: Shop) -> None:
    shop.spec(POOL, SPANNING)
    shop.apply()
    lineage = shop.state().lineage
    for name in ("stacks", "known"):
        shutil.rmtree(shop.folder / ".vwplan" / name)
    told = words(shop, "state", "adopt", "--from-hosts", f"--lineage={lineage}")
    assert "Adopted network.lan." in told and "Left" not in told
    shop.apply()
    assert {address: record.host for address, record in shop.state().records.items()} == {
        "image.base": "a",
        "network.lan": "a",
        "workspace.w[0]": "a",
        "workspace.w[1]": "b",
    }
    assert shop.empty()


def test_a_network_of_one_host_draws_its_users_there_and_two_wishes_tear_it_apart(shop: Shop) -> None:
    text = SPANNING.replace('"bridge"\n  bridge = "br0"', '"nat"').replace(
        'spread = "host"', 'host = count.index == 0 ? "a" : "b"'
    )
    shop.spec(POOL, text)
    told = words(shop, "plan", code=1)
    assert "Error: No host for what belongs together" in told
    assert "workspace.w[1] is to be on b, and workspace.w[0], which it has to share a host with, on a" in told


def test_a_saved_plan_of_a_pool_is_carried_out_as_it_was_shown(shop: Shop) -> None:
    shop.spec(POOL, SPANNING)
    shop.do("plan", "--out=p.plan")
    shop.do("apply", "p.plan")
    assert [len(those) for those in networks(shop)] == [1, 1]
    assert "No changes" in words(shop, "plan")
