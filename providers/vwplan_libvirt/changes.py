"""Changing a workspace that exists: processors and memory while it is off, disks and interfaces at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import libvirt

from vwplan.provider.api import Action, Changed, Outcome, Refused, Reporter, Verb
from vwplan_libvirt.document import Element, attribute_at, element, parsed, written
from vwplan_libvirt.domain_view import domain_of
from vwplan_libvirt.domain_xml import ROOT_DISK, SEED_DISK, VOLUME_DISKS, Disk, Nic, disk_element, nic_element
from vwplan_libvirt.errors import explaining
from vwplan_libvirt.host import Host, nics_of, volumes_of
from vwplan_libvirt.naming import disk_name
from vwplan_libvirt.network_xml import reservations_of
from vwplan_libvirt.networks import need_network, release_reservation, reserve, seen_network
from vwplan_libvirt.power import read_power
from vwplan_libvirt.seeding import reads_seed, write_seed
from vwplan_libvirt.volumes import MIB, grow
from vwplan_libvirt.workspaces import attached_disk, look_at_workspace, write_mark

_DETACH_SECONDS = 20.0
_LASTING = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
_ONLY_OFF = ("resources.cpus", "resources.memory")


def change_workspace(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Bring what `changes` names to the arguments (`update`), or interfaces and disks alone (`release`, `attach`).

    Processors and memory only while it is off: taking processors from a running machine has been seen to kill it.
    """
    domain = host.domain(action.identity)
    if domain is None:
        raise Changed("Changed since the plan", f"The machine {action.name} is not there any more. Plan again.")
    changes = set(action.changes) if action.verb is Verb.UPDATE else {"nic", "disk"}
    with explaining(f"changing the machine {action.name}"):
        power = read_power(domain)
        is_on = power in ("running", "paused")
        if power == "saved" and changes - {"resources.disk"}:
            raise Refused(
                "Machine is saved", f"What {action.name} has in its saved memory would not fit. Start it first."
            )
        if is_on and changes.intersection(_ONLY_OFF):
            raise Refused("Machine is running", "Processors and memory are changed through a restart only.")
        if "resources.disk" in changes:
            _grow(host, domain, action, is_on=is_on)
        if is_on:
            _change_running(host, domain, action, changes, reporter)
        else:
            _change_definition(host, domain, action, changes)
    if "nic" in changes:
        _move_reservations(host, action)
    if "nic" in changes and action.verb is not Verb.RELEASE and reads_seed(host, action.identity, domain.XMLDesc(0)):
        write_seed(host, action)
    write_mark(domain, action.mark)
    return Outcome(look_at_workspace(host, action.identity))


def _grow(host: Host, domain: Any, action: Action, *, is_on: bool) -> None:
    seen = host.pool.seen(disk_name(action.identity))
    size = int((action.arguments.get("resources") or {}).get("disk") or 0) * MIB
    if seen is None and domain_of(domain.XMLDesc(0)).is_foreign:
        raise Refused(
            "Disk is not vwplan's",
            f"{action.name} was imported, and the disk that it starts from is left as it is. Take resources.disk back.",
        )
    if seen is None:
        raise Changed("Changed since the plan", f"The disk of {action.name} is not there any more. Plan again.")
    if size:
        grow(host, seen, size, action.name, (domain,) if is_on else ())


def _wanted_nics(host: Host, action: Action) -> list[Nic]:
    return [Nic(need_network(host, nic["network"]).name, nic["mac"].lower()) for nic in nics_of(action.arguments)]


def _wanted_disks(host: Host, action: Action) -> list[Disk]:
    return [attached_disk(host, volume) for volume in volumes_of(action.arguments)]


def _volumes_in(root: Element, identity: str) -> list[Element]:
    """The disks of a described machine that are volumes; of one that somebody else made, all but the first."""
    disks = [disk for disk in root.iterfind("devices/disk") if disk.get("device", "disk") == "disk"]
    own = disk_name(identity)
    if not any(attribute_at(disk, "source", "file").rpartition("/")[2] == own for disk in disks):
        return disks[1:]
    return [disk for disk in disks if attribute_at(disk, "target", "dev") not in (ROOT_DISK, SEED_DISK)]


def _nic_key(nic: Element) -> tuple[str, str]:
    return attribute_at(nic, "source", "network"), attribute_at(nic, "mac", "address").lower()


