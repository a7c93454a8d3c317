"""What is wrong with a text that should be a state or a journal; stores turn it into diagnostics."""

from __future__ import annotations


class Damaged(ValueError):
    """A snapshot, journal or memory that is not as it was written: cut, altered, or not one at all."""


class NewerFormat(ValueError):
    """It was written by a later vwplan, in a format that this one does not know."""

    def __init__(self, format: int) -> None:
        self.format = format
        super().__init__(f"format {format}")


class Belongs(ValueError):
    """It is whole, but belongs to another snapshot or lineage."""
