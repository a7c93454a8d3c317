"""The stack key, and the secrets that derive from it: never generated, so that making a thing again gives the same ones.

The key is 32 random bytes in a file of its own (0600), apart from the state, and never in a plan, journal or history.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import field
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.state.disk import Disk
from vwplan.state.wire import encode_secret, to_bytes

LENGTH = 32
_SALT = b"vwplan stack key 1"


@dataclass(frozen=True, slots=True)
class StackKey:
    """A stack's key. `id` names it without telling it."""

    _bytes: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """A name for the key, recorded in the state so that the loss of the key is noticed."""
        return self.derive("", "key id", length=8).hex()

    def derive(self, identity: str, purpose: str, epoch: int = 0, length: int = 32) -> bytes:
        """A secret of at most 32 bytes for one identity, purpose and epoch: HKDF with SHA-256 (RFC 5869)."""
        pseudorandom = hmac.digest(_SALT, self._bytes, "sha256")
        info = b"\0".join((purpose.encode(), identity.encode(), b"%d" % epoch))
        return hmac.digest(pseudorandom, info + b"\1", "sha256")[:length]

    def hmac(self, value: object) -> str:
        """What stands for a sensitive value in plans and states: hexadecimal, the same for the same value."""
        return hmac.digest(self.derive("", "sensitive"), to_bytes(encode_secret(value)), "sha256").hex()

    def ssh_public_key(self, identity: str, epoch: int = 0, purpose: str = "ssh host key") -> str:
        """The public half of an Ed25519 key, as `ssh-ed25519 BASE64`."""
        return _public_line(self._ed25519(identity, purpose, epoch)[1])

    def ssh_host_key(self, identity: str, epoch: int = 0, purpose: str = "ssh host key") -> tuple[str, str]:
        """An Ed25519 key: the private half as OpenSSH's PEM text, and the public one as `ssh-ed25519 BASE64`."""
        seed, public = self._ed25519(identity, purpose, epoch)
        return _private_pem(seed, public), _public_line(public)

    def _ed25519(self, identity: str, purpose: str, epoch: int) -> tuple[bytes, bytes]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        seed = self.derive(identity, purpose, epoch)
        return seed, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def load_key(path: Path, *, known: str = "", disk: Disk | None = None) -> StackKey | None:
    """The key of a file, None where there is no file and `known` is empty.

    `known` is the id of the key that the state was made with: a diagnostic where that key is missing or another.
    """
    try:
        text = (disk or Disk()).read(path)
    except FileNotFoundError:
        if known:
            raise _lost(path, known) from None
        return None
    except OSError as problem:
        raise _unusable(path, problem.strerror or str(problem)) from problem
    try:
        content = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        content = b""
    if len(content) != LENGTH:
        raise _unusable(path, "it does not hold 32 bytes in base64")
    key = StackKey(content)
    if known and key.id != known:
        raise _other(path, known, key.id)
    return key


def create_key(path: Path, randomness: bytes, *, disk: Disk | None = None) -> StackKey:
    """Make a key of 32 random bytes and write its file; a file that is there is used instead."""
    if len(randomness) != LENGTH:
        raise ValueError("a stack key is 32 bytes")
    there = load_key(path, disk=disk)
    if there is not None:
        return there
    disk = disk or Disk()
    disk.make_folder(path.parent)
    disk.replace(path, base64.b64encode(randomness) + b"\n")
    return StackKey(randomness)


def _public_blob(public: bytes) -> bytes:
    return _string(b"ssh-ed25519") + _string(public)


def _public_line(public: bytes) -> str:
    return f"ssh-ed25519 {base64.b64encode(_public_blob(public)).decode()}"


def _private_pem(seed: bytes, public: bytes) -> str:
    """OpenSSH's own format. Its check number is derived, where others roll dice, so that the text is always the same."""
    check = hashlib.sha256(b"check" + seed).digest()[:4]
    secret = check + check + _public_blob(public) + _string(seed + public) + _string(b"")
    padding = bytes(range(1, 1 + -len(secret) % 8))
    blob = (
        b"openssh-key-v1\0"
        + _string(b"none")
        + _string(b"none")
        + _string(b"")
        + struct.pack(">I", 1)
        + _string(_public_blob(public))
        + _string(secret + padding)
    )
    text = base64.b64encode(blob).decode()
    lines = "\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _lost(path: Path, known: str) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "key-missing",
            "The stack key is missing",
            f"{path} is not there, but this stack's secrets derive from the key {known}. Put the file back, or name it with "
            f"VW_KEY_FILE. If it is lost for good, `vwplan state rekey` makes a new one: then sensitive arguments count as changed, "
            f"and machines that are made get other host keys.",
        )
    )


def _other(path: Path, known: str, found: str) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "key-wrong",
            "The stack key is another one",
            f"{path} holds the key {found}, but this stack's secrets derive from the key {known}. Put the right file "
            f"there, or name it with VW_KEY_FILE.",
        )
    )


def _unusable(path: Path, reason: str) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic("key-unusable", "The stack key cannot be used", f"{path} cannot be read as a stack key: {reason}.")
    )
