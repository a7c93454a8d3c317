"""Covers: how texts lie on the disk, in the clear or sealed (`vwplan.state.encryption`).

What a file says is the same under any cover; a store wraps a text when it writes and unwraps it when it reads. Each file tells by
itself how it is covered, so that those of one stack may differ while they are being changed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError

SEALED = b'{"vwplan_sealed":'
"""What every sealed file begins with, and no clear one."""

STATE, JOURNAL, PLAN = "state", "journal", "plan"
"""What a file can hold. Rescued entries are a journal."""


@dataclass(frozen=True, slots=True)
class About:
    """What a text is of: which sort, of which lineage, at which serial (of a journal: that of its base), of which stack."""

    what: str
    lineage: str
    serial: int
    stack: str = ""


class Pages(Protocol):
    """A journal's file as it grows."""

    @property
    def first(self) -> bytes:
        """Its first line."""
        ...

    def batch(self, text: bytes, number: int) -> bytes:
        """What is added to the file for a batch of lines, of which the first has that number."""
        ...


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A journal's text without its cover, a line that is none in the place of each that cannot be read; how more is added."""

    text: bytes
    pages: Pages


class Cover(Protocol):
    """One way in which texts lie on the disk. `name` is the file's, for problems.

    Unwrapping raises `Damaged` or `NewerFormat` for what is not as it was written, and `DiagnosticError` where there is no
    key for it, or where what is in the clear is not to be taken.
    """

    def wrap(self, text: bytes, about: About) -> bytes:
        """A text as it is to lie on the disk."""
        ...

    def unwrap(self, text: bytes, what: str, name: str) -> bytes:
        """The text that `wrap` was given."""
        ...

    def begin(self, first: bytes, about: About) -> Pages:
        """A new journal that begins with that line."""
        ...

    def uncover(self, text: bytes, name: str) -> Uncovered:
        """A journal's file."""
        ...

    def covers(self, head: bytes, name: str) -> bool:
        """Whether a file that begins so is covered as this would cover it."""
        ...

    def rows(self) -> RowCover:
        """The same for what lies as rows in a database."""
        ...


class RowCover(Protocol):
    """One way in which rows lie in a database, each a JSON value. `place` says in ASCII which row it is, of what, in which version."""

    def wrap(self, text: str, place: str) -> str:
        """A row's JSON text, in ASCII, as it is to lie in the database."""
        ...

    def unwrap(self, body: Any, place: str, name: str) -> Any:
        """The value that `wrap` was given the text of. Raises what `Cover.unwrap` raises."""
        ...

    def covers(self, key: Mapping[str, Any] | None, name: str) -> bool:
        """Whether what is sealed with that key (None: what is in the clear) lies as this would put it."""
        ...


@dataclass(frozen=True, slots=True)
class ClearPages:
    """A journal in the clear."""

    first: bytes = b""

    def batch(self, text: bytes, number: int) -> bytes:
        """The text itself."""
        return text


class Clear:
    """No cover: everybody who may read the file can read the text."""

    def wrap(self, text: bytes, about: About) -> bytes:
        """The text itself."""
        return text

    def unwrap(self, text: bytes, what: str, name: str) -> bytes:
        """The text itself; a diagnostic if it is sealed."""
        if text.startswith(SEALED):
            raise _sealed(name)
        return text

    def begin(self, first: bytes, about: About) -> Pages:
        """A journal in the clear."""
        return ClearPages(first)

    def uncover(self, text: bytes, name: str) -> Uncovered:
        """The text itself; a diagnostic if it is sealed."""
        return Uncovered(self.unwrap(text, JOURNAL, name), ClearPages())

    def covers(self, head: bytes, name: str) -> bool:
        """Whether it is in the clear."""
        return not head.startswith(SEALED)

    def rows(self) -> ClearRows:
        """Rows in the clear."""
        return ClearRows()


class ClearRows:
    """No cover."""

    def wrap(self, text: str, place: str) -> str:
        """The text itself."""
        return text

    def unwrap(self, body: Any, place: str, name: str) -> Any:
        """The value itself; a diagnostic if it is sealed."""
        if isinstance(body, dict) and "vwplan_sealed" in body:
            raise _sealed(name)
        return body

    def covers(self, key: Mapping[str, Any] | None, name: str) -> bool:
        """Whether it is in the clear."""
        return key is None


CLEAR = Clear()


def _sealed(name: str) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "state-encrypted",
            "It is encrypted",
            f"{name} is encrypted, and the spec in this folder does not say where its key is: its vwplan block needs the "
            f"encryption block with which it was written. Nothing was changed.",
        )
    )
