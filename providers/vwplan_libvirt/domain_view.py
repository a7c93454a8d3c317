"""What a domain's description tells: read once, used for observing and for editing."""

from __future__ import annotations

from vwplan.dataclass import dataclass
from vwplan.provider.api import Mark
from vwplan_libvirt.document import Element, attribute_at, bytes_at, parsed, text_at
from vwplan_libvirt.mark import boot_of, mark_of
from vwplan_libvirt.naming import disk_name


@dataclass(frozen=True, slots=True)
class SeenNic:
    """A network interface: the name of its network (empty when it is on none) and its MAC."""

    network: str
    mac: str


@dataclass(frozen=True, slots=True)
class SeenDisk:
    """A disk: its target (`vda`), path on the host, and format."""

    target: str
    path: str
    format: str


@dataclass(frozen=True, slots=True)
class SeenDomain:
    """A domain as described. `boot` is empty unless it runs; memory is in MiB; `type` is `kvm`, `qemu`, `test`…"""

    name: str
    identity: str
    mark: Mark | None
    type: str
    cpus: int
    memory: int
    nics: tuple[SeenNic, ...]
    disks: tuple[SeenDisk, ...]
    boot: str

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else made it, and its system is on a disk that is not ours: imported, if it bears a mark."""
        own = disk_name(self.identity)
        return not any(disk.path.rpartition("/")[2] == own for disk in self.disks)

    def disk(self, target: str) -> SeenDisk | None:
        """The disk at a target."""
        return next((disk for disk in self.disks if disk.target == target), None)


def domain_of(text: str) -> SeenDomain:
    """A domain's description, read."""
    root = parsed(text)
    vcpus = attribute_at(root, "vcpu", "current") or text_at(root, "vcpu")
    return SeenDomain(
        text_at(root, "name"),
        text_at(root, "uuid"),
        mark_of(root),
        root.get("type", ""),
        int(vcpus or 0),
        bytes_at(root, "memory", "KiB") >> 20,
        tuple(_nic(nic) for nic in root.iterfind("devices/interface")),
        tuple(_disk(disk) for disk in root.iterfind("devices/disk") if disk.get("device", "disk") == "disk"),
        boot_of(root) if root.get("id") else "",
    )


def _nic(nic: Element) -> SeenNic:
    return SeenNic(attribute_at(nic, "source", "network"), attribute_at(nic, "mac", "address").lower())


def _disk(disk: Element) -> SeenDisk:
    return SeenDisk(
        attribute_at(disk, "target", "dev"),
        attribute_at(disk, "source", "file"),
        attribute_at(disk, "driver", "type"),
    )
