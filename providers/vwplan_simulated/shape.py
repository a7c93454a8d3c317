"""What the pretended hypervisor knows of each kind: its parts, what it claims, uses, and lets be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vwplan_simulated.world import Thing

_PARTS = {"network": ("network",), "volume": ("volume",), "workspace": ("disk", "seed", "domain")}


def parts_of(kind: str) -> tuple[str, ...]:
    """The parts of an object, in the order in which they are made."""
    return _PARTS[kind]


def claims_of(kind: str, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What at most one object on the host may hold."""
    if kind == "network":
        found = [(name, str(arguments[name])) for name in ("cidr", "bridge") if arguments.get(name)]
        return [claim for claim in found if not (claim[0] == "bridge" and arguments.get("mode") == "bridge")]
    if kind == "workspace":
        nics = arguments.get("nic") or ()
        macs = [("mac", nic["mac"]) for nic in nics if nic.get("mac")]
        return macs + [("address", f"{nic['network']} {nic['address']}") for nic in nics if nic.get("address")]
    return []


def uses_of(kind: str, arguments: Mapping[str, Any]) -> list[str]:
    """The identities and digests that an object refers to."""
    used = [arguments["image"]] if arguments.get("image") else []
    if kind == "workspace":
        used += [nic["network"] for nic in arguments.get("nic") or ()]
        used += [disk["volume"] for disk in arguments.get("disk") or ()]
    return used


def seen_of(thing: Thing) -> dict[str, Any]:
    """The arguments that a hypervisor could tell of an object: what is only inside the guest is not among them."""
    arguments = thing.arguments
    if thing.kind == "workspace":
        seen: dict[str, Any] = {"power": thing.power or "off"}
        if arguments.get("resources"):
            resources = arguments["resources"]
            seen["resources"] = {n: resources[n] for n in ("cpus", "memory", "disk") if n in resources}
        seen["nic"] = [{n: nic[n] for n in ("network", "mac") if n in nic} for nic in arguments.get("nic") or ()]
        seen["disk"] = [{"volume": disk["volume"]} for disk in arguments.get("disk") or ()]
        return seen
    told = ("cidr", "mode", "bridge", "domain", "mtu") if thing.kind == "network" else ("size", "format")
    return {name: arguments[name] for name in told if arguments.get(name) is not None}


def facts_of(thing: Thing) -> dict[str, Any]:
    """The facts seen of an object."""
    facts: dict[str, Any] = {"imported": True} if thing.extra.get("imported") else {}
    if thing.kind == "volume":
        facts["path"] = f"/simulated/{thing.name}"
    elif thing.kind == "workspace":
        facts["status"] = thing.status or "off"
    return facts
