"""Sealed rows of a database: one JSON value each, that opens only in the place that it was sealed for.

```
{"vwplan_sealed":1,"rows":"<random>","key":{"id":"…",…},"text":"<base64>"}
```
All rows that a process seals share a key derived from the given one and from `rows`. What authenticates each text besides is its
place: table, lineage, name and version of the row, as the store says. So a row that was altered, put in another's place or put back
to an earlier version under today's is noticed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.encryption import problems
from vwplan.state.encryption.sources import Key, Opener

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
NONCE = 12

Find = Callable[[Mapping[str, Any], str], tuple[Key, Opener]]


class SealedRows:
    """A cover of rows: `writer` gives the key that is sealed with (None: in the clear), `find` that of a sealed row."""

    def __init__(self, writer: Opener | None, find: Find, enforced: bool, randomness: Callable[[int], bytes]) -> None:
        self._writer = writer
        self._find = find
        self._enforced = enforced
        self._randomness = randomness
        self._head = ""
        self._sealing: AESGCM | None = None
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    def wrap(self, text: str, place: str) -> str:
        """A row's text, in ASCII, as it is to lie in the database; the text itself where there is no key to write with."""
        if self._writer is None:
            return text
        if self._sealing is None:
            self._head, self._sealing = self._begin(self._writer)
        nonce = self._randomness(NONCE)
        sealed = nonce + self._sealing.encrypt(nonce, text.encode("ascii"), place.encode("ascii"))
        return f'{self._head},"text":"{base64.b64encode(sealed).decode()}"}}'

    def unwrap(self, body: Any, place: str, name: str) -> Any:
        """The value of a row as the database gives it; a diagnostic for one in the clear where that is to be refused."""
        from vwplan.state.wire import Unreadable, decode

        if not is_sealed(body):
            if self._enforced:
                raise problems.in_the_clear(name)
            return body
        try:
            if int(body["vwplan_sealed"]) > FORMAT:
                raise NewerFormat(int(body["vwplan_sealed"]))
            content = base64.b64decode(body["text"], validate=True)
            cipher = self._cipher(body, name)
            return decode(_opened(cipher, content, place.encode("ascii")))
        except (*Unreadable, binascii.Error) as problem:
            if isinstance(problem, NewerFormat):
                raise
            raise Damaged("it cannot be read") from problem

    def covers(self, key: Mapping[str, Any] | None, name: str) -> bool:
        """Whether what is sealed with that key (None: what is in the clear) lies as this would put it."""
        if key is None or self._writer is None:
            return (key is None) == (self._writer is None)
        return self._find({"key": key}, name)[1] is self._writer

    def _begin(self, writer: Opener) -> tuple[str, AESGCM]:
        from vwplan.state.wire import encode

        key, rows = writer.key(), self._randomness(16).hex()
        told: dict[str, Any] = {"id": key.id, "from": key.source}
        if key.hardness is not None:
            told |= key.hardness.plain()
        cipher = self._ciphers[key.id, rows] = _cipher(key, rows)
        return encode({"vwplan_sealed": FORMAT, "rows": rows, "key": told})[:-1], cipher

    def _cipher(self, body: Mapping[str, Any], name: str) -> AESGCM:
        rows, id = str(body["rows"]), str(body["key"]["id"])
        cipher = self._ciphers.get((id, rows))
        if cipher is None:
            cipher = self._ciphers[id, rows] = _cipher(self._find(body, name)[0], rows)
        return cipher


def is_sealed(body: Any) -> bool:
    """Whether a row's value is a sealed one."""
    return isinstance(body, dict) and "vwplan_sealed" in body


def _cipher(key: Key, rows: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key.derive(b"rows\0" + rows.encode("ascii")))


def _opened(cipher: AESGCM, content: bytes, place: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(content[:NONCE], content[NONCE:], place)
    except (InvalidTag, ValueError) as problem:
        raise Damaged("it was altered, or put in another's place: it does not open with its key") from problem
