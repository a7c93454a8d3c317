"""Descriptions in XML: as written down in `golden/`, and read back as what they were made from.

`python tests/libvirt/test_libvirt_descriptions.py` writes the golden files anew; look at what changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vwplan.provider import Mark
from vwplan_libvirt.document import parsed
from vwplan_libvirt.domain_view import SeenDisk, SeenNic, domain_of
from vwplan_libvirt.domain_xml import Disk, Kernel, Machine, Nic, machine_text
from vwplan_libvirt.mark import boot_of, mark_of
from vwplan_libvirt.network_xml import Reservation, network_of, network_text
from vwplan_libvirt.volume_xml import Backing, pool_text, volume_of, volume_text

GOLDEN = Path(__file__).parent / "golden"
IDENTITY = "0a1b2c3d-4e5f-5a6b-8c7d-0123456789ab"
MARK = Mark("6f6f3c9e-0000-4000-8000-00000000c0de", IDENTITY, 'workspace.login["a&b"]', 7, "d1" * 16, "1f3d5b79-run")

MACHINE = Machine(
    "lab-login",
    IDENTITY,
    MARK,
    "qemu",
    2,
    1536,
    "/pool/vw-disk.qcow2",
    "/pool/vw-seed.iso",
    "/pool/vw-console.log",
    (Nic("lab-fabric", "d6:00:00:00:00:01"), Nic("lab-back", "d6:00:00:00:00:02")),
    (Disk("/pool/vw-home.qcow2", "qcow2", "0a1b2c3d4e5f5a6b8c7d"), Disk("/pool/vw-raw.raw", "raw", "ffff")),
    Kernel("/pool/k", "/pool/i", "console=ttyS0 root=LABEL=root <quiet>"),
)
RESERVATIONS = (Reservation("d6:00:00:00:00:01", "10.20.0.2", "login"), Reservation("d6:00:00:00:00:02", "10.20.0.3"))


def _network(**arguments: object) -> str:
    return network_text("lab-fabric", arguments, MARK, RESERVATIONS)


DESCRIPTIONS = {
    "machine-emulated-kernel.xml": machine_text(MACHINE),
    "machine-kvm-disk.xml": machine_text(
        Machine("lab-kvm", IDENTITY, MARK, "kvm", 1, 512, "/pool/d", "/pool/s", "/pool/c")
    ),
    "machine-test.xml": machine_text(Machine("lab-t", IDENTITY, MARK, "test", 1, 64, "/pool/d", "/pool/s", "/pool/c")),
    "network-nat.xml": _network(cidr="10.20.0.0/24", mode="nat", domain="lab.internal", mtu=1400),
    "network-isolated-small.xml": _network(cidr="10.20.0.0/30", mode="isolated", bridge="br-lab"),
    "network-routed-dns.xml": _network(
        cidr="10.20.0.0/16", mode="routed", dns={"enabled": True, "forwarders": ["10.0.0.53"]}
    ),
    "network-no-dns.xml": _network(cidr="10.20.0.0/24", dns={"enabled": False}),
    "network-bridge.xml": _network(cidr="10.20.0.0/24", mode="bridge", bridge="br0"),
    "volume-overlay.xml": volume_text("vw-x.qcow2", 10 << 30, "qcow2", Backing("/pool/base", "qcow2")),
    "volume-raw.xml": volume_text("vw-x.raw", 1 << 20, "raw", mode="0444"),
    "pool.xml": pool_text("vwplan", "/srv/a & b"),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_descriptions_are_as_written_down(name: str) -> None:
    assert (GOLDEN / name).read_text() == DESCRIPTIONS[name] + "\n"


def test_a_machine_is_read_back_as_it_was_described() -> None:
    seen = domain_of(machine_text(MACHINE))
    assert (seen.name, seen.identity, seen.mark, seen.type) == ("lab-login", IDENTITY, MARK, "qemu")
    assert (seen.cpus, seen.memory, seen.boot) == (2, 1536, "")
    assert seen.nics == (SeenNic("lab-fabric", "d6:00:00:00:00:01"), SeenNic("lab-back", "d6:00:00:00:00:02"))
    assert [disk.target for disk in seen.disks] == ["vda", "vdb", "vdc", "vdz"]
    assert seen.disk("vdb") == SeenDisk("vdb", "/pool/vw-home.qcow2", "qcow2")


def test_memory_is_read_in_the_unit_that_libvirt_answers_in() -> None:
    text = "<domain><name>a</name><memory unit='KiB'>524288</memory><vcpu current='2'>8</vcpu></domain>"
    seen = domain_of(text)
    assert (seen.memory, seen.cpus) == (512, 2)


def test_a_cdrom_that_somebody_put_in_is_no_disk() -> None:
    text = "<domain><devices><disk device='cdrom'><target dev='sda'/></disk></devices></domain>"
    assert domain_of(text).disks == ()


def test_a_running_machine_names_its_boot() -> None:
    text = "<domain id='12'><metadata><b:boot xmlns:b='urn:vwplan:boot:1' started='1700000000'/></metadata></domain>"
    assert boot_of(parsed(text)) == "12-1700000000"
    assert domain_of("<domain id='13'/>").boot == "13"


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "<metadata/>",
        "<metadata><o:object xmlns:o='urn:vwplan:object:1' lineage='l' identity='i' birth='1'/></metadata>",
        "<metadata><o:object xmlns:o='urn:vwplan:object:1' lineage='l' identity='i' address='a' digest='d' writer='w' "
        "birth='soon'/></metadata>",
        "<metadata><o:object xmlns:o='urn:other' lineage='l' identity='i' address='a' digest='d' writer='w' birth='1'/>"
        "</metadata>",
    ],
)
def test_a_mark_that_is_not_whole_is_none(mark: str) -> None:
    assert mark_of(parsed(f"<domain>{mark}</domain>")) is None


@pytest.mark.parametrize("mode", ["nat", "isolated", "routed"])
def test_a_network_is_read_back_as_it_was_described(mode: str) -> None:
    seen = network_of(_network(cidr="10.20.0.0/24", mode=mode, domain="lab.internal", mtu=1400))
    assert (seen.name, seen.identity, seen.mark, seen.mode) == ("lab-fabric", IDENTITY, MARK, mode)
    assert (seen.cidr, seen.gateway, seen.bridge) == ("10.20.0.0/24", "10.20.0.1", "vw0a1b2c3d4e")
    assert (seen.domain, seen.mtu, seen.has_dns, seen.has_dhcp) == ("lab.internal", 1400, True, True)
    assert seen.reservations == RESERVATIONS


def test_a_bridged_network_keeps_its_range_in_its_mark() -> None:
    seen = network_of(_network(cidr="10.20.0.0/24", mode="bridge", bridge="br0"))
    assert (seen.mode, seen.bridge, seen.cidr, seen.gateway, seen.has_dhcp) == (
        "bridge",
        "br0",
        "10.20.0.0/24",
        "",
        False,
    )


def test_a_network_of_somebody_else_is_read_too() -> None:
    text = (
        "<network><name>default</name><uuid>u</uuid><forward mode='open'/><bridge name='virbr0'/>"
        "<ip family='ipv6' address='fd00::1' prefix='64'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    )
    seen = network_of(text)
    assert (seen.mark, seen.mode, seen.cidr, seen.gateway) == (None, "open", "192.168.122.0/24", "192.168.122.1")


def test_the_addresses_for_strangers_are_the_last_of_the_range() -> None:
    root = parsed(_network(cidr="10.20.0.0/24"))
    found = root.find("ip/dhcp/range")
    assert found is not None
    assert (found.get("start"), found.get("end")) == ("10.20.0.223", "10.20.0.254")


def test_a_volume_is_read_as_libvirt_answers() -> None:
    seen = volume_of(
        "<volume type='file'><name>v</name><capacity unit='bytes'>1048576</capacity><target><path>/p/v</path>"
        "<format type='qcow2'/><timestamps><mtime>1700000000.5</mtime></timestamps></target>"
        "<backingStore><path>/p/base</path><format type='raw'/></backingStore></volume>"
    )
    assert (seen.name, seen.path, seen.format, seen.capacity) == ("v", "/p/v", "qcow2", 1 << 20)
    assert (seen.backing, seen.changed) == ("/p/base", 1700000000.5)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file, text in DESCRIPTIONS.items():
        (GOLDEN / file).write_text(text + "\n")
