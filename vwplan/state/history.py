"""Earlier states of a stack: each snapshot that was replaced, with the journal that followed it.

A pair gives every serial from its snapshot's up to the next one's, so that a version is never more than folding away.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.entries import Begun, Entry, RunEnded, RunStarted
from vwplan.state.fold import Ledger, fold
from vwplan.state.folder import Folder
from vwplan.state.journal import Header, read_header, read_journal
from vwplan.state.records import State
from vwplan.state.snapshot import checksum_of, read_snapshot, write_snapshot

KEPT = 20
"""How many replaced snapshots are kept."""

_SNAPSHOT = re.compile(r"snapshot\.(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """One state that there was: which run made it, when (seconds since the epoch), whose, doing what, and how it ended."""

    serial: int
    run: str
    at: float
    who: str
    doing: str
    result: str
    records: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A snapshot and the part of its journal that can be trusted; `whole` when that is all of it. `header` is such a journal's."""

    header: Header
    base: State
    entries: tuple[Entry, ...]
    whole: bool
    path: Path


def keep(disk: Disk, folder: Folder, base: int) -> None:
    """Give the snapshot of a serial its name in the history; the store then puts another in its place."""
    disk.make_folder(folder.history)
    disk.link(folder.snapshot, folder.old_snapshot(base))


def prune(disk: Disk, folder: Folder) -> None:
    """Take away what is older than the newest few, and journals that follow nothing. Failing to is nothing."""
    with contextlib.suppress(OSError):
        serials = sorted(_serials(folder))
        for serial in serials[:-KEPT]:
            disk.remove(folder.old_snapshot(serial))
            disk.remove(folder.old_journal(serial))


def pairs(disk: Disk, folder: Folder) -> Iterator[Pair]:
    """All states that can be read or made again: the present one, then the history, newest base first. Damaged ones are left out."""
    found = list(_read_pairs(disk, folder))
    yield from found
    yield from _made_again(disk, folder, found)


def _read_pairs(disk: Disk, folder: Folder) -> Iterator[Pair]:
    places: list[tuple[Path, int | None]] = [(folder.snapshot, None)]
    places += [(folder.old_snapshot(serial), serial) for serial in sorted(_serials(folder), reverse=True)]
    seen: set[tuple[int, str]] = set()
    for path, serial in places:
        try:
            text = disk.read(path)
            base, checksum = read_snapshot(text), checksum_of(text)
        except (OSError, Damaged, NewerFormat):
            continue
        if (base.serial, checksum) in seen:
            continue
        seen.add((base.serial, checksum))
        header = Header(base.lineage, base.serial, checksum)
        names = [folder.journal(base.serial), folder.old_journal(base.serial)]
        entries, whole = _entries(disk, names if serial is None else names[::-1], header)
        yield Pair(header, base, entries, whole, path)


def _made_again(disk: Disk, folder: Folder, found: list[Pair]) -> Iterator[Pair]:
    """Snapshots that are lost or damaged, and that a journal follows which is not.

    What a journal follows is either a state of nothing, or what the journal before it came to. Whether it was just that, the
    checksum in the journal's first line proves.
    """
    left: dict[Header, Path] = {}
    for path in sorted(_journals(folder)):
        try:
            left.setdefault(read_header(disk.read(path)), path)
        except (OSError, Damaged, NewerFormat):
            continue
    for pair in found:
        left.pop(pair.header, None)
    states = [fold(pair.base, pair.entries) for pair in found] if left else []
    states += [State(header.lineage, header.base) for header in left]
    while states:
        state = states.pop()
        header = Header(state.lineage, state.serial, checksum_of(write_snapshot(state)))
        journal = left.pop(header, None)
        if journal is not None:
            entries, whole = _entries(disk, [journal], header)
            states.append(fold(state, entries))
            yield Pair(header, state, entries, whole, journal)


def _journals(folder: Folder) -> Iterator[Path]:
    for place in (folder.path, folder.history):
        if place.is_dir():
            yield from (path for path in place.iterdir() if path.name.startswith("journal."))


def _entries(disk: Disk, paths: list[Path], header: Header) -> tuple[tuple[Entry, ...], bool]:
    """The entries that follow a snapshot, up to the first that is damaged."""
    for path in paths:
        try:
            text = disk.read(path)
            if read_header(text) != header:
                continue
        except (OSError, Damaged, NewerFormat):
            continue
        journal = read_journal(text, header, salvage=True)
        return journal.entries, journal.cut == 0
    return (), False


def versions(disk: Disk, folder: Folder) -> tuple[Version, ...]:
    """Every version that can be had back, newest first."""
    found: dict[int, Version] = {}
    for pair in pairs(disk, folder):
        for version in _versions_of(pair):
            if version.run or version.serial not in found:
                found[version.serial] = version
    return tuple(sorted(found.values(), key=lambda version: -version.serial))


def _versions_of(pair: Pair) -> Iterator[Version]:
    ledger = Ledger(pair.base)
    yield Version(pair.base.serial, "", 0.0, "", "", "", len(pair.base.records))
    started: RunStarted | None = None
    result = "unfinished"
    for entry in pair.entries:
        if isinstance(entry, RunStarted):
            if started is not None:
                yield _version(started, result, len(ledger.records))
            started, result = entry, "unfinished"
        ledger.take(entry)
        if isinstance(entry, RunEnded) and started is not None and entry.run == started.run:
            result = entry.result
    if started is not None:
        yield _version(started, result, len(ledger.records))


def _version(run: RunStarted, result: str, records: int) -> Version:
    return Version(run.serial, run.run, run.at, run.who, run.doing, result, records)


@dataclass(frozen=True, slots=True)
class Found:
    """A version as it was found: the state, the steps that were unfinished then, and the file that it came from."""

    state: State
    unfinished: tuple[Begun, ...]
    path: Path


def find_version(disk: Disk, folder: Folder, serial: int | None) -> Found | None:
    """The state of a serial, or the newest that can be trusted; None if there is none."""
    best: Found | None = None
    for pair in pairs(disk, folder):
        found = _at(pair, serial)
        if found is not None and (best is None or found.serial > best.state.serial):
            best = Found(found.state(), tuple(found.unfinished.values()), pair.path)
    return best


def _at(pair: Pair, serial: int | None) -> Ledger | None:
    ledger = Ledger(pair.base)
    for entry in pair.entries:
        if serial is not None and isinstance(entry, RunStarted) and entry.serial > serial:
            break
        ledger.take(entry)
    return ledger if serial is None or ledger.serial == serial else None


def known_runs(disk: Disk, folder: Folder) -> tuple[int, frozenset[str]]:
    """The highest serial that anything readable or any file's name tells of, and the ids of all runs told of."""
    serials = [0, *_serials(folder)]
    runs: set[str] = set()
    for pair in pairs(disk, folder):
        serials.append(pair.base.serial)
        runs |= pair.base.previous_writers
        for entry in pair.entries:
            if isinstance(entry, RunStarted):
                serials.append(entry.serial)
                runs.add(entry.run)
    return max(serials), frozenset(runs)


def _serials(folder: Folder) -> list[int]:
    if not folder.history.is_dir():
        return []
    matches = (_SNAPSHOT.fullmatch(path.name) for path in folder.history.iterdir())
    return [int(match[1]) for match in matches if match]
