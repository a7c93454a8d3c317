"""The description of a network: as libvirt is to define it, and what one tells."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.provider.api import Mark
from vwplan_libvirt.document import DNSMASQ, Element, attribute_at, element, parsed, text_at, written
from vwplan_libvirt.mark import is_imported, mark_element, mark_of, marked_cidr
from vwplan_libvirt.naming import bridge_of

_FORWARD = {"nat": "nat", "routed": "route", "bridge": "bridge"}
_MODE = {"nat": "nat", "route": "routed", "bridge": "bridge", "": "isolated"}
_STRANGERS = 8
"""The last eighth of a range is for machines whose address nobody chose."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """An address that DHCP keeps for one MAC."""

    mac: str
    address: str
    hostname: str = ""

    def as_element(self) -> Element:
        """As it stands in a network's description."""
        return element("host", {"mac": self.mac, "name": self.hostname, "ip": self.address})


def reservations_of(given: Iterable[Mapping[str, Any]]) -> tuple[Reservation, ...]:
    """Reservations from plain mappings `{mac, address, hostname}`; those without an address are left out."""
    return tuple(
        Reservation(one["mac"], one["address"], one.get("hostname") or "")
        for one in given
        if one.get("mac") and one.get("address")
    )


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """A network as described. `cidr` and `gateway` are empty for one without addresses of its own."""

    name: str
    identity: str
    mark: Mark | None
    mode: str
    bridge: str
    cidr: str
    gateway: str
    domain: str
    mtu: int
    has_dns: bool
    reservations: tuple[Reservation, ...]
    is_imported: bool = False

    @property
    def has_dhcp(self) -> bool:
        """Whether libvirt gives out addresses on it."""
        return bool(self.gateway) and self.mode != "bridge"


def network_text(
    name: str,
    arguments: Mapping[str, Any],
    mark: Mark,
    reservations: Iterable[Reservation] = (),
    *,
    plain: bool = False,
) -> str:
    """The whole description. `plain` leaves out what only a real network has (the options of dnsmasq)."""
    mode, cidr = arguments.get("mode") or "nat", arguments.get("cidr") or ""
    root = element(
        "network",
        None,
        element("name", text=name),
        element("uuid", text=mark.identity),
        element("metadata", None, mark_element(mark, cidr if mode == "bridge" else "")),
    )
    if mode in _FORWARD:
        root.append(element("forward", {"mode": _FORWARD[mode]}))
    bridge = arguments.get("bridge") or bridge_of(mark.identity)
    if mode == "bridge":
        root.append(element("bridge", {"name": bridge}))
        return written(root)
    root.append(element("bridge", {"name": bridge, "stp": "on", "delay": "0"}))
    if arguments.get("mtu"):
        root.append(element("mtu", {"size": arguments["mtu"]}))
    if arguments.get("domain"):
        root.append(element("domain", {"name": arguments["domain"], "localOnly": "yes"}))
    root.append(_dns(arguments.get("dns") or {}))
    if cidr:
        root.append(_addresses(ipaddress.IPv4Network(cidr), reservations))
    if not plain:
        # Without it dnsmasq first pings an address for seconds before it offers it.
        options = element(f"{{{DNSMASQ}}}options", None, element(f"{{{DNSMASQ}}}option", {"value": "no-ping"}))
        root.append(options)
    return written(root)


def _dns(dns: Mapping[str, Any]) -> Element:
    if dns.get("enabled") is False:
        return element("dns", {"enable": "no"})
    return element("dns", None, *(element("forwarder", {"addr": address}) for address in dns.get("forwarders") or ()))


def _addresses(cidr: ipaddress.IPv4Network, reservations: Iterable[Reservation]) -> Element:
    first, last = int(cidr.network_address), int(cidr.broadcast_address) - 1
    dhcp = element("dhcp")
    strangers = cidr.num_addresses // _STRANGERS
    if strangers > 1:
        start = ipaddress.IPv4Address(last - strangers + 1)
        dhcp.append(element("range", {"start": start, "end": ipaddress.IPv4Address(last)}))
    dhcp.extend(reservation.as_element() for reservation in reservations)
    made = element("ip", {"address": ipaddress.IPv4Address(first + 1), "prefix": cidr.prefixlen})
    if len(dhcp):
        made.append(dhcp)
    return made


def network_of(text: str) -> SeenNetwork:
    """A network's description, read."""
    root = parsed(text)
    address = next((ip for ip in root.iterfind("ip") if ip.get("family", "ipv4") == "ipv4"), None)
    gateway = "" if address is None else address.get("address", "")
    cidr = _cidr(address) if address is not None else marked_cidr(root)
    dns = root.find("dns")
    return SeenNetwork(
        text_at(root, "name"),
        text_at(root, "uuid"),
        mark_of(root),
        _MODE.get(attribute_at(root, "forward", "mode"), attribute_at(root, "forward", "mode")),
        attribute_at(root, "bridge", "name"),
        cidr,
        gateway,
        attribute_at(root, "domain", "name"),
        int(attribute_at(root, "mtu", "size") or 0),
        dns is None or dns.get("enable") != "no",
        tuple(
            Reservation(host.get("mac", "").lower(), host.get("ip", ""), host.get("name", ""))
            for host in root.iterfind("ip/dhcp/host")
        ),
        is_imported(root),
    )


def _cidr(address: Element) -> str:
    length = address.get("prefix") or address.get("netmask") or "32"
    return str(ipaddress.IPv4Network(f"{address.get('address')}/{length}", strict=False))
