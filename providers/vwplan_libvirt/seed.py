"""What a machine is told: the files of its NoCloud seed, for cloud-init and, as plain files under `vw/`, for tiny guests.

Everything is written anew from the arguments, so that the same arguments give the same bytes. YAML is written as JSON, which
is YAML, so that nothing a user wrote can be taken for syntax. All under `vw/` but the key may be read by anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan_libvirt.cloud_config import content_of, user_data

Plain = Any

BEGIN, END = "# vwplan begin", "# vwplan end"
"""The lines in /etc/hosts between which all is ours."""
KEY_FILE = "vw/ssh_host_ed25519_key"
CONTEXT_FILE = "vw/context.json"
HOSTS_FILE = "vw/hosts"


@dataclass(frozen=True, slots=True)
class SeedNic:
    """A network interface as its machine is to set it up. Without an address it asks by DHCP.

    `prefix` is the length of its network's, 0 where unknown; `gateway` and `nameserver` may be empty.
    """

    mac: str
    address: str = ""
    prefix: int = 0
    gateway: str = ""
    nameserver: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """All that a seed is made of: a workspace's identity and arguments, its nics, its cluster's context, its own SSH key."""

    identity: str
    hostname: str
    arguments: Mapping[str, Plain]
    nics: tuple[SeedNic, ...] = ()
    context: Mapping[str, Plain] | None = None
    ssh_host_key: str = field(default="", repr=False)


def seed_files(seed: Seed) -> dict[str, bytes]:
    """The files of the seed, by path."""
    files = {
        "meta-data": _json({"instance-id": seed.identity, "local-hostname": seed.hostname}),
        "network-config": _json(network_config(seed.nics)),
        "user-data": user_data(seed.hostname, seed.arguments, seed.ssh_host_key).encode(),
        HOSTS_FILE: hosts_block(seed.context).encode(),
        "vw/authorized_keys": _lines(seed.arguments.get("ssh_keys") or ()),
    }
    if seed.context is not None:
        files[CONTEXT_FILE] = context_text(seed.context).encode()
    if seed.ssh_host_key:
        files[KEY_FILE] = seed.ssh_host_key.encode()
    if seed.arguments.get("user_data"):
        files["vw/user-data"] = str(seed.arguments["user_data"]).encode()
    files.update(_plain_files(seed.arguments.get("file") or {}))
    return files


def _plain_files(given: Mapping[str, Mapping[str, Plain]]) -> dict[str, bytes]:
    table, files = [], {}
    for number, (path, file) in enumerate(sorted(given.items())):
        table.append("\t".join((path, file.get("mode") or "0644", file.get("owner") or "root:root", str(number))))
        files[f"vw/files/{number}.content"] = content_of(file)
    if table:
        files["vw/files.tsv"] = _lines(table)
    return files


def network_config(nics: Iterable[SeedNic]) -> dict[str, Plain]:
    """The network's configuration, version 2, each card found by its MAC and named eth0, eth1…"""
    ethernets: dict[str, Plain] = {}
    for number, nic in enumerate(nics):
        name = f"eth{number}"
        entry: dict[str, Plain] = {"match": {"macaddress": nic.mac}, "set-name": name}
        if nic.address and nic.prefix:
            entry["dhcp4"] = False
            entry["addresses"] = [f"{nic.address}/{nic.prefix}"]
            # The first card leads to the world; a second default route would only be in its way.
            if nic.gateway and not any("routes" in other for other in ethernets.values()):
                entry["routes"] = [{"to": "0.0.0.0/0", "via": nic.gateway}]
            if nic.nameserver:
                entry["nameservers"] = {"addresses": [nic.nameserver]}
                if nic.domain:
                    entry["nameservers"]["search"] = [nic.domain]
        else:
            entry["dhcp4"] = True
        ethernets[name] = entry
    return {"version": 2, "ethernets": ethernets}


def context_text(context: Mapping[str, Plain]) -> str:
    """A cluster member's context, as it is in the guest."""
    return json.dumps(context, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def hosts_block(context: Mapping[str, Plain] | None) -> str:
    """The lines for /etc/hosts: all members that have an address, each by its hostname and its name in the cluster."""
    lines = [BEGIN]
    for member in (context or {}).get("members") or ():
        if member.get("address"):
            names = dict.fromkeys(filter(None, (member.get("hostname"), member.get("name"))))
            lines.append(" ".join((member["address"], *names)))
    return "\n".join((*lines, END, ""))


def with_hosts(text: str, block: str) -> str:
    """The text of /etc/hosts with our lines in place of those that it has."""
    kept: list[str] = []
    ours = False
    for line in text.splitlines():
        if line.strip() == BEGIN:
            ours = True
        if not ours:
            kept.append(line)
        if line.strip() == END:
            ours = False
    return "".join(f"{line}\n" for line in kept) + block


def _json(plain: Plain) -> bytes:
    return (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode()


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line.strip()}\n" for line in lines).encode()
