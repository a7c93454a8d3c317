"""Networks: making, taking away, starting, and the addresses that they keep for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import libvirt

from vwplan.provider.api import Action, Observed, Outcome, Refused, Reporter
from vwplan.provider.law import arguments_digest
from vwplan_libvirt.document import Element, parsed, written
from vwplan_libvirt.domain_view import domain_of
from vwplan_libvirt.errors import code_of, explaining, gone, is_gone
from vwplan_libvirt.host import Host, is_on
from vwplan_libvirt.left_bridge import start_network, take_away_bridge
from vwplan_libvirt.mark import OBJECT, is_imported, mark_element, mark_of, marked_cidr
from vwplan_libvirt.naming import bridge_of
from vwplan_libvirt.network_xml import Reservation, SeenNetwork, network_of, network_text, reservations_of

_INACTIVE = libvirt.VIR_NETWORK_XML_INACTIVE


def description_of(host: Host, network: Any) -> str:
    """The lasting description, which is where the mark is written anew. The test driver has only one."""
    return str(network.XMLDesc(_INACTIVE if network.isPersistent() and not host.is_pretended else 0))


def seen_network(host: Host, identity: str) -> SeenNetwork | None:
    """A network by its identity; None when there is none."""
    found = _read(host, identity)
    return None if found is None else found[0]


def need_network(host: Host, identity: str) -> SeenNetwork:
    """A network that a machine is to be on; `Refused` when it is not there."""
    seen = seen_network(host, identity)
    if seen is None:
        raise Refused("Refers to nothing", f"The network {identity} is not on this host. Plan again.")
    return seen


def observed_network(seen: SeenNetwork, *, is_active: bool) -> Observed:
    """A network as an object. A bridge that was named for it, not by the spec, is no argument of its."""
    arguments: dict[str, Any] = {"mode": seen.mode}
    if seen.cidr:
        arguments["cidr"] = seen.cidr
    if seen.mode == "bridge" or seen.bridge != bridge_of(seen.identity):
        arguments["bridge"] = seen.bridge
    if seen.domain:
        arguments["domain"] = seen.domain
    if seen.mtu:
        arguments["mtu"] = seen.mtu
    facts: dict[str, Any] = {"bridge_name": seen.bridge, "gateway": seen.gateway}
    if seen.is_imported:
        facts["imported"] = True
    return Observed(
        "network",
        seen.identity,
        seen.name,
        seen.mark,
        arguments,
        facts,
        arguments_digest(arguments),
        ("network",),
        True,
        "active" if is_active else "inactive",
    )


def look_at_network(host: Host, identity: str) -> Observed | None:
    """A network as an object; None when there is none."""
    found = _read(host, identity)
    return None if found is None else observed_network(found[0], is_active=found[1])


def _read(host: Host, identity: str) -> tuple[SeenNetwork, bool] | None:
    """A network, and whether it runs; None where there is none, be it that it went while we looked."""
    network = host.network(identity)
    with explaining(f"reading the network {identity}"):
        try:
            return None if network is None else (network_of(description_of(host, network)), bool(network.isActive()))
        except libvirt.libvirtError as error:
            if not is_gone(error):
                raise
            return None


def _there(host: Host, action: Action) -> Any:
    network = host.network(action.identity)
    if network is None:
        raise gone(f"the network {action.name}")
    return network


def create_network(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Define a network with the reservations that are planned, and start it; again, only what is missing."""
    network = host.network(action.identity)
    with explaining(f"making the network {action.name}"):
        if network is None:
            _refuse_namesake(host, action)
            text = network_text(
                action.name,
                action.arguments,
                action.mark,
                reservations_of(action.reservations),
                plain=host.is_pretended,
            )
            network = host.connection.networkDefineXML(text)
            try:
                start_network(host, network)
                network.setAutostart(1)
            except libvirt.libvirtError:
                # One that cannot be started stands in the way of the next try.
                if not network.isActive():
                    network.undefine()
                raise
        else:
            _write_mark(host, network, action)
            start_network(host, network)
            network.setAutostart(1)
    return Outcome(look_at_network(host, action.identity))


def _refuse_namesake(host: Host, action: Action) -> None:
    for network in host.connection.listAllNetworks():
        if network.name() == action.name and network.UUIDString() != action.identity:
            raise Refused("Name is taken", f"The host has another network named {action.name}. Give another name.")


