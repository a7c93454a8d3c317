"""Volumes: disks of their own, made, grown, and taken away."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import libvirt

from vwplan.provider.api import Action, Mark, Observed, Outcome, Refused, Reporter
from vwplan.provider.law import arguments_digest
from vwplan_libvirt.bases import find_base, need_base
from vwplan_libvirt.domain_view import domain_of
from vwplan_libvirt.errors import explaining
from vwplan_libvirt.foreign import ForeignVolume, find_foreign, foreign_identity, overlays_of
from vwplan_libvirt.host import Host, is_on
from vwplan_libvirt.naming import base_name, mark_in, mark_name, part_of, volume_name
from vwplan_libvirt.volume_xml import SeenVolume, volume_text

MIB = 1 << 20
_ENDING_SECONDS = 10.0


def mark_among(names: list[str]) -> tuple[int, Mark] | None:
    """The mark that counts among the names of marking volumes: the one of the highest turn."""
    marks = [found for name in names if (found := mark_in(name)) is not None]
    return max(marks, key=lambda found: found[0]) if marks else None


def observed_volume(identity: str, seen: SeenVolume | None, marks: list[str], foreign: str = "") -> Observed:
    """A volume as an object, from its description and the names of the volumes that mark it.

    `foreign` is the name of one that somebody else made: it is whole without a mark.
    """
    found = mark_among(marks)
    mark = None if found is None else found[1]
    arguments: dict[str, Any] = {}
    if seen is not None:
        arguments = {"size": -(-seen.capacity // MIB), "format": seen.format}
    parts = tuple(name for name, there in (("volume", seen is not None), ("mark", mark is not None)) if there)
    facts: dict[str, Any] = {"path": seen.path} if seen is not None else {}
    if foreign and mark is not None:
        facts["imported"] = True
    whole = len(parts) == 2 or bool(foreign)
    return Observed(
        "volume",
        identity,
        foreign or (seen.name if seen is not None else ""),
        mark,
        arguments,
        facts,
        arguments_digest(arguments),
        parts,
        whole,
        "present" if whole else "half-made",
    )


def observed_foreign(foreign: ForeignVolume, marks: list[str]) -> Observed:
    """A volume that somebody else made, as an object."""
    return observed_volume(foreign_identity(foreign.seen.path), foreign.seen, marks, foreign.name)


def _parts(host: Host, identity: str) -> tuple[SeenVolume | None, list[str]]:
    seen, marks = None, []
    for name in host.pool.names():
        part = part_of(name) if name.startswith(f"vw-{identity}.") else None
        if part is not None and part.sort == "mark":
            marks.append(name)
        elif part is not None and part.sort == "volume":
            seen = host.pool.seen(name)
    return seen, marks


def look_at_volume(host: Host, identity: str) -> Observed | None:
    """A volume as an object; None when no part of it exists."""
    seen, marks = _parts(host, identity)
    foreign = find_foreign(host, identity)
    if foreign is not None:
        return observed_foreign(foreign, marks)
    return observed_volume(identity, seen, marks) if seen is not None or marks else None


def need_volume(host: Host, identity: str) -> SeenVolume:
    """A volume that a machine is to have; `Refused` when it is not there."""
    for format in ("qcow2", "raw"):
        seen = host.pool.seen(volume_name(identity, format))
        if seen is not None:
            return seen
    foreign = find_foreign(host, identity)
    if foreign is not None:
        return foreign.seen
    raise Refused("Refers to nothing", f"The volume {identity} is not on this host. Plan again.")


def create_volume(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Make the bytes, then the mark; again, only what is missing."""
    arguments = action.arguments
    seen, marks = _parts(host, action.identity)
    if seen is not None and not marks and arguments.get("image"):
        # Its contents may be half-copied, and nobody has used it yet.
        host.pool.delete(seen.name)
        seen = None
    if seen is None:
        _make(host, action)
    _write_mark(host, action.mark, marks)
    return Outcome(look_at_volume(host, action.identity))


def _make(host: Host, action: Action) -> None:
    arguments = action.arguments
    format = arguments.get("format") or "qcow2"
    name = volume_name(action.identity, format)
    size = int(arguments.get("size") or 0) * MIB
    if not arguments.get("image"):
        host.pool.make(name, size, format)
        return
    base = need_base(host, arguments["image"])
    if size and size < base.size:
        raise Refused(
            "Volume is smaller than its image",
            f"{action.name} would have {size // MIB} MiB, its image {-(-base.size // MIB)} MiB. Give a larger size.",
        )
    if format == "qcow2":
        host.pool.make(name, size or base.size, format, base.backing)
    else:
        source = host.pool.volume(base_name(base.digest, base.token))
        with explaining(f"copying the image into {action.name}"):
            volume = host.pool.have().createXMLFrom(volume_text(name, base.size, format), source, 0)
            if size > base.size:
                volume.resize(size, 0)
    if find_base(host, base.digest) is None:
        host.pool.delete(name)
        raise Refused("Base has gone", "The image was taken off the host at this very moment. Apply again.")


