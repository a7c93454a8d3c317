"""Bringing seeds onto a host, and reading those that are there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vwplan.provider.api import Action, Refused
from vwplan_libvirt.host import Host, nics_of
from vwplan_libvirt.iso import DESCRIPTORS, pack, unpack
from vwplan_libvirt.naming import seed_name
from vwplan_libvirt.network_xml import SeenNetwork
from vwplan_libvirt.networks import need_network
from vwplan_libvirt.seed import CONTEXT_FILE, HOSTS_FILE, KEY_FILE, Seed, SeedNic, seed_files

_SECRET = frozenset({KEY_FILE, "user-data", "vw/user-data"})
_ROOM = 256 << 10
"""The least size of a seed's disk, in bytes; a few members take some 70 KiB."""
_ROUTED = ("nat", "routed")


def write_seed(host: Host, action: Action, networks: Mapping[str, SeenNetwork] | None = None) -> bool:
    """Have the seed say what the action says; whether it had to be written. `networks` are those of its nics, where read already.

    What the action does not know is taken from the seed that is there: its SSH key, its cluster's context. It is written where
    it lies, so that a machine that boots again by itself reads it; where it has outgrown its room, only the next start does.
    """
    if host.is_pretended:
        missing = host.pool.volume(seed_name(action.identity)) is None
        if missing:
            host.pool.make(seed_name(action.identity), 1, "raw")
        return missing
    known = networks or {nic["network"]: need_network(host, nic["network"]) for nic in nics_of(action.arguments)}
    old = read_seed(host, action.identity)
    key = action.secrets.get("ssh_host_key") or old.get(KEY_FILE, b"").decode()
    seed = Seed(
        action.identity,
        str(action.arguments.get("hostname") or action.name),
        _with_contents(action.arguments),
        tuple(_nic(nic, known) for nic in nics_of(action.arguments)),
        action.context,
        key,
    )
    files = seed_files(seed)
    if action.context is None and CONTEXT_FILE in old:
        files |= {name: old[name] for name in (CONTEXT_FILE, HOSTS_FILE)}
    if files == old:
        return False
    content = pack(files, _SECRET)
    if not host.pool.overwrite(seed_name(action.identity), content, DESCRIPTORS):
        host.pool.write(seed_name(action.identity), content, room=room_for(len(content)))
    return True


def room_for(length: int) -> int:
    """How large a seed's disk is made, in bytes: with room for a roster to grow, since a running machine's disk cannot."""
    room = _ROOM
    while room < 2 * length:
        room *= 2
    return room


def reads_seed(host: Host, identity: str, text: str) -> bool:
    """Whether a machine, described so, has its seed among its disks: one that somebody else made has none."""
    return host.is_pretended or seed_name(identity) in text


def read_seed(host: Host, identity: str) -> dict[str, bytes]:
    """The files of the seed that is there; none where there is none, or none that can be read."""
    content = host.pool.read(seed_name(identity))
    return unpack(content) if content else {}


def _nic(nic: Mapping[str, Any], networks: Mapping[str, SeenNetwork]) -> SeedNic:
    network = networks[nic["network"]]
    prefix = ipaddress.IPv4Network(network.cidr).prefixlen if network.cidr else 0
    return SeedNic(
        nic.get("mac") or "",
        nic.get("address") or "",
        prefix,
        network.gateway if network.mode in _ROUTED else "",
        network.gateway if network.has_dns else "",
        network.domain,
    )


def _with_contents(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments with the bytes of files that are given by where they are."""
    if not arguments.get("file"):
        return arguments
    files = {}
    for path, file in arguments["file"].items():
        files[path] = file
        if file.get("content") is None and file.get("source"):
            try:
                files[path] = {**file, "content": Path(file["source"]).read_bytes()}
            except OSError as error:
                raise Refused("File cannot be read", f"The source of {path} in the guest: {error}.") from error
    return {**arguments, "file": files}
