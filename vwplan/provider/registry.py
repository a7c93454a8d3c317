"""How providers are found: by name, in the entry-point group `vwplan.providers`, loaded only when asked for."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points
from typing import cast

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, did_you_mean
from vwplan.provider.api import Provider

GROUP = "vwplan.providers"


def names() -> tuple[str, ...]:
    """The names of all providers installed, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@lru_cache(maxsize=16)
def find(name: str, range: Range | None = None) -> Provider:
    """The provider of that name; a diagnostic at `range` when none is installed."""
    for point in entry_points(group=GROUP):
        if point.name == name:
            return cast(Provider, point.load())
    raise DiagnosticError(
        Diagnostic(
            "unknown-provider",
            "Unknown provider",
            f'No provider "{name}" is installed; there are {", ".join(names()) or "none"}.{did_you_mean(name, names())}',
            range,
        )
    )
