"""A workspace as an object: what its domain, its disk and its seed come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt

from vwplan.provider.api import Observed
from vwplan.provider.law import arguments_digest
from vwplan_libvirt.domain_view import SeenDomain
from vwplan_libvirt.domain_xml import ROOT_DISK, SEED_DISK
from vwplan_libvirt.foreign import foreign_identity
from vwplan_libvirt.naming import part_of
from vwplan_libvirt.volume_xml import SeenVolume

MIB = 1 << 20

_POWER = {
    libvirt.VIR_DOMAIN_NOSTATE: "running",
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_BLOCKED: "running",
    libvirt.VIR_DOMAIN_SHUTDOWN: "running",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "paused",
}
"""The power of a domain by its state; any other state is off."""

_STATUS = {
    (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED): "crashed",
    (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FAILED): "failed to start",
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR): "its disk failed or is full",
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_CRASHED): "crashed",
}
_STATUS_BY_STATE = {
    libvirt.VIR_DOMAIN_SHUTDOWN: "shutting down",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "asleep",
}


def power_of(state: int, reason: int, *, is_saved: bool) -> tuple[str, str]:
    """The power of a domain, and its status in words."""
    power = _POWER.get(state, "off")
    if power == "off" and is_saved:
        return "saved", "saved"
    return power, _STATUS.get((state, reason)) or _STATUS_BY_STATE.get(state) or power


def observed_workspace(
    identity: str,
    domain: SeenDomain | None,
    power: tuple[str, str],
    disk: SeenVolume | None,
    has_seed: bool,
    network_of: Callable[[str], str],
) -> Observed:
    """A workspace as an object. `network_of` gives the identity of a network by its name, the name itself where unknown.

    The seed may be missing of a whole one: it is made anew whenever the machine is started, and a call cut off while
    writing it must not make a machine look half-made.
    """
    is_foreign = domain is not None and disk is None and domain.is_foreign
    there = (("disk", disk is not None), ("seed", has_seed), ("domain", domain is not None))
    parts = tuple(name for name, is_there in there if is_there)
    if domain is None:
        return Observed("workspace", identity, "", None, {}, {"status": "half-made"}, "", parts, False, "half-made")
    arguments: dict[str, Any] = {
        "power": power[0],
        "resources": {"cpus": domain.cpus, "memory": domain.memory},
        "nic": [{"network": network_of(nic.network), "mac": nic.mac} for nic in domain.nics],
        "disk": [{"volume": volume} for volume in attached_volumes(domain)],
    }
    if disk is not None:
        arguments["resources"]["disk"] = -(-disk.capacity // MIB)
    facts: dict[str, Any] = {"status": power[1]}
    if is_foreign:
        # What it starts from is not ours to grow or to delete; it is noted, and that is all.
        facts["disks"] = [disk.path for disk in domain.disks if disk.path]
        if domain.mark is not None:
            facts["imported"] = True
    return Observed(
        "workspace",
        identity,
        domain.name,
        domain.mark,
        arguments,
        facts,
        arguments_digest(arguments),
        parts,
        disk is not None or is_foreign,
        power[1],
        domain.boot,
    )


def attached_volumes(domain: SeenDomain) -> list[str]:
    """The identities of the volumes that a domain has, in the order of their places; where it has none, what it is called.

    The first disk of a machine that somebody else made is what it starts from, and no volume of its.
    """
    disks = [disk for disk in domain.disks if disk.target not in (ROOT_DISK, SEED_DISK)]
    if domain.is_foreign:
        disks = list(domain.disks[1:])
    found = []
    for disk in sorted(disks, key=lambda disk: disk.target):
        part = part_of(disk.path.rpartition("/")[2])
        if part is not None and part.sort == "volume":
            found.append(part.identity)
        else:
            found.append(foreign_identity(disk.path) if disk.path else disk.target)
    return found
