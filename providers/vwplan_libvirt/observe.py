"""Observing a host in bulk: lists and states first, then one description per object."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import libvirt

from vwplan.provider.api import Observation, Observed
from vwplan_libvirt.bases import complete_digests
from vwplan_libvirt.document import parsed
from vwplan_libvirt.domain_view import SeenDomain, SeenNic, domain_of
from vwplan_libvirt.errors import code_of, explaining
from vwplan_libvirt.foreign import find_all_foreign, foreign_volumes, is_foreign
from vwplan_libvirt.host import Host
from vwplan_libvirt.naming import disk_name, part_of, seed_name
from vwplan_libvirt.network_xml import SeenNetwork, network_of
from vwplan_libvirt.networks import description_of, observed_network
from vwplan_libvirt.volumes import observed_foreign, observed_volume
from vwplan_libvirt.workspace_view import observed_workspace, power_of


def observe(host: Host) -> Observation:
    """Everything of ours on the host, and the ranges and MACs in use there by anybody."""
    facts = host.facts()
    host.pool.refresh()
    with explaining("listing what is on the host"):
        networks = list(_networks(host))
        domains = list(_domains(host))
    names = host.pool.names()
    objects = [
        *(observed_network(seen, is_active=is_active) for seen, is_active in networks if seen.mark is not None),
        *_volumes(host, names),
        *_workspaces(host, domains, names, {seen.name: seen.identity for seen, _ in networks}),
    ]
    return Observation(
        facts,
        tuple(objects),
        complete_digests(names, ("",) if host.is_pretended else ("", "info")),
        tuple(sorted({seen.cidr for seen, _ in networks if seen.cidr} | _ranges_in_use(host))),
        frozenset(nic.mac for domain, _ in domains for nic in domain.nics if nic.mac),
        tuple(_strangers(host, networks, domains, objects)),
        {seen.identity: {one.address: one.mac for one in seen.reservations} for seen, _ in networks},
    )


def foreign_objects(host: Host) -> tuple[Observed, ...]:
    """The volumes on the host that are not ours."""
    marked = {part.identity for name in host.pool.names() if (part := part_of(name)) is not None}
    found = (observed_foreign(foreign, []) for foreign in foreign_volumes(host))
    return tuple(one for one in found if one.identity not in marked)


def _strangers(
    host: Host,
    networks: Iterable[tuple[SeenNetwork, bool]],
    domains: Iterable[tuple[SeenDomain, tuple[str, str]]],
    ours: Iterable[Observed],
) -> Iterable[Observed]:
    """The networks and machines that are not ours, as far as what was read of them anyway tells."""
    known = {each.identity for each in ours}
    identities = {seen.name: seen.identity for seen, _ in networks}
    for seen, is_active in networks:
        if seen.mark is None:
            yield observed_network(seen, is_active=is_active)
    leased: dict[str, dict[str, str]] = {}
    for domain, power in domains:
        if domain.identity not in known:
            stranger = observed_workspace(
                domain.identity, domain, power, None, False, lambda name: identities.get(name, name)
            )
            addresses = [_leased(host, nic, leased) for nic in domain.nics if domain.boot]
            yield replace(stranger, facts={**stranger.facts, "addresses": addresses}) if any(addresses) else stranger


def _leased(host: Host, nic: SeenNic, leased: dict[str, dict[str, str]]) -> str:
    """The address that DHCP has given to a nic; empty where it has not, or cannot be asked. `leased` is by network and MAC."""
    if nic.network and nic.network not in leased:
        leased[nic.network] = {}
        with suppress(libvirt.libvirtError):
            found = host.connection.networkLookupByName(nic.network).DHCPLeases()
            leased[nic.network] = {one["mac"].lower(): one["ipaddr"] for one in found if ":" not in one["ipaddr"]}
    return leased[nic.network].get(nic.mac, "") if nic.network else ""


def _networks(host: Host) -> Iterable[tuple[SeenNetwork, bool]]:
    for network in host.connection.listAllNetworks():
        try:
            yield network_of(description_of(host, network)), bool(network.isActive())
        except libvirt.libvirtError as error:
            # What goes away while we look is not there.
            if code_of(error) != libvirt.VIR_ERR_NO_NETWORK:
                raise


def _domains(host: Host) -> Iterable[tuple[SeenDomain, tuple[str, str]]]:
    connection = host.connection
    saved = {d.UUIDString() for d in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)}
    for domain in connection.listAllDomains():
        try:
            state, reason = domain.state()
            is_saved = state == libvirt.VIR_DOMAIN_SHUTOFF and domain.UUIDString() in saved
            yield domain_of(domain.XMLDesc(0)), power_of(state, reason, is_saved=is_saved)
        except libvirt.libvirtError as error:
            if code_of(error) != libvirt.VIR_ERR_NO_DOMAIN:
                raise


def _volumes(host: Host, names: Iterable[str]) -> Iterable[Observed]:
    bytes_of: dict[str, str] = {}
    marks: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        part = part_of(name)
        if part is not None and part.sort == "volume":
            bytes_of[part.identity] = name
        elif part is not None and part.sort == "mark":
            marks[part.identity].append(name)
    imported = find_all_foreign(host, {identity for identity in marks.keys() - bytes_of.keys() if is_foreign(identity)})
    for identity, foreign in imported.items():
        yield observed_foreign(foreign, marks.pop(identity))
    for identity in sorted(bytes_of.keys() | marks.keys()):
        seen = host.pool.seen(bytes_of[identity]) if identity in bytes_of else None
        if seen is not None or identity in marks:
            yield observed_volume(identity, seen, marks[identity])


def _workspaces(
    host: Host,
    domains: Iterable[tuple[SeenDomain, tuple[str, str]]],
    names: Iterable[str],
    networks: Mapping[str, str],
) -> Iterable[Observed]:
    there = set(names)
    known = {domain.identity for domain, _ in domains}
    for domain, power in domains:
        disk, seed = disk_name(domain.identity), seed_name(domain.identity)
        if domain.mark is None and disk not in there and seed not in there:
            continue
        yield observed_workspace(
            domain.identity,
            domain,
            power,
            host.pool.seen(disk) if disk in there else None,
            seed in there,
            lambda name: networks.get(name, name),
        )
    left = {part.identity for part in map(part_of, there) if part is not None and part.sort in ("disk", "seed")}
    for identity in sorted(left - known):
        left_disk = host.pool.seen(disk_name(identity)) if disk_name(identity) in there else None
        yield observed_workspace(identity, None, ("off", ""), left_disk, seed_name(identity) in there, str)


def _ranges_in_use(host: Host) -> set[str]:
    """The ranges of the host's own interfaces, as far as they can be told."""
    found = set(_routes()) if host.settings.is_local and not host.is_pretended else set()
    try:
        interfaces = host.connection.listAllInterfaces()
    except libvirt.libvirtError:
        # Not every host lets its interfaces be listed.
        return found
    for interface in interfaces:
        # One that goes away meanwhile hides no other.
        with suppress(libvirt.libvirtError):
            found.update(_interface_ranges(interface))
    return found


def _interface_ranges(interface: Any) -> Iterable[str]:
    for address in parsed(interface.XMLDesc(0)).iterfind("protocol/ip"):
        if ":" not in address.get("address", ":"):
            whole = f"{address.get('address')}/{address.get('prefix', '32')}"
            yield str(ipaddress.IPv4Network(whole, strict=False))


def _routes() -> Iterable[str]:
    """The ranges that this machine has routes to; the default route is none."""
    try:
        lines = Path("/proc/net/route").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[at]), "little") for at in (1, 7))
        if mask:
            yield str(ipaddress.IPv4Network((destination, mask.bit_count()), strict=False))
