"""A disk on which the files of a state lie under a cover, and everything else as it is."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from vwplan.diagnostics import DiagnosticError
from vwplan.regular import open_regular
from vwplan.state.cover import JOURNAL, PLAN, SEALED, STATE, About, Cover, Pages
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.journal import read_header
from vwplan.state.problems import sealed_later

_KINDS = (
    (re.compile(r"snapshot(\.\d+)?"), STATE),
    (re.compile(r"(journal|rescue)\..*\.jsonl"), JOURNAL),
    (re.compile(r"plan\..*\.json"), PLAN),
)
_SNAPSHOT = re.compile(rb'"lineage": "([^"\n]*)",\n"serial": (\d{1,15})')
_PLAN = re.compile(rb'"lineage":"([^"\n]*)","state_serial":(\d{1,15}),"stack":"([^"\n]*)"')
_NUMBER = re.compile(rb'\{"seq":(\d{1,15})')
_HEAD = 4096
"""How many bytes at the start of a file tell how it is covered, and what it is of."""

_PASSED_OVER = frozenset({"state-encrypted", "encryption-key-wrong", "not-encrypted"})
"""Problems with which a file in the history counts as damaged, and is no obstacle to the others."""


class CoveredDisk(Disk):
    """A disk that wraps what is written of a state and unwraps what is read. What is to be known of each file its name tells.

    A file that was altered is given as it lies there: it then is no state, as whoever reads it finds. `DiagnosticError` where its key is
    missing or another, or where it is in the clear and should not be.
    """

    def __init__(self, cover: Cover) -> None:
        self._cover = cover
        self._pages: dict[int, Pages] = {}

    def read(self, path: Path) -> bytes:
        """The whole content of a file, without its cover."""
        text = super().read(path)
        what = what_of(path)
        if what is None:
            return text
        try:
            if what is JOURNAL:
                return self._cover.uncover(text, str(path)).text
            return self._cover.unwrap(text, what, str(path))
        except Damaged:
            return text
        except NewerFormat as later:
            raise sealed_later(str(path), later.format) from later
        except DiagnosticError as problem:
            if path.parent.name == "history" and problem.diagnostics[0].code in _PASSED_OVER:
                return b""
            raise

    def replace(self, path: Path, content: bytes) -> None:
        """Put a file in place, under the cover."""
        super().replace(path, self.covered(path, content))

    def covered(self, path: Path, content: bytes) -> bytes:
        """A content as it is to lie in a file of that name."""
        what = what_of(path)
        if what is None or content.startswith(SEALED):
            return content
        if what is not JOURNAL:
            return self._cover.wrap(content, about(what, content))
        end = content.find(b"\n") + 1
        pages = self._cover.begin(content[:end], about(what, content))
        return pages.first + (pages.batch(content[end:], _number(content[end:])) if len(content) > end else b"")

    def cover_all(self, *folders: Path) -> None:
        """Put every file that lies under another cover under this one. What cannot be read stays as it is."""
        for path in [path for folder in folders if folder.is_dir() for path in folder.iterdir()]:
            if what_of(path) is None or self._is_covered(path):
                continue
            with contextlib.suppress(FileNotFoundError):
                text = self.read(path)
                if text and not text.startswith(SEALED):
                    self.replace(path, text)

    def open_append(self, path: Path) -> int:
        """A descriptor that writes at the end of an existing file; what is written to a journal goes under its cover."""
        descriptor = super().open_append(path)
        try:
            if what_of(path) is JOURNAL:
                with os.fdopen(open_regular(path), "rb") as opened:
                    self._pages[descriptor] = self._cover.uncover(opened.readline(), str(path)).pages
        except Damaged as problem:
            self.close(descriptor)
            raise OSError(str(problem)) from problem
        except BaseException:
            self.close(descriptor)
            raise
        return descriptor

    def write(self, descriptor: int, content: bytes) -> None:
        """Write all of a content."""
        pages = self._pages.get(descriptor)
        super().write(descriptor, content if pages is None else pages.batch(content, _number(content)))

    def close(self, descriptor: int) -> None:
        """Let go of a descriptor."""
        self._pages.pop(descriptor, None)
        super().close(descriptor)

    def _is_covered(self, path: Path) -> bool:
        try:
            with os.fdopen(open_regular(path), "rb") as opened:
                return self._cover.covers(opened.read(_HEAD), str(path))
        except (OSError, Damaged, NewerFormat, DiagnosticError):
            return True


def what_of(path: Path) -> str | None:
    """What a file of a state's folder holds, by its name; None for what is never covered."""
    return next((what for pattern, what in _KINDS if pattern.fullmatch(path.name)), None)


def about(what: str, text: bytes) -> About:
    """What a text says that it is of; of one that is damaged, nothing."""
    if what is JOURNAL:
        with contextlib.suppress(Damaged, NewerFormat):
            header = read_header(text)
            return About(what, header.lineage, header.base)
        return About(what, "", 0)
    found = (_SNAPSHOT if what is STATE else _PLAN).search(text, 0, _HEAD)
    if found is None:
        return About(what, "", 0)
    return About(what, found[1].decode(), int(found[2]), found[3].decode() if what is PLAN else "")


def _number(text: bytes) -> int:
    found = _NUMBER.match(text)
    return int(found[1]) if found else 0
