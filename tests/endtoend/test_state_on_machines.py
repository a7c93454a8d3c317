"""The state's own commands over real domains, and what `data` blocks read of a real host: what is moved, forgotten, lost, rolled back."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from boxes import Yard
from machines import LibvirtHands, needs_a_host, site
from workshop import Workshop

pytestmark = needs_a_host

STACK = f"state{os.getpid()}"
OTHER = f"{STACK}-b"
"""A second stack; its objects are seen by the same hands."""

HOME = 'volume "home" { size = "${var.home} MiB" }\n'
OUTPUTS = """
output "fabric" { value = network.fabric.id }
output "image" { value = image.empty.id }
output "home" { value = %s }
output "secret" {
  value     = "not kept"
  sensitive = true
}
"""
READER = """
data "stack" "first" {
  name      = "%(stack)s"
  directory = "../yard"
}
data "host" "here" {}
data "image" "empty" { id = data.stack.first.outputs.image }
data "network" "fabric" { id = data.stack.first.outputs.fabric }
data "volume" "home" { id = data.stack.first.outputs.home }
data "workspace" "box" { name = "%(box)s" }

workspace "guest" {
  image = data.image.empty.id
  resources { memory = "32 MiB" }
  nic { network = data.network.fabric.id }
}

output "seen" {
  value = [
    data.host.here.accelerator, data.image.empty.is_there, data.network.fabric.status, data.network.fabric.mode,
    data.volume.home.size, data.workspace.box.power, data.workspace.box.stack_address,
  ]
}
"""


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    hands = LibvirtHands(STACK)
    yield Yard.at(tmp_path / "yard", hands)
    hands.clear()


def test_what_is_read_of_a_host_and_of_another_stack_can_be_built_upon(yard: Yard, tmp_path: Path) -> None:
    yard.stack.write(OUTPUTS % "volume.home.id", "outputs.vw.hcl")
    yard.stack.apply(boxes=1)
    box = yard.stack.records()["workspace.box[0]"]["name"]
    reader = Workshop(tmp_path / "reader", ("--stack", OTHER))
    reader.write(site(STACK, more='shutdown_timeout = "0s"') + READER % {"stack": STACK, "box": box})
    reader.apply()
    seen = json.loads(reader.do("output", "--json", "seen"))
    assert seen == ["tcg", True, "active", "isolated", 4, "running", "workspace.box[0]"]
    told = yard.stack.run("destroy", "--auto-approve")
    assert (told.code, "Still in use" in told.err) == (1, True), told
    reader.do("destroy", "--auto-approve")
    yard.stack.do("destroy", "--auto-approve")
    assert yard.hands.objects() == set()


def test_what_is_forgotten_moved_or_lost_is_found_again_on_the_host(yard: Yard, tmp_path: Path) -> None:
    stack, hands = yard.stack, yard.hands
    stack.write(OUTPUTS % '""', "outputs.vw.hcl")
    stack.apply(boxes=2)
    there = hands.objects()

    # Forgotten: adopted again as it was; or deleted, and made anew.
    stack.do("state", "rm", "workspace.box[1]", "network.fabric")
    assert {one["address"] for one in json.loads(stack.do("orphans", "--json"))["orphans"]} == {
        "network.fabric",
        "workspace.box[1]",
    }
    stack.do("orphans", "adopt", "--auto-approve")
    stack.settled()
    stack.do("state", "rm", "workspace.box[1]")
    stack.do("orphans", "delete", "--auto-approve")
    assert len(there - hands.objects()) == 1
    stack.apply()
    yard.whole()

    # The way back to two machines with less memory.
    stack.apply(memory=48, boxes=1)
    stack.do("rollback", "--auto-approve")
    assert sorted(hands.memory(one.UUIDString()) for one in hands.domains()) == [32, 32]
    stack.let(memory=32, boxes=2)
    stack.settled()
    yard.whole()

    # Lost, with all that the folder remembers: rebuilt from the marks, whose lineage is all that is needed.
    lineage = json.loads(stack.do("show", "--json"))["lineage"]
    before = {address: one["identity"] for address, one in stack.records().items() if one["kind"] != "image"}
    shutil.move(stack.folder / ".vwplan", tmp_path / "lost")
    stack.do("state", "adopt", "--from-hosts", f"--lineage={lineage}")
    stack.apply()
    assert {a: one["identity"] for a, one in stack.records().items() if one["kind"] != "image"} == before
    yard.whole()

    # The copy that turns up again must not touch them once they were changed here; as a fork it has nothing.
    stack.apply(boxes=1)
    copy = Workshop(tmp_path / "copy", stack.words)
    shutil.copytree(stack.folder, copy.folder, ignore=shutil.ignore_patterns(".vwplan"))
    shutil.move(tmp_path / "lost", copy.folder / ".vwplan")
    there = hands.objects()
    assert "Another copy of this state exists" in copy.refused("apply", "--auto-approve")
    copy.do("state", "fork", "--auto-approve")
    assert copy.do("state", "list") == ""
    assert hands.objects() == there

    stack.do("destroy", "--auto-approve")
    assert (hands.objects(), hands.volumes()) == (set(), [])


def test_a_volume_moves_to_another_stack_and_bears_its_mark(yard: Yard, tmp_path: Path) -> None:
    stack, hands = yard.stack, yard.hands
    stack.apply(boxes=0)
    home = stack.identity("volume.home")
    stack.do("state", "mv", "volume.home", "--to-stack", OTHER)
    other = Workshop(stack.folder, ("--stack", OTHER))
    assert other.identity("volume.home") == home
    assert json.loads(other.do("orphans", "--json"))["orphans"] == []
    stack.do("destroy", "--auto-approve")
    assert hands.objects() == {home}
    other.do("destroy", "--auto-approve")
    assert hands.objects() == set()


def test_recover_settles_alone_what_a_killed_apply_began(yard: Yard) -> None:
    running = yard.stack.start("apply", "--auto-approve")
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("workspace.box[0]: Creating"):
            break
    running.kill()
    running.communicate()
    assert yard.lost() == set()
    yard.stack.do("recover")
    assert not yard.stored().unfinished
    assert yard.lost() == set()
    yard.stack.apply()
    yard.whole()
    yard.stack.do("destroy", "--auto-approve")
    assert (yard.hands.objects(), yard.hands.volumes()) == (set(), [])
