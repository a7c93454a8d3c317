"""The text of a journal: a header, then one entry per line, each with its number, its batch and a checksum.

A batch is what was written at once, named by the number of its first entry. What a crash may have damaged is the last
batch alone: there a bad line and what follows it are cut off, since nobody was told that they had been written. A bad line
before that means that the file was altered, and it is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from vwplan.dataclass import dataclass
from vwplan.state import upgrades
from vwplan.state.cover import SEALED
from vwplan.state.damage import Belongs, Damaged, NewerFormat
from vwplan.state.entries import Entry, entry_from_plain, entry_to_plain
from vwplan.state.upgrades import upgraded
from vwplan.state.wire import Unreadable, decode, encode, to_bytes

FORMAT = 1
"""The version of the format that is written here."""

_LINE = re.compile(rb'\{"seq":(\d{1,15}),"batch":(\d{1,15}),"sum":"([0-9a-f]{16})","entry":(\{.*+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal follows: the snapshot of that serial with that checksum, under that lineage."""

    lineage: str
    base: int
    snapshot: str


@dataclass(frozen=True, slots=True)
class JournalText:
    """A journal as read: its header, its entries, how many bytes at its end are damaged and cut off, and its format."""

    header: Header
    entries: tuple[Entry, ...]
    good: int
    cut: int
    format: int = FORMAT


def write_header(header: Header) -> bytes:
    """The first line of a journal."""
    plain = {
        "is": "journal",
        "format": FORMAT,
        "lineage": header.lineage,
        "base": header.base,
        "snapshot": header.snapshot,
    }
    return _line(0, 0, encode(plain), b"")


def write_entries(entries: Sequence[Entry], first: int, header: Header) -> bytes:
    """The lines of one batch of entries, of which the first has the number `first`."""
    key = _key(header)
    return b"".join(
        _line(first + index, first, encode(entry_to_plain(entry)), key) for index, entry in enumerate(entries)
    )


def read_header(text: bytes) -> Header:
    """The header of a journal; `Damaged` or `NewerFormat` if it has none that can be trusted."""
    return _headed(text)[0]


def _headed(text: bytes) -> tuple[Header, int]:
    """The header of a journal, and its format."""
    if text.startswith(SEALED):
        raise Damaged("it is sealed, and does not open with its key: it was altered, or cut off")
    line, end, _ = text.partition(b"\n")
    match = _LINE.fullmatch(line[:-1]) if line.endswith(b"}") and end else None
    if match is None or match[1] != b"0" or match[2] != b"0" or match[3] != _checksum(0, 0, match[4], b""):
        raise Damaged("its first line is not that of a journal" if text else "it is empty")
    try:
        plain = decode(match[4])
        if plain["format"] > FORMAT:
            raise NewerFormat(plain["format"])
        return Header(str(plain["lineage"]), int(plain["base"]), str(plain["snapshot"])), int(plain["format"])
    except Unreadable as problem:
        if isinstance(problem, NewerFormat):
            raise
        raise Damaged(f"its first line cannot be read: {problem}") from problem


def read_journal(text: bytes, expected: Header | None = None, *, salvage: bool = False) -> JournalText:
    """A journal's text as entries, with the damaged end of its last batch cut off.

    `expected` is what it must follow: `Belongs` where it follows something else. `Damaged` where anything before the last
    batch is not as it was written; with `salvage` all from there on is cut off instead.
    """
    header, format = _headed(text)
    if expected is not None and header != expected:
        raise Belongs(f"it follows serial {header.base} of lineage {header.lineage}, or another text of it")
    key = _key(header)
    at = text.index(b"\n") + 1
    entries: list[Entry] = []
    while at < len(text):
        number = len(entries) + 1
        end = text.find(b"\n", at)
        plain = _verified(text[at:end], number, key) if end >= 0 else None
        if plain is None:
            if not salvage:
                _refuse_unless_last(text[at:], number, key)
            break
        try:
            if format < FORMAT:
                plain = upgraded(plain, format, FORMAT, upgrades.ENTRIES)
            entries.append(entry_from_plain(plain))
        except Unreadable as problem:
            if salvage:
                break
            raise Damaged(f"its entry {number} cannot be read: {problem}") from problem
        at = end + 1
    return JournalText(header, tuple(entries), at, len(text) - at, format)


def _verified(line: bytes, number: int, key: bytes) -> dict[str, object] | None:
    match = _LINE.fullmatch(line[:-1]) if line.endswith(b"}") else None
    if match is None or int(match[1]) != number:
        return None
    if match[3] != _checksum(number, int(match[2]), match[4], key):
        return None
    found = decode(match[4])
    return found if isinstance(found, dict) else None


def _refuse_unless_last(rest: bytes, number: int, key: bytes) -> None:
    """Refuse damage that is followed by a whole line of a later batch."""
    for line in rest.split(b"\n"):
        match = _LINE.fullmatch(line[:-1]) if line.endswith(b"}") else None
        if match is None or match[3] != _checksum(int(match[1]), int(match[2]), match[4], key):
            continue
        if int(match[2]) > number or int(match[1]) < number:
            raise Damaged(f"its entry {number} is damaged, though later ones are whole")


def _line(number: int, batch: int, body: str, key: bytes) -> bytes:
    content = to_bytes(body)
    return b'{"seq":%d,"batch":%d,"sum":"%b","entry":%b}\n' % (
        number,
        batch,
        _checksum(number, batch, content, key),
        content,
    )


def _checksum(number: int, batch: int, body: bytes, key: bytes) -> bytes:
    digest = hashlib.blake2b(b"%d:%d:" % (number, batch), digest_size=8, key=key)
    digest.update(body)
    return digest.hexdigest().encode()


def _key(header: Header) -> bytes:
    return hashlib.sha256(to_bytes(f"{header.lineage}|{header.base}|{header.snapshot}")).digest()
