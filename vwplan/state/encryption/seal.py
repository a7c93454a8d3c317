"""Sealed texts: AES-256-GCM in lines of JSON.

```
{"vwplan_sealed":1,"what":"state","lineage":"…","serial":7,"stack":"","file":"<random>","key":{"id":"…",…},"text":"<base64>"}
{"batch":3,"text":"<base64>"}                                                             (journals only, one per batch)
```
Each file has a key of its own, derived from the given one and from all that stands before `"text"`; the same, with the number of
the batch, is authenticated with each text. So a line opens only in its file, in its place, under the sort, lineage, serial and stack it
was written for. Nonces are random, 96 bits, under a key that seals one file.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vwplan.dataclass import dataclass
from vwplan.state.cover import JOURNAL, SEALED, About, ClearPages, Pages, Uncovered
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.encryption import problems
from vwplan.state.encryption.rows import SealedRows
from vwplan.state.encryption.sources import Ask, Encryption, Key, Opener
from vwplan.state.wire import Unreadable, decode, encode, to_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
UNREADABLE = b"?\n"
NONCE = 12
_TEXT = b',"text":"'
_END = b'"}\n'
_BATCH = re.compile(rb'\{"batch":(\d{1,15}),"text":"([A-Za-z0-9+/]+={0,2})"\}\n')
_KEY_ID = re.compile(rb'"key":\{"id":"([0-9a-f]{16})"')


@dataclass(frozen=True, slots=True)
class SealedPages:
    """A sealed journal as it grows."""

    first: bytes
    _head: bytes
    _cipher: AESGCM
    _randomness: Callable[[int], bytes]

    def batch(self, text: bytes, number: int) -> bytes:
        """One line, that holds all lines of the batch."""
        sealed = _seal(self._cipher, text, self._head, number, self._randomness)
        return b'{"batch":%d,"text":"%b"}\n' % (number, sealed)


class Sealed:
    """A cover of AES-256-GCM, as a spec's encryption block says. Keys are read, and passphrases asked for, when first needed."""

    def __init__(
        self,
        encryption: Encryption,
        environment: Mapping[str, str] = {},
        ask: Ask = lambda words: None,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._enforced = encryption.enforced
        self._randomness = randomness
        sources = (encryption.key, encryption.fallback)
        openers = [Opener(source, environment, ask, randomness) if source else None for source in sources]
        self._writer, self._openers = openers[0], [opener for opener in openers if opener is not None]
        self._known: dict[str, tuple[Key, Opener]] = {}

    def wrap(self, text: bytes, about: About) -> bytes:
        """The text in one sealed line; the text itself where there is no key to write with."""
        return self._sealed(text, about)[0] if self._writer is not None else text

    def unwrap(self, text: bytes, what: str, name: str) -> bytes:
        """The text of a sealed file, or of one in the clear unless that is to be refused."""
        if not text.startswith(SEALED):
            return self._clear(text, name)
        head, body = _split(text, text.endswith(_END))
        return _open(self._cipher(head, what, name), body, head, 0)

    def begin(self, first: bytes, about: About) -> Pages:
        """A new journal, sealed under a key of its own."""
        if self._writer is None:
            return ClearPages(first)
        line, head, cipher = self._sealed(first, about)
        return SealedPages(line, head, cipher, self._randomness)

    def uncover(self, text: bytes, name: str) -> Uncovered:
        """The text of a journal. A line that does not open becomes one that is none: whoever reads it cuts it off, or refuses it."""
        if not text.startswith(SEALED):
            return Uncovered(self._clear(text, name), ClearPages())
        end = text.find(b"\n") + 1
        head, body = _split(text[:end], bool(end) and text.endswith(_END, 0, end))
        cipher = self._cipher(head, JOURNAL, name)
        parts = [_open(cipher, body, head, 0)]
        for line in text[end:].splitlines(keepends=True):
            parts.append(_batch(cipher, line, head) or UNREADABLE)
        return Uncovered(b"".join(parts), SealedPages(text[:end], head, cipher, self._randomness))

    def covers(self, head: bytes, name: str) -> bool:
        """Whether it is sealed with the key that is written with, or in the clear where none is."""
        sealed = head.startswith(SEALED)
        if not sealed or self._writer is None:
            return sealed == (self._writer is not None)
        told = _KEY_ID.search(head)
        if told is None:
            return True  # Whoever reads it says what is wrong.
        known = self._known.get(told[1].decode())
        if known is None:
            known = self._find(_told(head.partition(_TEXT)[0]), name)
        return known[1] is self._writer

    def rows(self) -> SealedRows:
        """How the rows of a database are sealed, with the same keys."""
        return SealedRows(self._writer, self._find, self._enforced, self._randomness)

    def _clear(self, text: bytes, name: str) -> bytes:
        if self._enforced and text:
            raise problems.in_the_clear(name)
        return text

    def _sealed(self, text: bytes, about: About) -> tuple[bytes, bytes, AESGCM]:
        assert self._writer is not None
        key = self._writer.key()
        self._known[key.id] = (key, self._writer)
        told: dict[str, Any] = {"id": key.id, "from": key.source}
        if key.hardness is not None:
            told |= key.hardness.plain()
        plain = {
            "vwplan_sealed": FORMAT,
            "what": about.what,
            "lineage": about.lineage,
            "serial": about.serial,
            "stack": about.stack,
            "file": self._randomness(16).hex(),
            "key": told,
        }
        head = to_bytes(encode(plain)[:-1])
        cipher = _cipher(key, head)
        return b"".join((head, _TEXT, _seal(cipher, text, head, 0, self._randomness), _END)), head, cipher

    def _cipher(self, head: bytes, what: str, name: str) -> AESGCM:
        plain = _told(head)
        key, _ = self._find(plain, name)
        if plain["what"] != what:
            raise Damaged(f"it is a {plain['what']}, and a {what} was wanted")
        return _cipher(key, head)

    def _find(self, plain: Mapping[str, Any], name: str) -> tuple[Key, Opener]:
        told = plain["key"]
        known = self._known.get(told["id"])
        if known is not None:
            return known
        for opener in self._openers:
            key = opener.key_of(told)
            if key is not None:
                known = self._known[key.id] = (key, opener)
                return known
        raise problems.other_key(name, str(told["id"]), str(told.get("from")))


def _told(head: bytes) -> dict[str, Any]:
    """What a sealed file says of itself; to be believed only once something of it has been opened."""
    try:
        plain = decode(head + b"}")
        if int(plain["vwplan_sealed"]) > FORMAT:
            raise NewerFormat(int(plain["vwplan_sealed"]))
        if isinstance(plain["key"], dict) and isinstance(plain["key"]["id"], str) and isinstance(plain["what"], str):
            return dict(plain)
    except Unreadable as problem:
        if isinstance(problem, NewerFormat):
            raise
    raise Damaged("it was altered: what it says of itself cannot be read")


def _split(line: bytes, whole: bool) -> tuple[bytes, bytes]:
    head, separator, rest = line.partition(_TEXT)
    if not separator or not whole:
        raise Damaged("it is cut off: its end is not there")
    return head, rest[: -len(_END)]


def _cipher(key: Key, head: bytes) -> AESGCM:
    # Costs tens of milliseconds, which only those pay who use it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key.derive(head))


def _seal(cipher: AESGCM, text: bytes, head: bytes, number: int, randomness: Callable[[int], bytes]) -> bytes:
    nonce = randomness(NONCE)
    return base64.b64encode(nonce + cipher.encrypt(nonce, text, b"%b\n%d" % (head, number)))


def _open(cipher: AESGCM, body: bytes, head: bytes, number: int) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        content = base64.b64decode(body, validate=True)
        # The last character may hold bits that nobody reads: there is one way to write a text, not several.
        if not body.endswith(base64.b64encode(content[(len(content) - 1) // 3 * 3 :])):
            raise Damaged("it was altered")
        return cipher.decrypt(content[:NONCE], content[NONCE:], b"%b\n%d" % (head, number))
    except (binascii.Error, InvalidTag, ValueError) as problem:
        raise Damaged("it was altered: it does not open with its key") from problem


def _batch(cipher: AESGCM, line: bytes, head: bytes) -> bytes | None:
    match = _BATCH.fullmatch(line)
    if match is None:
        return None
    try:
        return _open(cipher, match[2], head, int(match[1]))
    except Damaged:
        return None
