"""Values of variables that nothing gives, asked for at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from vwplan.cli.terminal import Terminal

if TYPE_CHECKING:
    from vwplan.spec.model import VariableBlock

Question = Callable[["VariableBlock"], str | None]
"""Asks for a variable's value and gives what was typed; None where nothing was, because the input has ended."""


def question(terminal: Terminal) -> Question | None:
    """How to ask, or None where nobody is there to answer: in a pipe, and where a machine reads."""
    if terminal.json or not (terminal.interactive and sys.stdin.isatty()):
        return None

    def ask(variable: VariableBlock) -> str | None:
        about = f"\n  {variable.description}" if variable.description else ""
        sys.stdout.write(f"var.{variable.name}{about}\n\n")
        line = _hidden() if variable.sensitive or variable.ephemeral else _shown()
        sys.stdout.write("\n")
        return line

    return ask


def _shown() -> str | None:
    sys.stdout.write("  Enter a value: ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def _hidden() -> str | None:
    from getpass import getpass

    try:
        return getpass("  Enter a value: ", stream=sys.stdout)
    except EOFError:
        return None
