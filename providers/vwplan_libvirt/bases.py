"""The bases on a host: what of them is complete, what uses them, and how one is read.

A base is a volume and what lies beside it under one token: kernel, initrd, `.info` (JSON: how to boot it), and `.complete`, an
empty volume made when all else was verified. What has no `.complete` does not count.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import libvirt

from vwplan.dataclass import dataclass
from vwplan.provider.api import Refused
from vwplan_libvirt.domain_xml import Kernel
from vwplan_libvirt.errors import explaining
from vwplan_libvirt.host import Host, described_volumes
from vwplan_libvirt.naming import BasePart, base_name, base_part_of
from vwplan_libvirt.volume_xml import Backing


@dataclass(frozen=True, slots=True)
class Base:
    """A complete base. `size` is the virtual one in bytes; `kernel` is how to boot it without a boot loader, or None."""

    digest: str
    token: str
    path: str
    format: str
    size: int
    kernel: Kernel | None = None

    @property
    def backing(self) -> Backing:
        """As what lies under an overlay."""
        return Backing(self.path, self.format)

    @property
    def marker(self) -> str:
        """The name of the volume that tells it is complete."""
        return base_name(self.digest, self.token, "complete")


def base_parts(names: Iterable[str], digest: str = "") -> list[BasePart]:
    """All volumes of bases among these names, of one digest or of all."""
    found = (base_part_of(name) for name in names if name.startswith("vwplan-"))
    return [part for part in found if part is not None and part.digest.startswith(digest)]


def complete_digests(names: Iterable[str], needed: Iterable[str] = ("", "info")) -> frozenset[str]:
    """The digests of all complete bases, from a listing: those with a marker, and all `needed` beside it."""
    sorts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for part in base_parts(names):
        sorts[part.digest, part.token].add(part.sort)
    whole = {"complete", *needed}
    return frozenset(digest for (digest, _), found in sorts.items() if found >= whole)


def find_base(host: Host, digest: str) -> Base | None:
    """A complete base of that digest; of several, which are alike, always the same one. None when there is none."""
    known: Base | None = host.bases.get(digest)
    if known is not None and host.pool.volume(known.marker) is not None:
        return known
    host.bases.pop(digest, None)
    parts = base_parts(host.pool.names(), digest)
    for token in sorted(part.token for part in parts if part.sort == "complete"):
        base = _read(host, digest, token)
        if base is not None:
            host.bases[digest] = base
            return base
    return None


def _read(host: Host, digest: str, token: str) -> Base | None:
    seen = host.pool.seen(base_name(digest, token))
    if seen is None:
        return None
    if host.is_pretended:
        return Base(digest, token, seen.path, seen.format, seen.capacity)
    info = _info(host.pool.read(base_name(digest, token, "info")))
    if info is None:
        return None
    kernel = host.pool.seen(base_name(digest, token, "vmlinuz")) if info.get("kernel") else None
    initrd = host.pool.seen(base_name(digest, token, "initrd")) if info.get("initrd") else None
    boot = None
    if kernel is not None:
        boot = Kernel(kernel.path, initrd.path if initrd else "", str(info.get("cmdline") or ""))
    return Base(digest, token, seen.path, str(info["format"]), int(info["size"]), boot)


def _info(content: bytes | None) -> dict[str, Any] | None:
    try:
        info = json.loads(content or b"")
    except ValueError:
        return None
    return info if isinstance(info, dict) and {"format", "size"} <= info.keys() else None


def need_base(host: Host, image: str) -> Base:
    """The complete base of an image, which an object is to lie over; `Refused` when it is not on the host."""
    base = find_base(host, image.removeprefix("sha256:"))
    if base is None:
        raise Refused(
            "Base is not on the host",
            f"The image {image} is not staged on this host, or only half. Plan again: the plan stages it.",
        )
    return base


def users_of(host: Host, paths: Iterable[str]) -> list[str]:
    """Who names one of these paths: volumes of any pool that lie over it, domains with it anywhere in their description."""
    wanted = tuple(f">{path}<" for path in paths)
    quoted = tuple(f"'{path[1:-1]}'" for path in wanted)
    users: list[str] = []
    with explaining("looking for what uses a base"):
        for pool in host.connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            for volume, text in described_volumes(pool):
                backing = text.find("<backingStore>")
                if backing >= 0 and any(text.find(path, backing) >= 0 for path in wanted):
                    users.append(volume.name())
        for domain, text in host.described():
            if any(path in text for path in (*wanted, *quoted)):
                users.append(domain.name())
    return users