def _difference(
    root: Element, host: Host, action: Action, changes: Iterable[str]
) -> tuple[list[Element], list[Element]]:
    """The devices to take off a described machine, and those to put on."""
    off: list[Element] = []
    on: list[Element] = []
    if "nic" in changes:
        there = list(root.iterfind("devices/interface"))
        wanted = _wanted_nics(host, action)
        keys = [(nic.network, nic.mac) for nic in wanted]
        off += [nic for nic in there if _nic_key(nic) not in keys]
        on += [nic_element(nic) for nic, key in zip(wanted, keys, strict=True) if key not in map(_nic_key, there)]
    if "disk" in changes:
        there = _volumes_in(root, action.identity)
        volumes = _wanted_disks(host, action)
        paths = {volume.path for volume in volumes}
        kept = [disk for disk in there if attribute_at(disk, "source", "file") in paths]
        going = [disk for disk in there if disk not in kept]
        off += going
        used = {attribute_at(disk, "target", "dev") for disk in root.iterfind("devices/disk") if disk not in going}
        free = iter([target for target in VOLUME_DISKS if target not in used])
        kept_paths = {attribute_at(disk, "source", "file") for disk in kept}
        on += [disk_element(volume, next(free)) for volume in volumes if volume.path not in kept_paths]
    return off, on


def _change_definition(host: Host, domain: Any, action: Action, changes: set[str]) -> None:
    """Change the description alone; what stays keeps its place on the bus, so that the guest knows it again."""
    root = parsed(domain.XMLDesc(_LASTING))
    off, on = _difference(root, host, action, changes)
    devices = root.find("devices")
    assert devices is not None
    for device in off:
        devices.remove(device)
    devices.extend(on)
    resources = action.arguments.get("resources") or {}
    if "resources.memory" in changes:
        for name in ("memory", "currentMemory"):
            _replace(root, element(name, {"unit": "MiB"}, text=resources.get("memory") or 512))
    if "resources.cpus" in changes:
        _replace(root, element("vcpu", text=resources.get("cpus") or 1))
    host.connection.defineXML(written(root))


def _replace(root: Element, made: Element) -> None:
    old = root.find(made.tag)
    if old is not None:
        root[list(root).index(old)] = made
    else:
        root.append(made)


def _change_running(host: Host, domain: Any, action: Action, changes: set[str], reporter: Reporter) -> None:
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG
    off, on = _difference(parsed(domain.XMLDesc(0)), host, action, changes)
    for device in off:
        reporter.say("waiting for the guest to let go of a device")
        domain.detachDeviceFlags(written(device), flags)
        _wait_gone(domain, device, action.name, reporter)
    for device in on:
        domain.attachDeviceFlags(written(device), flags)


def _wait_gone(domain: Any, device: Element, name: str, reporter: Reporter) -> None:
    """Detaching is a request to the guest; it is done once the device is no longer described."""
    key: Callable[[Element], Any] = _nic_key if device.tag == "interface" else _target
    deadline = time.monotonic() + _DETACH_SECONDS
    while any(key(one) == key(device) for one in parsed(domain.XMLDesc(0)).iterfind(f"devices/{device.tag}")):
        if time.monotonic() > deadline or reporter.stop.wait(0.1):
            raise Refused(
                "Guest does not let go of a device",
                f'{name} still holds its {device.tag}. Let it shut down (power = "off"), and apply again.',
            )


def _target(disk: Element) -> str:
    return attribute_at(disk, "target", "dev")


def _move_reservations(host: Host, action: Action) -> None:
    """Keep the addresses that the nics have now, and no others of theirs."""
    wanted = {(nic["network"], (nic.get("mac") or "").lower()): nic for nic in nics_of(action.arguments)}
    for nic in nics_of(action.before or {}):
        key = nic["network"], (nic.get("mac") or "").lower()
        if key not in wanted or wanted[key].get("address") != nic.get("address"):
            release_reservation(host, *key)
    hostname = action.arguments.get("hostname") or ""
    for (network, _), nic in wanted.items():
        seen = seen_network(host, network)
        for reservation in reservations_of(({**nic, "hostname": hostname},)):
            if seen is not None:
                reserve(host, seen, reservation)
