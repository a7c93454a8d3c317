"""What a folder remembers of its state besides the state, in two places, so that losing or going back is noticed.

Also where the folder lies, so that a copy of it is noticed while the original is still there.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, replace
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.state.damage import Belongs, Damaged
from vwplan.state.disk import Disk
from vwplan.state.folder import Folder
from vwplan.state.wire import Unreadable, decode, encode_sorted, to_bytes

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a folder is: the machine's id, the path, and the file system's own name for it."""

    machine: str = ""
    path: str = ""
    device: int = 0
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """The least that must be there: `serial` or a higher one, with `entries` or more of the journal of `base`."""

    lineage: str
    serial: int
    base: int
    entries: int
    place: Place = Place()
    key_id: str = ""

    def later(self, other: Memory) -> Memory:
        """Whichever of the two knows of more."""
        mine, others = (self.serial, self.base, self.entries), (other.serial, other.base, other.entries)
        return self if mine >= others else other


def write_memory(memory: Memory) -> bytes:
    """The text of a memory: one line of JSON with its checksum."""
    body = encode_sorted({"format": FORMAT, **asdict(memory)})
    return to_bytes(f'{{"sum":"{_sum(to_bytes(body))}","memory":{body}}}\n')


def read_memory(text: bytes) -> Memory:
    """The memory of a text; `Damaged` if it is none."""
    head, separator, rest = text.partition(b'","memory":')
    body = rest[:-2]
    if not separator or not rest.endswith(b"}\n") or head != to_bytes(f'{{"sum":"{_sum(body)}'):
        raise Damaged("it was altered" if text else "it is empty")
    try:
        fields = decode(body)
        del fields["format"]
        fields["place"] = Place(**fields["place"])
        return Memory(**fields)
    except Unreadable as problem:
        raise Damaged(f"it cannot be read: {problem}") from problem


def recall(disk: Disk, folder: Folder) -> Memory | None:
    """What is remembered of a stack, by whichever place knows more; None if it never had a state.

    A damaged or missing place is made up for by the other. `Damaged` when both are damaged, or one is and the other is
    missing; `Belongs` when they are of two lineages: somebody put another stack's folder here.
    """
    found: list[Memory] = []
    problem: Damaged | None = None
    for path in (folder.memory, folder.known):
        try:
            found.append(read_memory(disk.read(path)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except Damaged as damage:
            problem = damage
    if not found:
        if problem is not None:
            raise problem
        return None
    inside, other = found[0], found[-1]
    if inside.lineage != other.lineage:
        raise Belongs(f"the folder is of lineage {inside.lineage}, but this stack was of lineage {other.lineage}")
    return replace(inside.later(other), place=inside.place)


def machine_id() -> str:
    """A name for this machine that outlives reboots, or its host name where it has none."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text:
            # The id itself is not to be shown around, says its manual.
            return hashlib.sha256(f"vwplan {text}".encode()).hexdigest()[:16]
    return os.uname().nodename


def place_of(path: Path, machine: str) -> Place:
    """Where a folder is now."""
    found = path.stat()
    return Place(machine, os.path.realpath(path), found.st_dev, found.st_ino)


def _sum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
