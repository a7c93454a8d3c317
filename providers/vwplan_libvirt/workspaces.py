"""Workspaces: made part by part (disk, seed, addresses kept, domain), seen, and taken away in reverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import libvirt

from vwplan.provider.api import Action, Mark, Observed, Outcome, Refused, Reporter
from vwplan_libvirt.bases import find_base, need_base
from vwplan_libvirt.domain_view import SeenDomain, domain_of
from vwplan_libvirt.domain_xml import Disk, Machine, Nic, machine_text
from vwplan_libvirt.errors import code_of, explaining, gone, is_gone
from vwplan_libvirt.host import Host, is_on, nics_of, volumes_of
from vwplan_libvirt.mark import OBJECT, mark_text
from vwplan_libvirt.naming import console_name, disk_name, seed_name
from vwplan_libvirt.network_xml import SeenNetwork, reservations_of
from vwplan_libvirt.networks import need_network, release_reservation, reserve, seen_network
from vwplan_libvirt.power import shut_down
from vwplan_libvirt.seeding import write_seed
from vwplan_libvirt.volumes import need_volume
from vwplan_libvirt.workspace_view import MIB, observed_workspace, power_of

_PARTS = ((disk_name, "disk"), (seed_name, "seed"))


def look_at_workspace(host: Host, identity: str) -> Observed | None:
    """A workspace as an object; None when no part of it exists."""
    domain = host.domain(identity)
    disk = host.pool.seen(disk_name(identity))
    has_seed = host.pool.volume(seed_name(identity)) is not None
    if domain is None:
        nothing = disk is None and not has_seed
        return None if nothing else observed_workspace(identity, None, ("off", ""), disk, has_seed, str)
    with explaining(f"reading the machine {identity}"):
        try:
            seen = domain_of(domain.XMLDesc(0))
            state, reason = domain.state()
            is_saved = state == libvirt.VIR_DOMAIN_SHUTOFF and bool(domain.hasManagedSaveImage(0))
        except libvirt.libvirtError as error:
            if not is_gone(error):
                raise
            # It went while we looked: what is left of it is as of one that was gone before.
            return look_at_workspace(host, identity)
    power = power_of(state, reason, is_saved=is_saved)
    return observed_workspace(identity, seen, power, disk, has_seed, lambda name: _network_identity(host, name))


def _network_identity(host: Host, name: str) -> str:
    try:
        return str(host.connection.networkLookupByName(name).UUIDString())
    except libvirt.libvirtError as error:
        if code_of(error) == libvirt.VIR_ERR_NO_NETWORK:
            return name
        raise


def create_workspace(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Make what is missing of a workspace; it comes into the world off."""
    domain = host.domain(action.identity)
    if domain is None:
        _refuse_namesake(host, action)
        networks = {nic["network"]: need_network(host, nic["network"]) for nic in nics_of(action.arguments)}
        machine = _machine(host, action, networks)
        _reserve(host, action, networks)
        reporter.say("making its disk")
        _make_disk(host, action)
        write_seed(host, action, networks)
        _make_console(host, action.identity)
        with explaining(f"defining the machine {action.name}"):
            host.connection.defineXML(machine_text(machine))
    else:
        if host.pool.volume(disk_name(action.identity)) is None:
            _make_disk(host, action)
        write_seed(host, action)
        write_mark(domain, action.mark)
    return Outcome(look_at_workspace(host, action.identity))


def _refuse_namesake(host: Host, action: Action) -> None:
    try:
        other = host.connection.lookupByName(action.name)
    except libvirt.libvirtError as error:
        if code_of(error) == libvirt.VIR_ERR_NO_DOMAIN:
            return
        with explaining(f"looking for a machine named {action.name}"):
            raise
    if other.UUIDString() != action.identity:
        raise Refused("Name is taken", f"The host has another machine named {action.name}. Give another name.")


def _machine(host: Host, action: Action, networks: Mapping[str, SeenNetwork]) -> Machine:
    """The machine that the arguments describe; `Refused` when something that it refers to is not there."""
    arguments, identity = action.arguments, action.identity
    base = need_base(host, arguments["image"])
    resources = arguments.get("resources") or {}
    nics = tuple(Nic(networks[nic["network"]].name, nic["mac"]) for nic in nics_of(arguments))
    volumes = tuple(attached_disk(host, volume) for volume in volumes_of(arguments))
    folder = base.path.rpartition("/")[0]
    return Machine(
        action.name,
        identity,
        action.mark,
        host.domain_type,
        int(resources.get("cpus") or 1),
        int(resources.get("memory") or 512),
        f"{folder}/{disk_name(identity)}",
        f"{folder}/{seed_name(identity)}",
        f"{folder}/{console_name(identity)}",
        nics,
        volumes,
        base.kernel,
    )


