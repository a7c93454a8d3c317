"""Where keys come from: a passphrase, a file, a program; each read once, when it is first needed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import stat
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.regular import read_named
from vwplan.state.damage import Damaged
from vwplan.state.encryption import problems

LENGTH = 32
SHORTEST = 12
"""How many characters a passphrase must have at least."""

PATIENCE = 120.0
"""Seconds that a program has to tell a key; it may have to ask somebody."""

_SALT = b"vwplan at rest 1"

Ask = Callable[[str], str | None]
"""Asks for a passphrase, described in words; None where there is nobody to ask."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase: the value of an environment variable, or what is in the file that the variable NAME_FILE names."""

    variable: str = "VW_PASSPHRASE"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """32 bytes in base64 in a file that only its owner may read."""

    path: Path


@dataclass(frozen=True, slots=True)
class Program:
    """32 bytes in base64 on the standard output of a program."""

    command: tuple[str, ...]


Source = Passphrase | KeyFile | Program


@dataclass(frozen=True, slots=True)
class Encryption:
    """What the spec says: the key that is written with (None: in the clear), another that is read too, and whether clear is refused."""

    key: Source | None
    fallback: Source | None = None
    enforced: bool = False


@dataclass(frozen=True, slots=True)
class Hardness:
    """How a passphrase is made into a key: scrypt's salt and its cost, which needs 128 * n * r bytes."""

    salt: bytes
    n: int = 1 << 16
    r: int = 8
    p: int = 1

    def plain(self) -> dict[str, Any]:
        """As a JSON-able mapping."""
        return {"salt": self.salt.hex(), "n": self.n, "r": self.r, "p": self.p}

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Hardness:
        """What `plain` gave; `Damaged` for what nobody would have written, so that an altered file cannot cost hours."""
        try:
            found = Hardness(bytes.fromhex(plain["salt"]), int(plain["n"]), int(plain["r"]), int(plain["p"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise Damaged("what it says of its key cannot be read") from problem
        power = found.n > 1 and found.n & (found.n - 1) == 0
        if not power or found.n > 1 << 20 or not 1 <= found.r <= 16 or not 1 <= found.p <= 4:
            raise Damaged("what it says of its key cannot be true")
        return found


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `id` names it without telling it; `hardness` is how it came from a passphrase, if it did."""

    _root: bytes = field(repr=False)
    id: str
    source: str
    hardness: Hardness | None = None

    def derive(self, info: bytes) -> bytes:
        """The key of one file: HKDF with SHA-256 (RFC 5869)."""
        return hmac.digest(self._root, b"file\0" + info + b"\1", "sha256")


def _key(secret: bytes, source: str, hardness: Hardness | None = None) -> Key:
    root = hmac.digest(_SALT, secret, "sha256")
    return Key(root, hmac.digest(root, b"id\0\1", "sha256")[:8].hex(), source, hardness)


class Opener:
    """One source of keys, asked at most once."""

    def __init__(
        self, source: Source, environment: Mapping[str, str], ask: Ask, randomness: Callable[[int], bytes]
    ) -> None:
        self._source = source
        self._environment = environment
        self._ask = ask
        self._randomness = randomness
        self._keys: dict[Hardness | None, Key] = {}
        self._sentence = ""
        self._doubtful = False

    def key_of(self, told: Mapping[str, Any]) -> Key | None:
        """The key with which a file says it was sealed, if this source gives it."""
        hardness = None
        if isinstance(self._source, Passphrase) != (told.get("from") == "passphrase"):
            return None
        if isinstance(self._source, Passphrase):
            hardness = Hardness.of(told)
        key = self._key(hardness)
        if key.id != told.get("id"):
            return None
        self._doubtful = False
        return key

    def key(self) -> Key:
        """The key to seal with: of a passphrase one that is there already, or one under a new salt.

        A passphrase that was typed and has opened nothing yet is asked for once more: a slip would lock everybody out.
        """
        if not isinstance(self._source, Passphrase):
            return self._key(None)
        sentence = self._passphrase(self._source)
        if len(sentence) < SHORTEST:
            raise problems.short_passphrase(self._source.variable, SHORTEST)
        if self._doubtful and self._ask("The same once more") != sentence:
            raise problems.other_passphrase()
        self._doubtful = False
        for hardness, key in self._keys.items():
            if hardness is not None and hardness == Hardness(hardness.salt):
                return key
        return self._key(Hardness(self._randomness(16)))

    def _key(self, hardness: Hardness | None) -> Key:
        key = self._keys.get(hardness)
        if key is None:
            key = self._keys[hardness] = self._read(hardness)
        return key

    def _read(self, hardness: Hardness | None) -> Key:
        source = self._source
        if isinstance(source, Passphrase):
            assert hardness is not None
            h, sentence = hardness, self._passphrase(source).encode("utf-8", "surrogateescape")
            secret = hashlib.scrypt(
                sentence, salt=h.salt, n=h.n, r=h.r, p=h.p, maxmem=256 * h.n * h.r * h.p, dklen=LENGTH
            )
            return _key(secret, "passphrase", hardness)
        if isinstance(source, KeyFile):
            return _key(_decoded(_content(source.path), f"the key file {source.path}"), "key")
        return _key(_decoded(_output(source), f"the output of {source.command[0]}"), "key")

    def _passphrase(self, source: Passphrase) -> str:
        if not self._sentence:
            name = source.variable
            given = self._environment.get(name, "")
            path = self._environment.get(f"{name}_FILE", "")
            if not given and path:
                given = _content(Path(path)).decode("utf-8", "replace").rstrip("\r\n")
            if not given:
                given = self._ask(f"Passphrase ({name})") or ""
                self._doubtful = True
            if not given:
                raise problems.no_passphrase(name)
            self._sentence = given
        return self._sentence


def _content(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise problems.open_file(path, stat.S_IMODE(mode))
        return read_named(path)
    except OSError as problem:
        raise problems.unreadable_key(f"the key file {path}", problem.strerror or str(problem)) from problem


def _output(program: Program) -> bytes:
    name = program.command[0]
    try:
        done = subprocess.run(program.command, capture_output=True, timeout=PATIENCE, check=False)
    except OSError as problem:
        raise problems.unreadable_key(f"the output of {name}", problem.strerror or str(problem)) from problem
    except subprocess.TimeoutExpired as problem:
        raise problems.unreadable_key(f"the output of {name}", f"it took more than {PATIENCE:.0f} s") from problem
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = f"it ended with {done.returncode}" + (f": {said[-1][:200]}" if said else "")
        raise problems.unreadable_key(f"the output of {name}", reason)
    return done.stdout


def _decoded(text: bytes, what: str) -> bytes:
    try:
        content = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        content = b""
    if len(content) != LENGTH:
        raise problems.unreadable_key(what, f"it is not {LENGTH} bytes in base64")
    return content
