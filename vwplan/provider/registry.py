"""How providers are found: by name, in the entry-point group `vwplan.providers`, loaded only when asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from vwplan.provider.api import Provider

GROUP = "vwplan.providers"


def entry_points() -> EntryPoints:
    """What is installed as a provider. Looking that up takes its time, so it is imported by whoever names a provider."""
    from importlib import metadata

    return metadata.entry_points(group=GROUP)


def names() -> tuple[str, ...]:
    """The names of all providers installed, sorted."""
    return tuple(sorted({point.name for point in entry_points()}))


@lru_cache(maxsize=16)
def find(name: str, range: Range | None = None) -> Provider:
    """The provider of that name; a diagnostic at `range` when none is installed."""
    for point in entry_points():
        if point.name == name:
            return cast("Provider", point.load())
    raise DiagnosticError(
        Diagnostic(
            "unknown-provider",
            "Unknown provider",
            f'No provider "{name}" is installed; there are {", ".join(names()) or "none"}.{did_you_mean(name, names())}',
            range,
        )
    )
