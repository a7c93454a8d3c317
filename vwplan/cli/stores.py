"""Which store a stack's state is in: files beside the spec, or what the spec's `state` block says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.regular import read_regular

if TYPE_CHECKING:
    from vwplan.cli.stack import Stack
    from vwplan.state.store import Store

SPEC = (".vw.hcl", ".vw.json")


def store_of(stack: Stack) -> Store:
    """The store of a stack. A pretended world's is always in files, so that trying something out needs no server."""
    if not stack.given.simulate and mentions(stack.directory, b"postgres"):
        settings = stack.configuration.settings
        if settings.state == "postgres":
            return shared_store(stack, str(settings.state_arguments["conninfo"]))
    return local_store(stack)


def local_store(stack: Stack) -> Store:
    """The state in files; refused where it is known to be in a database."""
    if (stack.root / "known.postgres" / stack.name).exists():
        raise DiagnosticError(
            Diagnostic(
                "state-elsewhere",
                "The state is in another store",
                f'The stack "{stack.name}" has its state in PostgreSQL, but the spec has no state "postgres" block any more. '
                "Put the block back; or bring the state over with `vwplan state migrate --to=local` while it is there, and "
                "take it out then.",
            )
        )
    return stack.files_store()


def shared_store(stack: Stack, conninfo: str) -> Store:
    """The state in a PostgreSQL database."""
    from vwplan.state.postgres import open_store

    return open_store(conninfo, stack.root, stack.name, cover=stack.cover)


def mentions(directory: Path, word: bytes) -> bool:
    """Whether any spec here has a word, or cannot be read: most have not, and need not be parsed to find that out."""
    try:
        names = [name for name in os.listdir(directory) if name.endswith(SPEC) and not name.startswith(".")]  # noqa: PTH208
    except OSError:
        return False
    try:
        return any(word in read_regular(directory / name) for name in names)
    except OSError:
        return True  # Whoever loads the spec then tells what is wrong with it.
