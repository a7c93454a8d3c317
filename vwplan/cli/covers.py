"""How a folder's state and plans lie on the disk: in the clear, or sealed as the spec's `encryption` block says."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.stores import mentions

if TYPE_CHECKING:
    from vwplan.cli.stack import Stack
    from vwplan.state.cover import Cover
    from vwplan.state.encryption import Source


def cover_of(stack: Stack) -> Cover:
    """The cover of a stack's files. No key is read, and nothing asked, until there is something to open or to seal."""
    from vwplan.state.cover import CLEAR

    if not mentions(stack.directory, b"encryption"):
        return CLEAR
    encryption = stack.configuration.settings.encryption
    if encryption is None:
        return CLEAR
    from vwplan.state.encryption import Sealed

    placed = replace(
        encryption,
        key=_placed(encryption.key, stack.directory),
        fallback=_placed(encryption.fallback, stack.directory),
    )
    return Sealed(placed, os.environ, _ask)


def _placed(source: Source | None, directory: Path) -> Source | None:
    from vwplan.state.encryption import KeyFile

    if not isinstance(source, KeyFile):
        return source
    # A home that nobody knows stays as it is written, and the file is told as not there.
    return KeyFile(directory / os.path.expanduser(source.path))  # noqa: PTH111


def _ask(words: str) -> str | None:
    """A passphrase typed at the terminal, not shown; None where there is none."""
    import getpass

    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"{words}: ", sys.stderr)
    except EOFError:
        return None
