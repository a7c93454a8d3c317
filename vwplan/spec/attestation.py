"""Attestations of images: what exactly is signed, and whether a signature holds.

The message is one line of ASCII and a newline, then one line of JSON and a newline::

    vwplan image attestation 1
    {"cmdline":"","format":"qcow2","initrd":"","issuer":"ops","kernel":"","os":"debian-12","sha256":"9f86…"}

The JSON is an object of strings with its keys sorted, no space, and everything beyond ASCII as `\\uXXXX`. `sha256`, `kernel` and
`initrd` are digests of the bytes in small hexadecimal digits (empty where there is no such file), the others the image's arguments
as written (empty where left out). The signature is Ed25519 over these bytes. To make one::

    openssl pkeyutl -sign -inkey key.pem -rawin -in message | base64 -w0
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict

from vwplan.dataclass import dataclass

HEADER = "vwplan image attestation 1\n"


@dataclass(frozen=True, slots=True)
class AttestedImage:
    """What an attestation vouches for: the digest of an image's bytes, and its metadata (see the module)."""

    sha256: str
    format: str = ""
    os: str = ""
    kernel: str = ""
    initrd: str = ""
    cmdline: str = ""


@dataclass(frozen=True, slots=True)
class Attestation:
    """An `attestation` block: keys and signatures in Base64 or hexadecimal."""

    issuer: str
    public_key: str
    signature: str


def message(issuer: str, image: AttestedImage) -> bytes:
    """The bytes that an issuer signs for an image."""
    told = {"issuer": issuer, **asdict(image)}
    return (HEADER + json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n").encode("ascii")


def holds(attestation: Attestation, image: AttestedImage) -> bool:
    """Whether the signature is the key's, over this image. False for keys and signatures that are none."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key, signature = _bytes(attestation.public_key, 32), _bytes(attestation.signature, 64)
    if key is None or signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message(attestation.issuer, image))
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str, length: int) -> bytes | None:
    """What the text writes in hexadecimal or Base64, if it has that length."""
    try:
        found = bytes.fromhex(text) if len(text) == 2 * length else base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return found if len(found) == length else None
