"""`vwplan version`: which vwplan this is, and which providers it has."""

from __future__ import annotations

import json as codec
import platform
import sys

from vwplan import __version__
from vwplan.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version. With --json also Python's, and the providers installed."""
    print_version(json=json)


def print_version(*, json: bool) -> None:
    """Print it as text or as JSON."""
    if not json:
        sys.stdout.write(f"vwplan {__version__}\n")
        return
    from vwplan.provider.registry import names

    told = {"vwplan_version": __version__, "python_version": platform.python_version(), "providers": list(names())}
    sys.stdout.write(codec.dumps(told, indent=2) + "\n")