def _write_mark(host: Host, mark: Mark, old: list[str]) -> None:
    """The new mark first, then the old ones away: between the two, the higher turn counts."""
    found = mark_among(old)
    if found is not None and found[1] == mark:
        return
    host.pool.make(mark_name(mark, found[0] + 1 if found else 0), 0, "raw")
    for name in old:
        host.pool.delete(name)


def update_volume(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Grow a volume, also while a machine uses it."""
    seen, marks = _parts(host, action.identity)
    foreign = find_foreign(host, action.identity)
    if foreign is not None:
        seen = foreign.seen
    others = [change for change in action.changes if change not in ("size", "keep")]
    if seen is None or others:
        raise Refused(
            "Not possible on a volume that exists",
            f"{', '.join(others)} of {action.name} is changed only by making it anew.",
        )
    if "size" in action.changes and action.arguments.get("size"):
        grow(host, seen, int(action.arguments["size"]) * MIB, action.name)
    _write_mark(host, action.mark, marks)
    return Outcome(look_at_volume(host, action.identity))


def grow(host: Host, seen: SeenVolume, size: int, name: str, domains: Iterable[Any] | None = None) -> None:
    """Make a volume larger, through the running machine that has it, if any of `domains` (left out: of all); in bytes."""
    if size == seen.capacity:
        return
    if size < seen.capacity:
        raise Refused(
            "Shrinking is not possible",
            f"{name} has {seen.capacity // MIB} MiB, and what is stored beyond {size // MIB} MiB would be lost.",
        )
    with explaining(f"growing {name}"):
        texts = host.described() if domains is None else ((domain, domain.XMLDesc(0)) for domain in domains)
        for domain, text in texts:
            if seen.path not in text or not is_on(domain):
                continue
            for disk in domain_of(text).disks:
                if disk.path == seen.path and _grown_running(domain, disk.target, size):
                    _refresh(host, seen)
                    return
        found = host.pool.volume(seen.name) if seen.name.startswith("vw-") else None
        (found or host.connection.storageVolLookupByPath(seen.path)).resize(size, 0)


def _refresh(host: Host, seen: SeenVolume) -> None:
    """Have the pool of a volume look at it anew. Another's pool may be busy, or stopped just now; the volume has grown all the same."""
    if seen.name.startswith("vw-"):
        host.pool.refresh()
        return
    with suppress(libvirt.libvirtError):
        host.connection.storageVolLookupByPath(seen.path).storagePoolLookupByVolume().refresh(0)


def _grown_running(domain: Any, target: str, size: int) -> bool:
    """Whether a disk was made larger through the machine that has it, which may be stopped or taken away at that moment."""
    try:
        domain.blockResize(target, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    except libvirt.libvirtError:
        # One that is being ended breaks off its calls a moment before it counts as off.
        deadline = time.monotonic() + _ENDING_SECONDS
        while is_on(domain):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        return False
    return True


def volume_users(host: Host, path: str) -> list[str]:
    """The names of all domains with a path among their disks."""
    with explaining("looking for what uses a volume"):
        return [domain.name() for domain, text in host.described() if path in text]


def adopt_volume(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Mark a volume that somebody else made; or one of ours, of which the state lost the record."""
    _, marks = _parts(host, action.identity)
    _write_mark(host, action.mark, marks)
    return Outcome(look_at_volume(host, action.identity))


def delete_volume(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Take a volume away, its mark first, unless a machine has it."""
    seen, marks = _parts(host, action.identity)
    foreign = find_foreign(host, action.identity)
    if foreign is not None:
        seen = foreign.seen
    users = volume_users(host, seen.path) if seen is not None else []
    if users:
        raise Refused(
            "Still in use", f"The volume {action.name} is used by {', '.join(users[:5])}. Those must go first."
        )
    if foreign is not None:
        _delete_foreign(host, foreign, action.name)
        seen = None
    for name in marks:
        host.pool.delete(name)
    if seen is not None:
        host.pool.delete(seen.name)
    return Outcome(None)


def _delete_foreign(host: Host, foreign: ForeignVolume, name: str) -> None:
    """Take away what was imported. Its mark goes after it, so that it is never there without one."""
    overlays = overlays_of(host, foreign.seen.path)
    if overlays:
        raise Refused(
            "Still in use", f"The volume {name} is what {', '.join(overlays[:5])} lie over. Those must go first."
        )
    with explaining(f"deleting the volume {name}"):
        foreign.volume.delete(0)
