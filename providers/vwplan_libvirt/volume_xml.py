"""The description of a volume in a storage pool: as libvirt is to make it, and what one tells."""

from __future__ import annotations

from vwplan.dataclass import dataclass
from vwplan_libvirt.document import attribute_at, bytes_at, element, parsed, text_at, written


@dataclass(frozen=True, slots=True)
class Backing:
    """What an overlay lies over: a path on the host and its format."""

    path: str
    format: str


@dataclass(frozen=True, slots=True)
class SeenVolume:
    """A volume as described; its capacity is in bytes, `backing` the path that it lies over or empty."""

    name: str
    path: str
    format: str
    capacity: int
    backing: str
    changed: float


def volume_text(
    name: str, capacity: int, format: str, backing: Backing | None = None, *, mode: str = "0600", allocation: int = 0
) -> str:
    """The whole description; `capacity` and `allocation` in bytes, `mode` the file's in octal.

    qcow2 is made in its version 1.1: libvirt's own default is of 2010 and takes no bitmaps for incremental backups.
    """
    target = element("target", None, element("format", {"type": format}))
    if format == "qcow2":
        target.append(element("compat", text="1.1"))
    target.append(element("permissions", None, element("mode", text=mode)))
    root = element(
        "volume",
        None,
        element("name", text=name),
        element("capacity", {"unit": "bytes"}, text=capacity),
        element("allocation", {"unit": "bytes"}, text=allocation),
        target,
    )
    if backing is not None:
        under = element("path", text=backing.path)
        root.append(element("backingStore", None, under, element("format", {"type": backing.format})))
    return written(root)


def volume_of(text: str) -> SeenVolume:
    """A volume's description, read."""
    root = parsed(text)
    return SeenVolume(
        text_at(root, "name"),
        text_at(root, "target/path"),
        attribute_at(root, "target/format", "type") or "raw",
        bytes_at(root, "capacity"),
        text_at(root, "backingStore/path"),
        float(text_at(root, "target/timestamps/mtime") or 0),
    )


def pool_text(name: str, path: str) -> str:
    """The description of a storage pool that is a folder."""
    permissions = element("permissions", None, element("mode", text="0711"))
    target = element("target", None, element("path", text=path), permissions)
    return written(element("pool", {"type": "dir"}, element("name", text=name), target))
