"""The names that may be written at the console, for completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vwplan.hcl.evaluation.calls import SPECIAL
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.values.types import ObjectType, Type

if TYPE_CHECKING:
    from vwplan.spec import Configuration, Module

_DEEPEST = 4
"""How many attributes behind a name are offered."""


def names(configuration: Configuration | None) -> list[str]:
    """Functions, followed by a bracket, and with a spec the root module's values and resources with their attributes; sorted."""
    found = {f"{name}(" for name in (*FUNCTIONS, *SPECIAL)}
    found.update(("path.cwd", "path.module", "path.root", "vwplan.stack"))
    if configuration is not None:
        found.update(_of_module(configuration.root))
    return sorted(found)


def _of_module(module: Module) -> Iterator[str]:
    for name, variable in module.variables.items():
        yield from _dotted(f"var.{name}", variable.type)
    for name in module.locals:
        yield f"local.{name}"
    for name, call in module.calls.items():
        yield f"module.{name}"
        for output in call.module.outputs:
            yield f"module.{name}.{output}"
    for block in module.resources.values():
        if block.members:
            yield from (block.key, f"{block.key}.roster")
            for member in block.members:
                step = "head" if member.role == "head" else f"workers.{member.role}"
                yield from _of_kind(f"{block.key}.{step}", "workspace")
        else:
            yield from _of_kind(block.key, block.kind.name)


def _of_kind(name: str, kind: str) -> Iterator[str]:
    from vwplan.graph.objects import instance_type

    return _dotted(name, instance_type(kind))


def _dotted(name: str, type: Type) -> Iterator[str]:
    """A name, and those of the attributes of what it stands for."""
    yield name
    if isinstance(type, ObjectType) and name.count(".") <= _DEEPEST:
        for attribute, inner in type.attributes.items():
            yield from _dotted(f"{name}.{attribute}", inner)
