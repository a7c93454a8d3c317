"""Volumes that somebody else made: found by their place, named `POOL/NAME`, and never written to but when one was imported.

A volume has no UUID, so the identity of a foreign one is made of its path; its version, 8, tells it from those that vwplan gives. An
imported volume keeps its name. Its mark is beside the others in vwplan's pool, under that identity.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import libvirt

from vwplan.dataclass import dataclass
from vwplan_libvirt.document import parsed, text_at
from vwplan_libvirt.errors import code_of, explaining
from vwplan_libvirt.host import VOLUME_GONE, Host, described_volumes
from vwplan_libvirt.naming import base_part_of, part_of
from vwplan_libvirt.volume_xml import SeenVolume, volume_of

_FOLDERS = ("dir", "fs", "netfs")
"""The types of pools whose volumes are files."""


@dataclass(frozen=True, slots=True)
class ForeignVolume:
    """One of somebody else's: libvirt's pool and volume, and how it is described."""

    pool: Any
    volume: Any
    seen: SeenVolume

    @property
    def name(self) -> str:
        """`POOL/NAME`."""
        return f"{self.pool.name()}/{self.seen.name}"


def foreign_identity(path: str) -> str:
    """The identity of the foreign volume at a path on its host."""
    digits = int.from_bytes(hashlib.sha256(path.encode()).digest()[:16], "big")
    return str(uuid.UUID(int=digits & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x8000 << 64 | 0x8000 << 48))


def is_foreign(identity: str) -> bool:
    """Whether an identity is one that `foreign_identity` made."""
    return identity[14:15] == "8"


def find_foreign(host: Host, identity: str) -> ForeignVolume | None:
    """The foreign volume of an identity; None where there is none any more."""
    if not is_foreign(identity):
        return None
    for pool, volume, path in _candidates(host):
        if foreign_identity(path) == identity:
            return _read(pool, volume)
    return None


def find_all_foreign(host: Host, identities: set[str]) -> dict[str, ForeignVolume]:
    """Those of some foreign volumes that are there, by identity."""
    found: dict[str, ForeignVolume] = {}
    if identities:
        for pool, volume, path in _candidates(host):
            identity = foreign_identity(path)
            one = _read(pool, volume) if identity in identities else None
            if one is not None:
                found[identity] = one
    return found


def foreign_volumes(host: Host) -> Iterator[ForeignVolume]:
    """All that there are, with the pools read anew. One that cannot be read, as on a share that is away, hides no other."""
    for pool in host.connection.listAllStoragePools():
        # One that cannot be read anew now is as it was last read.
        with suppress(libvirt.libvirtError):
            pool.refresh(0)
    for pool, volume, _ in _candidates(host):
        one = None
        with suppress(libvirt.libvirtError):
            one = _read(pool, volume)
        if one is not None:
            yield one


def overlays_of(host: Host, path: str) -> list[str]:
    """The names of all volumes on the host that lie over the one at a path."""
    found: list[str] = []
    with explaining("looking for what lies over a volume"):
        for pool in host.connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            found += [volume.name() for volume, text in described_volumes(pool) if volume_of(text).backing == path]
    return found


def _candidates(host: Host) -> Iterator[tuple[Any, Any, str]]:
    """Every volume that is a file and bears no name of ours, with its pool and path; described only once it is wanted."""
    with explaining("listing volumes"):
        for pool in host.connection.listAllStoragePools():
            try:
                root = parsed(pool.XMLDesc(0))
                volumes = pool.listAllVolumes() if pool.isActive() and root.get("type") in _FOLDERS else []
            except libvirt.libvirtError as error:
                if code_of(error) not in VOLUME_GONE:
                    raise
                continue
            folder = text_at(root, "target/path").rstrip("/")
            for volume in volumes:
                name = volume.name()
                if part_of(name) is None and base_part_of(name) is None:
                    yield pool, volume, f"{folder}/{name}"


def _read(pool: Any, volume: Any) -> ForeignVolume | None:
    try:
        return ForeignVolume(pool, volume, volume_of(volume.XMLDesc(0)))
    except libvirt.libvirtError as error:
        if code_of(error) in VOLUME_GONE:
            return None
        raise
