"""What `data "stack"` reads: the outputs of another stack as last applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.stack import Given, Stack

if TYPE_CHECKING:
    from vwplan.graph import StackReader
    from vwplan.state import OutputValue


def reader_of(stack: Stack) -> StackReader:
    """Reads the outputs of another stack, from where its own spec keeps its state.

    A pretended stack reads the pretended one of that name, where there is one, else the real one.
    """

    def read(name: str, folder: str) -> Mapping[str, OutputValue] | None:
        pretending = (True, False) if stack.given.simulate else (False,)
        for simulate in pretending:
            stored = Stack(Given(name, simulate), Path(folder) if folder else stack.directory).stored
            if stored is not None:
                return stored.state.outputs
        return None

    return read
