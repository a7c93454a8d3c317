"""The head of a qcow2 file: how large its disk is, and over what it lies."""

from __future__ import annotations

import struct

from vwplan.dataclass import dataclass

MAGIC = b"QFI\xfb"
_HEAD = struct.Struct(">4sIQIIQ")
"""magic, version, offset and length of the backing file's name, cluster bits, size."""
_FORMAT_EXTENSION = 0xE2792ACA
HEAD_BYTES = 1 << 16
"""As much of a file as is needed here."""


class Malformed(ValueError):
    """A file that begins like qcow2 but is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The virtual size in bytes, and the name and format of the backing file (empty without one)."""

    size: int
    backing: str = ""
    backing_format: str = ""


def format_of(head: bytes) -> str:
    """`qcow2` or `raw`, by the first bytes."""
    return "qcow2" if head.startswith(MAGIC) else "raw"


def read_head(head: bytes) -> Head:
    """What the first bytes of a qcow2 file say."""
    if len(head) < 72:
        raise Malformed("it ends within its own head")
    _, version, offset, length, bits, size = _HEAD.unpack_from(head)
    if version not in (2, 3) or not 9 <= bits <= 21:
        raise Malformed(f"its version is {version}, and 2 and 3 are known")
    if version == 3 and len(head) < 104:
        raise Malformed("it ends within its own head")
    if not offset:
        return Head(size)
    if length > 1023 or offset + length > len(head):
        raise Malformed("the name of its backing file is out of bounds")
    backing = head[offset : offset + length].decode(errors="replace")
    return Head(size, backing, _extensions(head, version).get(_FORMAT_EXTENSION, b"").decode(errors="replace"))


def _extensions(head: bytes, version: int) -> dict[int, bytes]:
    place = 72 if version == 2 else struct.unpack_from(">I", head, 100)[0]
    found: dict[int, bytes] = {}
    while place + 8 <= len(head):
        kind, length = struct.unpack_from(">II", head, place)
        if kind == 0 or place + 8 + length > len(head):
            break
        found[kind] = head[place + 8 : place + 8 + length]
        place += 8 + (length + 7) // 8 * 8
    return found


def rebased(head: bytes, path: str, format: str) -> bytes:
    """The head with another backing file, in as many bytes; all other extensions are kept.

    Raises `Malformed` where the new name does not fit before the first cluster ends.
    """
    bits, version = struct.unpack_from(">I", head, 20)[0], struct.unpack_from(">I", head, 4)[0]
    start = 72 if version == 2 else struct.unpack_from(">I", head, 100)[0]
    kept = {kind: data for kind, data in _extensions(head, version).items() if kind != _FORMAT_EXTENSION}
    made = bytearray(head[:start])
    for kind, data in ({_FORMAT_EXTENSION: format.encode()} | kept).items():
        made += struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)
    made += bytes(8)
    name = path.encode()
    struct.pack_into(">QI", made, 8, len(made), len(name))
    made += name
    cluster = min(1 << bits, len(head))
    if len(made) > cluster:
        raise Malformed("there is no room in its head for the name of its base on the host")
    return bytes(made) + bytes(cluster - len(made)) + head[cluster:]
