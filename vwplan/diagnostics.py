"""Diagnostics: problems told to users, exact in place, terse above and full below.

A room collects all its problems and reports them at its door: it returns diagnostics, or raises one
`DiagnosticError` that carries them all. Rendering is somebody else's (`vwplan.render`).
"""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterable
from dataclasses import field
from enum import Enum

from vwplan.dataclass import dataclass


class Severity(Enum):
    """How bad a problem is: an error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


_STRIDE = 1024
"""Characters between two places of a source whose offset in bytes is kept."""

_SHORT = 256
"""Characters that are counted anew each time; where a line is longer, its columns are kept."""


class Source:
    """The text of one file (or of one `--var`, or one line of the console) under the name shown to users.

    What does not decode as UTF-8 is there as `surrogateescape` makes it. Line starts and all else that places are found
    by are computed only when the first is asked for, so that parsing pays nothing for them.
    """

    __slots__ = ("_bytes", "_columns", "_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None
        self._bytes: list[int] | None = None
        self._columns: dict[int, list[int]] = {}

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column of a character offset, both from 1; a column is what a reader takes for one character."""
        line = self.line_number(offset)
        return line, self._column(line, offset)

    def line_number(self, offset: int) -> int:
        """The line of a character offset, from 1."""
        return bisect.bisect_right(self._line_starts(), offset)

    def line_start(self, number: int) -> int:
        """The character offset at which a line, numbered from 1, starts."""
        return self._line_starts()[number - 1]

    def line(self, number: int) -> str:
        """The text of a line, numbered from 1, without its line end."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return ""
        end = self.text.find("\n", starts[number - 1])
        return self.text[starts[number - 1] : len(self.text) if end < 0 else end].removesuffix("\r")

    def byte(self, offset: int) -> int:
        """The offset in bytes of UTF-8 of a character offset."""
        if self.text.isascii():
            return min(offset, len(self.text))
        if self._bytes is None:
            self._bytes = [0]
            for start in range(0, len(self.text), _STRIDE):
                self._bytes.append(self._bytes[-1] + byte_count(self.text[start : start + _STRIDE]))
        offset = min(offset, len(self.text))
        at = offset // _STRIDE
        return self._bytes[at] + byte_count(self.text[at * _STRIDE : offset])

    def _column(self, line: int, offset: int) -> int:
        start = self._line_starts()[line - 1]
        if self.text.isascii():
            return offset - start + 1
        if offset - start <= _SHORT:
            return bisect.bisect_right(_cluster_ends(self.text[start:offset]), offset - start) + 1
        found = self._columns.get(line)
        if found is None:
            found = self._columns[line] = _cluster_ends(self.line(line))
        return bisect.bisect_right(found, offset - start) + 1

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts = [0]
            at = self.text.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.text.find("\n", at + 1)
            self._starts = starts
        return self._starts

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


def byte_count(text: str) -> int:
    """How many bytes a text of a source has in its file."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # half of a pair that JSON has escaped
        return len(text.encode("utf-8", "surrogatepass"))


def readable(text: str) -> str:
    """A text of a source with a replacement character for each byte that is no UTF-8."""
    return text if text.isascii() else re.sub(_UNREADABLE, "\ufffd", text)


_UNREADABLE = "[\ud800-\udfff]"

_TOKENS = re.compile(r'(?<=["}])|(?=")|(?=[$%]\{)')
"""Where a new token begins, whatever the letters on both sides are joined to."""


def _cluster_ends(line: str) -> list[int]:
    """Where each column of a line ends. What opens or closes a string is one for itself."""
    from vwplan.values.text import clusters

    ends: list[int] = []
    end = 0
    for piece in _TOKENS.split(readable(line)):
        for cluster in clusters(piece):
            end += len(cluster)
            ends.append(end)
    return ends


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of a source, as character offsets: `start` inclusive, `end` exclusive."""

    source: Source
    start: int
    end: int

    @property
    def file(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def line(self) -> int:
        """The line of the start, from 1."""
        return self.source.line_number(self.start)

    @property
    def column(self) -> int:
        """The column of the start, from 1."""
        return self.source.position(self.start)[1]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: what, where, why, and what to do.

    `code` is stable (kebab-case, such as `unknown-argument`) and meant for machines. `summary` is terse and
    names nothing of the user's; `detail` says what is wrong with which thing and what to do about it. `subject` is the
    exact place, `context` a wider one that holds it. `values` are the variables used there, each with its value
    as shown (sensitive ones already masked). `address` is the resource concerned, where there is one.
    """

    code: str
    summary: str
    detail: str = ""
    subject: Range | None = None
    context: Range | None = None
    values: tuple[tuple[str, str], ...] = ()
    address: str = ""
    severity: Severity = Severity.ERROR


class DiagnosticError(Exception):
    """What a room raises when it cannot go on: one or more diagnostics, errors among them."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("; ".join(f"{d.subject or '-'}: {d.summary}: {d.detail}" for d in self.diagnostics))


@dataclass(slots=True)
class Problems:
    """A collector of diagnostics: each problem once, in the order found."""

    found: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic unless the very same was kept before."""
        at = diagnostic.subject
        key = (diagnostic.code, diagnostic.detail, diagnostic.address, at and (at.file, at.start, at.end))
        if key not in self._seen:
            self._seen.add(key)
            self.found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def errors(self) -> bool:
        """Whether anything found is an error."""
        return any(d.severity is Severity.ERROR for d in self.found)

    def raise_errors(self) -> None:
        """Raise all that was found, if there is an error among it."""
        if self.errors:
            raise DiagnosticError(self.found)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A sentence that names the nearest candidate, with a leading space; empty when none is near."""
    near = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.7)
    return f' Did you mean "{near[0]}"?' if near else ""
