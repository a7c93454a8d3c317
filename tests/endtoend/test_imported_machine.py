"""A real machine that somebody else made becomes the head of a cluster: marked while it runs, told its roster, changed, let go of."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

import libvirt

sys.path.insert(0, str(Path(__file__).parent))
from machines import GUEST, GUEST_IMAGE, URI, LibvirtHands, needs_machines, pool_name, site

from vwplan.cli.main import run
from vwplan_libvirt.agent import Agent, AgentError, AgentSilent

pytestmark = needs_machines

STACK = f"imp{os.getpid() % 10000}"
BYTE = os.getpid() % 250
POOL = f"{STACK}-theirs"

NETWORK = f"""
<network><name>{STACK}-lan</name><bridge name='vwimp{BYTE}'/>
  <ip address='10.233.{BYTE}.254' prefix='24'><dhcp><range start='10.233.{BYTE}.100' end='10.233.{BYTE}.120'/></dhcp></ip></network>"""

SPEC = f"""
{GUEST_IMAGE}
network "lan" {{
  mode = "isolated"
}}
volume "data" {{
  size   = "%s"
  format = "raw"
}}
cluster "c" {{
  image = image.tiny
  resources {{ memory = "%s" }}
  nic {{ network = network.lan }}
  head {{
    disk {{ volume = volume.data }}
  }}
}}
import {{
  to = network.lan
  id = "{STACK}-lan"
}}
import {{
  to = volume.data
  id = "{POOL}/data.raw"
}}
import {{
  to = cluster.c.head
  id = "{STACK}-box"
}}
output "address" {{
  value = cluster.c.head.address
}}
"""


def domain_text(folder: str) -> str:
    return f"""
<domain type='qemu'><name>{STACK}-box</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
  <os><type machine='q35'>hvm</type><kernel>{folder}/vmlinuz</kernel><initrd>{folder}/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet root=LABEL=root</cmdline></os>
  <features><acpi/></features><cpu mode='maximum' check='none'/>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{folder}/system.qcow2'/>
      <target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{folder}/data.raw'/>
      <target dev='vdb' bus='virtio'/></disk>
    <interface type='network'><mac address='52:54:00:23:{BYTE:02x}:01'/><source network='{STACK}-lan'/>
      <model type='virtio'/></interface>
    <serial type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  </devices></domain>"""


@pytest.fixture
def host() -> Iterator[Any]:
    """libvirt's connection to a host on which somebody else has a running machine, its network and its pool."""
    connection = libvirt.open(URI)
    images = connection.storagePoolLookupByName("default").XMLDesc(0).partition("<path>")[2].partition("<")[0]
    folder = Path(images) / POOL
    folder.mkdir()
    for name, copy in (("root.qcow2", "system.qcow2"), ("vmlinuz", "vmlinuz"), ("initrd.gz", "initrd.gz")):
        shutil.copy(GUEST / name, folder / copy)
    (folder / "data.raw").write_bytes(bytes(8 << 20))
    pool = connection.storagePoolDefineXML(
        f"<pool type='dir'><name>{POOL}</name><target><path>{folder}</path></target></pool>"
    )
    pool.create()
    connection.networkDefineXML(NETWORK).create()
    domain = connection.defineXML(domain_text(str(folder)))
    domain.create()
    try:
        until(lambda: Agent(domain).read("/proc/version"))
        yield connection
    finally:
        for one in [d for d in connection.listAllDomains() if d.name() == f"{STACK}-box"]:
            with suppress(libvirt.libvirtError):
                one.destroy()
            one.undefine()
        for one in [n for n in connection.listAllNetworks() if n.name() == f"{STACK}-lan"]:
            with suppress(libvirt.libvirtError):
                one.destroy()
            one.undefine()
        for name in (POOL, pool_name(STACK)):
            with suppress(libvirt.libvirtError):
                gone = connection.storagePoolLookupByName(name)
                path = Path(gone.XMLDesc(0).partition("<path>")[2].partition("<")[0])
                gone.destroy()
                gone.undefine()
                shutil.rmtree(path, ignore_errors=True)
        connection.close()


def until(look: Any, patience: float = 300.0) -> Any:
    deadline = time.monotonic() + patience
    while True:
        try:
            return look()
        except (AgentError, AgentSilent):
            assert time.monotonic() < deadline, "the machine did not come up"
            time.sleep(1)


def test_a_machine_that_runs_is_taken_over_changed_and_let_go_of(
    host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VW_STACK", STACK)

    def do(*words: str, size: str = "8 MiB", memory: str = "128 MiB") -> str:
        (tmp_path / "main.vw.hcl").write_text(site(STACK) + SPEC % (size, memory))
        capsys.readouterr()
        code = run(list(words))
        told = capsys.readouterr()
        assert code == 0, told.err + told.out
        return told.out

    def boot() -> int:
        return int(host.lookupByName(f"{STACK}-box").ID())

    domain = host.lookupByName(f"{STACK}-box")
    started = boot()
    assert "Plan: 3 to import, 1 to add, 0 to change, 0 to destroy." in do("plan")
    assert "Resources: 3 imported, 1 added, 0 changed, 0 destroyed." in do("apply", "--auto-approve")
    assert boot() == started, "it was not restarted"
    context = json.loads(Agent(domain).read("/run/vw/context.json"))
    assert [one["hostname"] for one in context["members"]] == ["c-head"]
    address = do("output", "--raw", "address").strip()
    assert address == context["members"][0]["address"]
    assert address in [lease["ipaddr"] for lease in host.networkLookupByName(f"{STACK}-lan").DHCPLeases()]
    assert "No changes." in do("plan", "--detailed-exitcode")

    LibvirtHands(STACK).boot_again(domain.UUIDString())
    assert json.loads(Agent(domain).read("/run/vw/context.json")) == context, "it has no seed, and keeps a copy"
    assert f"{address} c-head" in Agent(domain).read("/etc/hosts").decode()
    assert boot() == started, "its process has been the same all along"

    assert "0 added, 2 changed" in do("apply", "--auto-approve", size="16 MiB", memory="160 MiB")
    assert domain.maxMemory() == 160 << 10 and boot() != started
    assert domain.blockInfo("vdb")[0] == 16 << 20
    assert Agent(domain).read("/run/vw/context.json"), "whoever has no seed is told again"
    assert "No changes." in do("plan", "--detailed-exitcode", size="16 MiB", memory="160 MiB")

    told = do("destroy", "--auto-approve", size="16 MiB", memory="160 MiB")
    assert "what vwplan did not make is left" in told
    pool = host.storagePoolLookupByName(POOL)
    pool.refresh()
    assert sorted(pool.listVolumes()) == ["initrd.gz", "system.qcow2", "vmlinuz"], (
        "the volume was imported, the disk not"
    )
    assert [d.name() for d in host.listAllDomains() if d.name().startswith(STACK)] == []
    assert [n.name() for n in host.listAllNetworks() if n.name().startswith(STACK)] == []
