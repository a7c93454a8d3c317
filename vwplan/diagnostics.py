"""Diagnostics: problems told to users, exact in place, terse above and full below.

A room collects all its problems and reports them at its door: it returns diagnostics, or raises one
`DiagnosticError` that carries them all. Rendering is somebody else's (`vwplan.render`).
"""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable
from dataclasses import field
from enum import Enum

from vwplan.dataclass import dataclass


class Severity(Enum):
    """How bad a problem is: an error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Source:
    """The text of one file (or of one `--var`, or one line of the console) under the name shown to users.

    Line starts are found only when the first position is asked for, so that parsing pays nothing for them.
    """

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of a character offset."""
        starts = self._line_starts()
        line = bisect.bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, numbered from 1, without its line end."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return ""
        end = self.text.find("\n", starts[number - 1])
        return self.text[starts[number - 1] : len(self.text) if end < 0 else end].rstrip("\r")

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
        return self.source.position(self.start)[0]

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