def attached_disk(host: Host, volume: str) -> Disk:
    """A volume as a disk of a machine; its serial is what a guest finds it by (at most 20 characters)."""
    seen = need_volume(host, volume)
    return Disk(seen.path, seen.format, volume.replace("-", "")[:20])


def _reserve(host: Host, action: Action, networks: Mapping[str, SeenNetwork]) -> None:
    hostname = action.arguments.get("hostname") or ""
    for nic in nics_of(action.arguments):
        for reservation in reservations_of(({**nic, "hostname": hostname},)):
            reserve(host, networks[nic["network"]], reservation)


def _make_disk(host: Host, action: Action) -> None:
    """An overlay over the base. One that an earlier try left has never been started, and is made anew."""
    base = need_base(host, action.arguments["image"])
    size = int((action.arguments.get("resources") or {}).get("disk") or 0) * MIB
    if size and size < base.size:
        raise Refused(
            "Disk is smaller than its image",
            f"{action.name} would have {size // MIB} MiB, its image {-(-base.size // MIB)} MiB. Give a larger disk.",
        )
    name = disk_name(action.identity)
    host.pool.delete(name)
    host.pool.make(name, size or base.size, "qcow2", base.backing)
    if find_base(host, base.digest) is None:
        host.pool.delete(name)
        raise Refused("Base has gone", "The image was taken off the host at this very moment. Apply again.")


def _make_console(host: Host, identity: str) -> None:
    """The file for the console, made beforehand so that the pool knows it."""
    if host.pool.volume(console_name(identity)) is None:
        host.pool.make(console_name(identity), 0, "raw")


def write_mark(domain: Any, mark: Mark) -> None:
    """Write a mark onto a domain: its lasting description, and the running one's."""
    with explaining(f"marking the machine {domain.name()}"):
        flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG
        if domain.isActive():
            flags |= libvirt.VIR_DOMAIN_AFFECT_LIVE
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, mark_text(mark), "vw", OBJECT, flags)


def adopt_workspace(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Mark a machine that somebody else made, and have its networks keep its addresses; nothing of the machine changes."""
    hostname = action.arguments.get("hostname") or ""
    for nic in nics_of(action.arguments):
        network = seen_network(host, nic["network"])
        for reservation in reservations_of(({**nic, "hostname": hostname},)):
            if network is not None:
                reserve(host, network, reservation)
    domain = host.domain(action.identity)
    if domain is None:
        raise gone(f"the machine {action.name}")
    write_mark(domain, action.mark)
    return Outcome(look_at_workspace(host, action.identity))


def delete_workspace(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Take a workspace away, its last part first. What is gone already is no error.

    The disks of one that somebody else made are left: nobody said that they may be lost with it.
    """
    domain = host.domain(action.identity)
    seen: SeenDomain | None = None
    if domain is not None:
        with explaining(f"reading the machine {action.name}"):
            seen = _described(domain)
        if seen is not None:
            _end(host, domain, seen, action, reporter)
    _release(host, seen, action)
    if domain is not None:
        _undefine(host, domain)
    for name in (console_name(action.identity), seed_name(action.identity), disk_name(action.identity)):
        host.pool.delete(name)
    left = [disk.path for disk in seen.disks if disk.path] if seen is not None and seen.is_foreign else []
    return Outcome(None, note=f"what vwplan did not make is left: {', '.join(left)}" if left else "")


def _described(domain: Any) -> SeenDomain | None:
    try:
        return domain_of(domain.XMLDesc(0))
    except libvirt.libvirtError as error:
        if not is_gone(error):
            raise
        return None


def _end(host: Host, domain: Any, seen: SeenDomain, action: Action, reporter: Reporter) -> None:
    """Off with it. Only where a volume will outlive the machine is it worth waiting until all is written."""
    with explaining(f"stopping the machine {action.name}"):
        if not is_on(domain):
            return
        orderly = (len(seen.disks) > 2 or seen.is_foreign) and not action.arguments.get("force")
        shut_down(host, domain, reporter, orderly=orderly)


def _release(host: Host, seen: SeenDomain | None, action: Action) -> None:
    if seen is None:
        for nic in nics_of(action.arguments):
            if nic.get("mac"):
                release_reservation(host, nic["network"], nic["mac"])
        return
    for nic_seen in seen.nics:
        release_reservation(host, _network_identity(host, nic_seen.network), nic_seen.mac)


def _undefine(host: Host, domain: Any) -> None:
    flags = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    if not host.is_pretended:
        flags |= libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    with explaining("undefining a machine"):
        try:
            if domain.isPersistent():
                domain.undefineFlags(flags)
            if is_on(domain):
                # Somebody started it at the last moment; without its definition it would run on unseen, over no disk.
                domain.destroy()
        except libvirt.libvirtError as error:
            if code_of(error) != libvirt.VIR_ERR_NO_DOMAIN:
                raise
