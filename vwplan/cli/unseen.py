"""Hosts that could not be seen, told at the place in the spec that names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, Range

if TYPE_CHECKING:
    from vwplan.plan import Plan
    from vwplan.spec import Configuration, ProviderBlock


def unseen(plan: Plan, configuration: Configuration) -> Iterator[Diagnostic]:
    """An error for each host of which a plan knows nothing, so that nothing could be planned there."""
    from vwplan.graph.providers import pretended

    blocks = configuration.root.providers
    for host in plan.hosts:
        if host.problem:
            key = host.key.partition("/")[0]
            block = blocks.get(key) or next((one for name, one in blocks.items() if pretended(name) == key), None)
            detail = (
                f"{host.key}: {host.problem.rstrip('.')}. That it cannot be seen does not mean that anything is gone: what is "
                "recorded there stays as it is, and nothing is planned for it. Let the host answer, and plan again."
            )
            label = host.key.rpartition("/")[2]
            yield Diagnostic(
                "host-unseen", "Host cannot be seen", detail, None if block is None else _place(block, label)
            )


def _place(block: ProviderBlock, label: str) -> Range:
    """Where the spec says how to reach a host: its address if there is one, else its own block, else that of the provider."""
    own = next((each for each in block.part.blocks.get("host", ()) if each.label == label), None)
    for part in (block.part,) if own is None else (own.part, block.part):
        if "uri" in part.arguments:
            return part.arguments["uri"].value.range
    return block.range if own is None else own.range
