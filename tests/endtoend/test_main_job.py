"""The main job on real machines: the tiny guest of examples/guest, made, changed, killed, and taken away through the real program."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stories import CLUSTER, MainJob
from workshop import Workshop

libvirt = pytest.importorskip("libvirt")

URI = os.environ.get("VWPLAN_TEST_LIBVIRT_URI", "")
GUEST = Path(os.environ.get("VWPLAN_TEST_GUEST") or "/nonexistent")

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set"),
    pytest.mark.skipif(not (GUEST / "root.qcow2").exists(), reason="VWPLAN_TEST_GUEST is not set"),
]

STACK = f"e2e{os.getpid()}"
"""Part of the names of all machines and networks made here."""

POOL = f"vwplan-{STACK}"

SITE = f"""
variable "uri" {{
  type    = string
  default = "{URI}"
}}

provider "libvirt" {{
  uri   = var.uri
  accel = "tcg"
  pool  = "{POOL}"
}}

image "tiny" {{
  source  = "{GUEST}/root.qcow2"
  kernel  = "{GUEST}/vmlinuz"
  initrd  = "{GUEST}/initrd.gz"
  cmdline = "console=ttyS0 quiet root=LABEL=root"
}}
"""

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


class LibvirtHands:
    """Somebody with virsh."""

    def __init__(self) -> None:
        libvirt.registerErrorHandler(lambda context, error: None, None)
        self._connection = libvirt.open(URI)
        self.lab: Workshop | None = None

    def objects(self) -> set[str]:
        found = {one.UUIDString() for one in self.domains() + self.networks()}
        return found | {match[1] for name in self.volumes() if (match := re.match(r"vw-(.{36})\.", name))}

    def domains(self) -> list[Any]:
        return [one for one in self._connection.listAllDomains() if one.name().startswith(f"{STACK}-")]

    def networks(self) -> list[Any]:
        return [one for one in self._connection.listAllNetworks() if one.name().startswith(f"{STACK}-")]

    def pool(self) -> Any:
        return next((one for one in self._connection.listAllStoragePools() if one.name() == POOL), None)

    def volumes(self) -> list[str]:
        pool = self.pool()
        if pool is None:
            return []
        pool.refresh()
        return list(pool.listVolumes())

    def images(self) -> int:
        return sum(name.endswith(".complete") for name in self.volumes())

    def boot(self, identity: str) -> str:
        """The number of its process is another after each start; so is the kernel's own word, which only it can tell."""
        return f"{self._process(identity)} {self._read(identity, '/proc/sys/kernel/random/boot_id').decode().strip()}"

    def memory(self, identity: str) -> int:
        return int(self._domain(identity).maxMemory()) // 1024

    def roster(self, identity: str) -> list[str]:
        context = json.loads(self._read(identity, "/run/vw/context.json"))
        return [member["hostname"] for member in context["members"]]

    def kill(self, identity: str) -> None:
        os.kill(self._process(identity), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self._domain(identity).isActive() and time.monotonic() < deadline:
            time.sleep(0.1)

    def undefine(self, identity: str) -> None:
        self._domain(identity).destroy()
        self._domain(identity).undefine()

    def cut_off(self) -> None:
        assert self.lab is not None
        self.lab.let(uri="qemu+unix:///system?socket=/nonexistent/libvirt-sock")

    def reconnect(self) -> None:
        assert self.lab is not None
        self.lab.let(uri=URI)

    def _domain(self, identity: str) -> Any:
        return self._connection.lookupByUUIDString(identity)

    def _process(self, identity: str) -> int:
        mark = f"guest={self._domain(identity).name()},".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "cmdline").read_bytes():
                    return int(process.name)
            except OSError:
                continue
        raise AssertionError(f"{identity} has no process")

    def _read(self, identity: str, path: str) -> bytes:
        opened = self._ask(identity, "guest-file-open", path=path, mode="r")
        content = base64.b64decode(self._ask(identity, "guest-file-read", handle=opened, count=32768)["buf-b64"])
        self._ask(identity, "guest-file-close", handle=opened)
        return content

    def _ask(self, identity: str, command: str, **arguments: Any) -> Any:
        import libvirt_qemu

        request = json.dumps({"execute": command, "arguments": arguments})
        return json.loads(libvirt_qemu.qemuAgentCommand(self._domain(identity), request, 20, 0))["return"]

    def clear(self) -> None:
        """Take away whatever a failed test left."""
        for domain in self.domains():
            if domain.isActive():
                domain.destroy()
            domain.undefine()
        for network in self.networks():
            if network.isActive():
                network.destroy()
            network.undefine()
        pool = self.pool()
        if pool is not None:
            pool.refresh()
            for volume in pool.listAllVolumes():
                volume.delete()
            pool.destroy()
            pool.delete()
            pool.undefine()


@pytest.fixture(scope="module")
def hands() -> Iterator[LibvirtHands]:
    hands = LibvirtHands()
    yield hands
    hands.clear()


@pytest.fixture(scope="module")
def lab(hands: LibvirtHands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """One cluster for all stories: each begins where it must, and machines take their time to boot."""
    lab = hands.lab = Workshop(tmp_path_factory.mktemp("lab"), ("--stack", STACK))
    lab.write(SITE + CLUSTER)
    yield lab
    lab.do("destroy", "--auto-approve")
    assert (hands.objects(), hands.volumes()) == (set(), [])


class TestOnRealMachines(MainJob):
    """Each story, on QEMU."""


class Foreign:
    """Things on the host that are somebody else's, some of them with names that look like ours."""

    def __init__(self, hands: LibvirtHands) -> None:
        connection = hands._connection
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
def pair(hands: LibvirtHands, tmp_path: Path) -> Iterator[Workshop]:
    """Two machines that nobody waits for, so that they are made and taken away in a moment."""
    pair = Workshop(tmp_path / "pair", ("--stack", f"{STACK}-two"))
    pair.write(SITE + TWO)
    pair.let(boxes=2)
    before = hands.objects()
    yield pair
    pair.do("destroy", "--auto-approve")
    assert hands.objects() == before


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
