"""The names of all parts on a host: each derives from an identity or a digest, so that a half-made object is found again.

Volumes of a workspace: `vw-<identity>.qcow2`, `.seed.iso`, `.console.log`. A volume: `vw-<identity>.volume.<format>`, and beside
it an empty one whose *name* is its mark, because libvirt keeps no metadata of volumes and a listing tells names alone. Bases:
`vwplan-<digest>.<token>` and beside it `.vmlinuz`, `.initrd`, `.info`, `.complete`; the token is the stager's, so that two
at once never write to one file, and a base counts only where its `.complete` is.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from vwplan.dataclass import dataclass
from vwplan.provider.api import Mark

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PART = re.compile(rf"vw-({_UUID})\.(qcow2|seed\.iso|console\.log|volume\.qcow2|volume\.raw|mark\..++)")
_BASE = re.compile(r"vwplan-([0-9a-f]{64})\.([0-9a-z-]{1,80})(?:\.(vmlinuz|initrd|info|complete))?")
_SORTS = {"qcow2": "disk", "seed.iso": "seed", "console.log": "console"}
_LONGEST = 255
"""The longest name of a file, in bytes."""


def disk_name(identity: str) -> str:
    """The workspace's own disk: an overlay over its base."""
    return f"vw-{identity}.qcow2"


def seed_name(identity: str) -> str:
    """The small disk that tells a workspace who it is."""
    return f"vw-{identity}.seed.iso"


def console_name(identity: str) -> str:
    """What a workspace wrote to its serial console since it was started."""
    return f"vw-{identity}.console.log"


def volume_name(identity: str, format: str) -> str:
    """A volume's bytes."""
    return f"vw-{identity}.volume.{format}"


@dataclass(frozen=True, slots=True)
class Part:
    """What the name of a volume in the pool says: whose part it is, and which (`disk seed console volume mark`)."""

    identity: str
    sort: str
    name: str


def part_of(name: str) -> Part | None:
    """What a volume's name says; None for a name that is not ours."""
    found = _PART.fullmatch(name)
    if found is None:
        return None
    identity, suffix = found.groups()
    sort = _SORTS.get(suffix) or ("mark" if suffix.startswith("mark.") else "volume")
    return Part(identity, sort, name)


@dataclass(frozen=True, slots=True)
class BasePart:
    """What the name of a base's volume says. `sort` is empty for the base itself."""

    digest: str
    token: str
    sort: str
    name: str


def base_part_of(name: str) -> BasePart | None:
    """What the name of a volume says of a base; None for any other volume."""
    found = _BASE.fullmatch(name)
    return None if found is None else BasePart(found[1], found[2], found[3] or "", name)


def base_name(digest: str, token: str, sort: str = "") -> str:
    """The name of a base's volume: the base itself, or what lies beside it."""
    return f"vwplan-{digest}.{token}" + (f".{sort}" if sort else "")


def digest_of(image: str) -> str:
    """The bare digest in an image's id (`sha256:…`) or in its base's name (`vwplan-…`)."""
    return image.removeprefix("sha256:").removeprefix("vwplan-")


def mark_name(mark: Mark, turn: int) -> str:
    """The name of the empty volume that marks a volume. The highest `turn` is the one that counts.

    The address is only a hint, and left out where the name would become too long.
    """
    fields = (mark.lineage, str(mark.birth), mark.digest, mark.writer, mark.address)
    name = f"vw-{mark.identity}.mark.{turn}." + ".".join(_fit(field) for field in fields)
    return name if len(name) <= _LONGEST else name[: name.rindex(".") + 1]


def mark_in(name: str) -> tuple[int, Mark] | None:
    """The turn and the mark that the name of a marking volume carries; None where it cannot be read."""
    part = part_of(name)
    if part is None or part.sort != "mark":
        return None
    fields = [unquote(field) for field in name.removeprefix(f"vw-{part.identity}.mark.").split(".")]
    if len(fields) != 6 or not fields[0].isdigit() or not fields[2].lstrip("-").isdigit():
        return None
    turn, lineage, birth, digest, writer, address = fields
    return int(turn), Mark(lineage, part.identity, address, int(birth), digest, writer)


def _fit(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")


def bridge_of(identity: str) -> str:
    """The bridge made for a network that names none: 12 characters, of the 15 that Linux allows."""
    return "vw" + identity.replace("-", "")[:10]
