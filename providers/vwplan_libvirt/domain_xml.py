"""The description of a machine, as libvirt is to define it."""

from __future__ import annotations

from collections.abc import Iterable

from vwplan.dataclass import dataclass
from vwplan.provider.api import Mark
from vwplan_libvirt.document import Element, element, written
from vwplan_libvirt.mark import mark_element

AGENT_PORT = "org.qemu.guest_agent.0"
ROOT_DISK = "vda"
SEED_DISK = "vdz"
"""The last of the letters, so that volumes come before it and are vdb, vdc… in the guest."""
VOLUME_DISKS = tuple(f"vd{letter}" for letter in "bcdefghijklmnopqrstuvwxy")
SPARE_PORTS = 6
"""How many sockets a machine has for what is attached while it runs."""


@dataclass(frozen=True, slots=True)
class Nic:
    """A network interface: the libvirt network's name, and its MAC."""

    network: str
    mac: str


@dataclass(frozen=True, slots=True)
class Disk:
    """A volume that is attached: its path on the host, its format, and a serial that the guest sees."""

    path: str
    format: str
    serial: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """A direct kernel boot: paths on the host, and the command line."""

    path: str
    initrd: str = ""
    cmdline: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """All that a domain's description is made of. `type` is `kvm`, `qemu` (emulated) or `test`; memory is in MiB."""

    name: str
    identity: str
    mark: Mark
    type: str
    cpus: int
    memory: int
    disk: str
    seed: str
    console: str
    nics: tuple[Nic, ...] = ()
    volumes: tuple[Disk, ...] = ()
    kernel: Kernel | None = None


def machine_text(machine: Machine) -> str:
    """The whole description."""
    return written(
        element(
            "domain",
            {"type": machine.type},
            element("name", text=machine.name),
            element("uuid", text=machine.identity),
            element("metadata", None, mark_element(machine.mark)),
            element("memory", {"unit": "MiB"}, text=machine.memory),
            element("vcpu", text=machine.cpus),
            _os(machine),
            element("features", None, element("acpi"), element("apic")),
            *_cpu(machine.type),
            element("clock", {"offset": "utc"}),
            element("on_poweroff", text="destroy"),
            element("on_reboot", text="restart"),
            element("on_crash", text="destroy"),
            _devices(machine),
        )
    )


def _os(machine: Machine) -> Element:
    system = element("os", None, element("type", {"arch": "x86_64", **_board(machine.type)}, text="hvm"))
    if machine.kernel is None:
        system.append(element("boot", {"dev": "hd"}))
        return system
    system.append(element("kernel", text=machine.kernel.path))
    for name in ("initrd", "cmdline"):
        if getattr(machine.kernel, name):
            system.append(element(name, text=getattr(machine.kernel, name)))
    return system


def _board(type: str) -> dict[str, str]:
    return {} if type == "test" else {"machine": "q35"}


def _cpu(type: str) -> Iterable[Element]:
    """The host's own processor where it runs the guest itself, else all that the emulator can do.

    Today's distributions do not start on the emulator's default, which is a processor of 2003.
    """
    if type == "kvm":
        yield element("cpu", {"mode": "host-passthrough", "check": "none"})
    elif type == "qemu":
        yield element("cpu", {"mode": "maximum", "check": "none"})


def _devices(machine: Machine) -> Element:
    console = element("log", {"file": machine.console, "append": "off"})
    devices = element("devices")
    devices.append(disk_element(Disk(machine.disk, "qcow2", ""), ROOT_DISK))
    devices.extend(disk_element(volume, target) for volume, target in zip(machine.volumes, VOLUME_DISKS, strict=False))
    devices.append(disk_element(Disk(machine.seed, "raw", ""), SEED_DISK, readonly=True))
    devices.extend(nic_element(nic) for nic in machine.nics)
    if machine.type != "test":
        devices.append(element("controller", {"type": "usb", "model": "none"}))
        devices.append(element("controller", {"type": "pci", "index": "0", "model": "pcie-root"}))
        devices.extend(
            element("controller", {"type": "pci", "model": "pcie-root-port"}) for _ in range(_ports(machine))
        )
    devices.extend(
        (
            element("serial", {"type": "pty"}, console, element("target", {"type": "isa-serial", "port": "0"})),
            element("console", {"type": "pty"}, element("target", {"type": "serial", "port": "0"})),
            element("channel", {"type": "unix"}, element("target", {"type": "virtio", "name": AGENT_PORT})),
            element("rng", {"model": "virtio"}, element("backend", {"model": "random"}, text="/dev/urandom")),
            element("memballoon", {"model": "virtio"}),
        )
    )
    return devices


def _ports(machine: Machine) -> int:
    """One socket for each device on the bus (root disk, seed, serial bus, rng, balloon, volumes, nics), and spares."""
    return 5 + len(machine.volumes) + len(machine.nics) + SPARE_PORTS


def disk_element(disk: Disk, target: str, *, readonly: bool = False) -> Element:
    """A disk on the virtio bus."""
    made = element(
        "disk",
        {"type": "file", "device": "disk"},
        element("driver", {"name": "qemu", "type": disk.format, "discard": None if readonly else "unmap"}),
        element("source", {"file": disk.path}),
        element("target", {"dev": target, "bus": "virtio"}),
    )
    if disk.serial:
        made.append(element("serial", text=disk.serial))
    if readonly:
        made.append(element("readonly"))
    return made


def nic_element(nic: Nic) -> Element:
    """A network interface on the virtio bus."""
    return element(
        "interface",
        {"type": "network"},
        element("mac", {"address": nic.mac}),
        element("source", {"network": nic.network}),
        element("model", {"type": "virtio"}),
    )
