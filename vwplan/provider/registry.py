"""How providers are found: by name, in the entry-point group `vwplan.providers`, loaded only when asked for.

Going through what is installed takes longer than a short command may, so those that come with vwplan are known here too.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from vwplan.provider.api import Provider

GROUP = "vwplan.providers"

SHIPPED = {"libvirt": "vwplan_libvirt", "simulated": "vwplan_simulated"}
"""The packages whose `provider` is the entry point of that name, in vwplan's own distribution."""


def entry_points() -> EntryPoints:
    """What is installed as a provider. Looking that up takes its time, so it is imported by whoever names a provider."""
    from importlib import metadata

    return metadata.entry_points(group=GROUP)


def is_installed(name: str) -> bool:
    """Whether there is a provider of that name."""
    return name in SHIPPED or name in names()


def names() -> tuple[str, ...]:
    """The names of all providers installed, sorted."""
    return tuple(sorted({point.name for point in entry_points()}))


@lru_cache(maxsize=16)
def find(name: str, range: Range | None = None) -> Provider:
    """The provider of that name; a diagnostic at `range` when none is installed."""
    if name in SHIPPED:
        return cast("Provider", import_module(SHIPPED[name]).provider)
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
