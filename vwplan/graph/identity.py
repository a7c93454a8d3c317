"""What is chosen for an object once and for life: its identity, its names, its MAC addresses.

All of it derives from the lineage, an address and a birth, so that the same plan made twice says the same; nothing here
looks at a clock or rolls dice.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Container

from vwplan.address import Address, Key

_UNFIT = re.compile(r"[^a-z0-9]++")

HOSTNAME_LENGTH = 63
"""The longest name that one label of a host's name may have."""

SLUG_LENGTH = 40


class Identities:
    """Makes identities under one lineage: `uuid5(lineage, "ADDRESS#BIRTH")`, as text."""

    __slots__ = ("_space", "lineage")

    def __init__(self, lineage: str) -> None:
        self.lineage = lineage
        try:
            space = uuid.UUID(lineage)
        except ValueError:
            space = uuid.uuid5(uuid.NAMESPACE_OID, lineage)
        self._space = hashlib.sha1(space.bytes, usedforsecurity=False)

    def identity(self, address: str, birth: int) -> str:
        """The identity of the object born at `birth` under an address."""
        digest = self._space.copy()
        digest.update(f"{address}#{birth}".encode())
        number = int.from_bytes(digest.digest()[:16], "big")
        number = number & ~(0xF000 << 64) | 5 << 76
        number = number & ~(0xC000 << 48) | 0x8000 << 48
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def mac(self, address: str, index: int, used: Container[str]) -> str:
        """A locally administered unicast MAC for the nic of that index, none of `used`.

        Its first byte is fixed, the other 40 bits are a hash of lineage and address; what is taken is probed past.
        """
        probe = 0
        while True:
            text = f"{self.lineage}|{address}|nic{index}" + (f"|{probe}" if probe else "")
            digits = hashlib.sha256(text.encode()).hexdigest()
            mac = f"d6:{digits[:2]}:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:{digits[8:10]}"
            if mac not in used:
                return mac
            probe += 1


def slug(text: str, longest: int = HOSTNAME_LENGTH) -> str:
    """Text made fit for a label of a host's name: lower case letters, digits and single dashes, bounded.

    Text without a fit character, and what is cut, get a hash in place of what is lost.
    """
    fit = _UNFIT.sub("-", text.lower()).strip("-")
    if fit and len(fit) <= longest:
        return fit
    lost = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{fit[: longest - 9].rstrip('-')}-{lost}" if fit else f"x{lost}"


def label(address: Address) -> str:
    """The plain words of an address: `login`, `login-a`, `physics-head`, `physics-compute-2`; modules left out."""
    words = address.name + _dashed(address.key)
    if address.role == "head":
        return f"{words}-head"
    if address.role:
        return f"{words}-{address.role}{_dashed(address.member)}"
    return words


def _dashed(key: Key) -> str:
    return "" if key is None else f"-{key}"


def default_name(stack: str, hostname: str, identity: str) -> str:
    """The name on the hypervisor where the spec gives none: `<stack>-<slug>-<10 hex of identity>`."""
    return f"{slug(stack, 24)}-{slug(hostname, SLUG_LENGTH)}-{identity.replace('-', '')[:10]}"


def bridge_name(identity: str) -> str:
    """The name of a network's bridge device on its host: 12 characters, of the 15 that Linux allows."""
    return "vw" + identity.replace("-", "")[:10]
