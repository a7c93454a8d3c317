"""`vwplan init`: for those, and for scripts, that begin with it. Nothing has to be made ready."""

from __future__ import annotations

from typing import Annotated

import typer

from vwplan.cli.options import NoColor
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal

_Needless = Annotated[bool, typer.Option(hidden=True)]


def init(
    upgrade: _Needless = False,
    reconfigure: _Needless = False,
    backend: _Needless = True,
    get: _Needless = True,
    no_color: NoColor = False,
) -> None:
    """Make nothing ready, for nothing has to be, but check the spec. For scripts that begin with it."""
    terminal = Terminal.of(no_color)
    configuration = Stack(Given()).configuration
    terminal.diagnose(configuration.warnings)
    terminal.say("The spec can be used, and nothing has to be made ready for it. Next: vwplan plan")
