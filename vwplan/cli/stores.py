"""Which store a stack's state is in: files beside the spec, or what the spec's `state` block says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.cli.stack import Stack
    from vwplan.state.store import Store

SPEC = (".vw.hcl", ".vw.json")


def store_of(stack: Stack) -> Store:
    """The store of a stack. A pretended world's is always in files, so that trying something out needs no server."""
    if not stack.given.simulate and names_store(stack.directory):
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


def names_store(directory: Path) -> bool:
    """Whether any spec here may choose the database: most do not, and need not be parsed to find that out."""
    try:
        paths = [path for path in directory.iterdir() if path.name.endswith(SPEC) and not path.name.startswith(".")]
        return any(b"postgres" in path.read_bytes() for path in paths)
    except OSError:
        return False
