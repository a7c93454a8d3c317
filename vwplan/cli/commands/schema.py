"""`vwplan schema`: what each kind takes and tells, and each provider's block; kinds as JSON Schemas with `--json`."""

from __future__ import annotations

import json as codec
from typing import Annotated

import typer

from vwplan.cli.options import Json
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, did_you_mean


def schema(
    kind: Annotated[
        str, typer.Argument(metavar="[KIND]", help="A kind, such as workspace, or a provider, such as libvirt.")
    ] = "",
    json: Json = False,
) -> None:
    """Print the reference of a kind or of a provider's block, or list all kinds."""
    from vwplan.kinds import KINDS
    from vwplan.kinds.reference import reference, settings_reference
    from vwplan.kinds.schema import documents
    from vwplan.provider.registry import SHIPPED, find, is_installed

    terminal = Terminal.of(json=json)
    if kind and kind not in KINDS and not json and is_installed(kind):
        terminal.say(settings_reference(kind, find(kind).settings))
        return
    if kind and kind not in KINDS:
        raise DiagnosticError(
            Diagnostic(
                "unknown-kind", "Unknown kind", f'There is no kind "{kind}".{did_you_mean(kind, (*KINDS, *SHIPPED))}'
            )
        )
    if json:
        found = {name.removeprefix("kind.").removesuffix(".json"): codec.loads(text) for name, text in documents()}
        terminal.say(codec.dumps(found[kind] if kind else found, indent=2, sort_keys=True))
    elif kind:
        terminal.say(reference(KINDS[kind]))
    else:
        width = max(map(len, KINDS))
        terminal.say("\n".join(f"{name:{width}}  {one.doc.splitlines()[0]}" for name, one in KINDS.items()))
