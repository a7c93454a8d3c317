"""The main job on real machines: the tiny guest of examples/guest, made, changed, killed, and taken away through the real program."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from machines import GUEST_IMAGE, LibvirtHands, needs_machines, site
from stories import CLUSTER, HEAD, MainJob, names
from workshop import Workshop

pytestmark = needs_machines

STACK = f"e2e{os.getpid()}"
"""Part of the names of all machines and networks made here."""

SITE = site(STACK) + GUEST_IMAGE

TWO = """
variable "boxes" { type = number }

network "fabric" { mode = "isolated" }

volume "store" { size = "16 MiB" }

workspace "box" {
  count = var.boxes
  image = image.tiny
  resources { memory = "96 MiB" }
  nic { network = network.fabric }
}
"""


@pytest.fixture(scope="module")
def hands() -> Iterator[LibvirtHands]:
    hands = LibvirtHands(STACK)
    yield hands
    hands.clear()


@pytest.fixture(scope="module")
def lab(hands: LibvirtHands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """One cluster for all stories: each begins where it must, and machines take their time to boot."""
    lab = hands.lab = Workshop(tmp_path_factory.mktemp("lab"), ("--stack", STACK))
    lab.write(SITE + CLUSTER)
    lab.let(workers=0)
    yield lab
    lab.do("destroy", "--auto-approve")
    assert (hands.objects(), hands.volumes()) == (set(), [])


class TestOnRealMachines(MainJob):
    """Each story, on QEMU."""


def test_a_machine_that_boots_again_by_itself_knows_the_roster_of_today(hands: LibvirtHands, lab: Workshop) -> None:
    lab.apply(workers=0, memory="96 MiB")
    head = lab.identity(HEAD)
    assert hands.roster(head) == names(0)
    lab.apply(workers=1)
    assert hands.roster(head) == names(1), "it was told while it ran"
    hands.boot_again(head)
    assert hands.roster(head) == names(1), "and reads the same when it boots, from the seed that it has had all along"
    assert "lab-compute-0" in hands.read(head, "/etc/hosts")
    lab.settled()


class Foreign:
    """Things on the host that are somebody else's, some of them with names that look like ours."""

    def __init__(self, hands: LibvirtHands) -> None:
        connection = hands.connection
        name = f"{STACK}-foreign-0123456789"
        self._machine = connection.defineXML(
            f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><os><type arch='x86_64' machine='q35'>"
            "hvm</type></os></domain>"
        )
        self._network = connection.networkDefineXML(f"<network><name>{name}</name></network>")
        pool = hands.pool()
        self._volumes = [
            pool.createXML(f"<volume><name>{name}</name><capacity>4096</capacity></volume>")
            for name in ("notes.raw", f"vw-{uuid.uuid4()}.qcow2.kept-by-hand")
        ]

    def whole(self) -> bool:
        """Whether all of it is as it was."""
        for volume in self._volumes:
            volume.info()
        return bool(self._machine.XMLDesc() and self._network.XMLDesc())

    def clear(self) -> None:
        self._machine.undefine()
        self._network.undefine()
        for volume in self._volumes:
            volume.delete()


@pytest.fixture
def pair(hands: LibvirtHands, lab: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """Two machines that nobody waits for, so that they are made and taken away in a moment. The lab may come about meanwhile."""

    def labs() -> set[str]:
        is_there = (lab.folder / ".vwplan").exists()
        return {one["identity"] for one in lab.records().values()} if is_there else set()

    pair = Workshop(tmp_path / "pair", ("--stack", f"{STACK}-two"))
    pair.write(SITE + TWO)
    pair.let(boxes=2)
    before = hands.objects() - labs()
    yield pair
    pair.do("destroy", "--auto-approve")
    assert hands.objects() - labs() == before


def test_destroy_leaves_nothing_and_touches_nothing_of_others(
    hands: LibvirtHands, lab: Workshop, pair: Workshop
) -> None:
    lab.apply(workers=1)
    before = hands.objects()
    pair.apply(boxes=1)
    foreign = Foreign(hands)
    try:
        there = hands.objects()
        told = pair.do("destroy", "--auto-approve")
        assert "Resources: 0 added, 0 changed, 4 destroyed." in told
        assert foreign.whole()
        assert len(there - hands.objects()) == 3
        assert pair.records() == {}
        lab.settled()
    finally:
        foreign.clear()
    assert hands.objects() == before


@pytest.mark.parametrize(
    ("line", "later"),
    [
        ("network.fabric: Creating", 0.02),
        ("workspace.box[0]: Creating", 0.05),
        ("workspace.box[0]: Created", 0.05),
        ("workspace.box[1]: Starting", 0.3),
    ],
)
def test_vwplan_killed_half_way_leaves_what_the_next_apply_finishes(
    pair: Workshop, hands: LibvirtHands, line: str, later: float
) -> None:
    others = hands.objects()
    kill_at(pair, line, later)
    pair.apply()
    assert hands.objects() - others == {one["identity"] for one in pair.records().values() if one["kind"] != "image"}
    assert len(hands.objects() - others) == 4


def kill_at(stack: Workshop, start: str, later: float, *words: str) -> None:
    """Begin an apply, and end it as `kill -9` does some time after it has told something."""
    process = stack.start("apply", "--auto-approve", *words)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start):
            break
    else:
        raise AssertionError(f"no line begins with {start}: {process.communicate()}")
    time.sleep(later)
    process.kill()
    process.communicate()