def update_network(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Write the mark anew, and start one that was stopped. Whatever else may differ is only changed by making the network anew."""
    others = [change for change in action.changes if change != "status"]
    if others:
        raise Refused(
            "Not possible on a network that exists",
            f"{', '.join(others)} of {action.name} is changed only by making it anew.",
        )
    network = _there(host, action)
    note = ""
    with explaining(f"updating the network {action.name}"):
        _write_mark(host, network, action)
        if not network.isActive():
            start_network(host, network)
            network.setAutostart(1)
            # The new bridge knows nothing of what was plugged into the old one.
            users = [domain.name() for domain in _domains_on(host, action.name) if is_on(domain)]
            note = f"{', '.join(users[:5])} must be restarted to be on it again" if users else ""
    return Outcome(look_at_network(host, action.identity), note=note)


def adopt_network(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Mark a network that somebody else made, and change nothing of it."""
    with explaining(f"marking the network {action.name}"):
        _write_mark(host, _there(host, action), action)
    return Outcome(look_at_network(host, action.identity))


def _write_mark(host: Host, network: Any, action: Action) -> None:
    root = parsed(description_of(host, network))
    if mark_of(root) == action.mark:
        return
    # One that has no mark was made by nobody of vwplan.
    cidr, imported = marked_cidr(root), is_imported(root) or mark_of(root) is None
    metadata = root.find("metadata")
    if metadata is None:
        metadata = Element("metadata")
        root.insert(2, metadata)
    for old in metadata.findall(f"{{{OBJECT}}}object"):
        metadata.remove(old)
    metadata.append(mark_element(action.mark, cidr, imported=imported))
    host.connection.networkDefineXML(written(root))


def delete_network(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Stop and undefine a network that no machine uses."""
    network = host.network(action.identity)
    if network is None:
        return Outcome(None)
    with explaining(f"deleting the network {action.name}"):
        users = network_users(host, network.name())
        if users:
            raise Refused(
                "Still in use", f"The network {action.name} is used by {', '.join(users[:5])}. Those must go first."
            )
        try:
            was_active = bool(network.isActive())
            if was_active:
                _stop(network)
            if network.isPersistent():
                network.undefine()
            if not was_active:
                take_away_bridge(host, bridge_of(action.identity))
        except libvirt.libvirtError as error:
            if code_of(error) != libvirt.VIR_ERR_NO_NETWORK:
                raise
    return Outcome(None)


def _stop(network: Any) -> None:
    try:
        network.destroy()
    except libvirt.libvirtError:
        # Somebody else may have stopped it just now.
        if network.isActive():
            raise


def network_users(host: Host, name: str) -> list[str]:
    """The names of all domains with an interface on a network."""
    return [domain.name() for domain in _domains_on(host, name)]


def _domains_on(host: Host, name: str) -> list[Any]:
    # Most descriptions need no closer look.
    return [
        domain
        for domain, text in host.described()
        if name in text and any(nic.network == name for nic in domain_of(text).nics)
    ]


def start_networks(host: Host, identities: Iterable[str]) -> None:
    """Start those networks of ours that are stopped, such as after the host was restarted."""
    for identity in identities:
        network = host.network(identity)
        if network is None:
            raise Refused("Refers to nothing", f"The network {identity} is not on this host. Plan again.")
        with explaining(f"starting the network {network.name()}"):
            start_network(host, network)


def reserve(host: Host, seen: SeenNetwork, wanted: Reservation) -> None:
    """Keep an address for a MAC, in the lasting description only: into a running network it would cost half a second.

    `Refused` where another machine has the address or the MAC. A network that is not ours is left as it is.
    """
    if not seen.has_dhcp or seen.mark is None:
        return
    for other in seen.reservations:
        if (other.mac, other.address) == (wanted.mac, wanted.address) and (
            other.hostname == wanted.hostname or not other.hostname or not wanted.hostname
        ):
            return
        if other.mac == wanted.mac or other.address == wanted.address:
            raise _taken(seen, wanted, other)
    _change(host, seen, libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, wanted)


def release_reservation(host: Host, identity: str, mac: str) -> None:
    """Forget the address kept for a MAC; of nothing, succeeds."""
    seen = seen_network(host, identity)
    if seen is None or seen.mark is None:
        return
    for reservation in seen.reservations:
        if reservation.mac == mac:
            _change(host, seen, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, reservation)


def _change(host: Host, seen: SeenNetwork, command: int, reservation: Reservation) -> None:
    network = host.network(seen.identity)
    if network is None:
        return
    # The test driver has no description beside the running one.
    where = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG if not host.is_pretended else 0
    text = written(reservation.as_element())
    with explaining(f"keeping the address {reservation.address} on the network {seen.name}"):
        try:
            network.update(command, libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, -1, text, where)
        except libvirt.libvirtError as error:
            # Another call was quicker than our look.
            if "existing dhcp host entry" in str(error):
                raise _taken(seen, reservation, reservation) from error
            if "couldn't locate a matching dhcp host entry" not in str(error):
                raise


def _taken(seen: SeenNetwork, wanted: Reservation, other: Reservation) -> Refused:
    what = f"MAC {wanted.mac}" if other.mac == wanted.mac else f"address {wanted.address}"
    return Refused(
        "Already taken",
        f"On the network {seen.name} the {what} belongs to {other.hostname or other.mac}. Give another one.",
    )
