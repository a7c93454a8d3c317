"""All kinds by name, and the way from a dotted path to what is declared there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from vwplan.kinds.cluster import CLUSTER
from vwplan.kinds.environment import ENVIRONMENT
from vwplan.kinds.image import IMAGE
from vwplan.kinds.model import Argument, BlockType, Effect, Kind
from vwplan.kinds.network import NETWORK
from vwplan.kinds.volume import VOLUME
from vwplan.kinds.workspace import WORKSPACE

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (IMAGE, NETWORK, VOLUME, ENVIRONMENT, WORKSPACE, CLUSTER)}
)
"""The kinds that a spec may declare, by name."""

LATER_KINDS: Mapping[str, str] = MappingProxyType({"job": "A job: what is run once its workspaces are ready"})
"""Kinds of the language that are not there in this version, each with what it is."""

_STEP = r'\.?([^.\[\]"]++)|\[(?:(\d++)|"((?>(?:[^"\\]|\\.)*))")\]'


def argument_of(kind: str, path: str) -> Argument | None:
    """The argument that a path such as `resources.memory`, `nic[0].address` or `user["bob"].shell` leads to or into.

    None when it leads to a block, or nowhere.
    """
    found = _find(kind, path)
    return found if isinstance(found, Argument) else None


def block_of(kind: str, path: str) -> BlockType | None:
    """The block that a path leads to; None when it leads to an argument, or nowhere."""
    found = _find(kind, path)
    return found if isinstance(found, BlockType) else None


def effect_of(kind: str, path: str) -> Effect:
    """What editing at a path costs: the argument's effect, or the block's where it leads to one as a whole.

    `KeyError` when nothing of that path is declared.
    """
    found = _find(kind, path)
    if found is None:
        raise KeyError(f"{kind} has no {path}")
    return found.effect


@lru_cache(maxsize=4096)
def _find(kind: str, path: str) -> Argument | BlockType | None:
    at: Kind | BlockType = KINDS[kind]
    steps = list(re.finditer(_STEP, path))
    index = 0
    while index < len(steps):
        name = steps[index][1] or ""
        for argument in at.arguments:
            if argument.name == name:
                return argument
        block = next((block for block in at.blocks if block.name == name), None)
        if block is None:
            return None
        at = block
        index += 1
        # An index or label behind the name; the index of a repeated block may be left out.
        if index < len(steps) and (block.label or (block.repeated and (steps[index][1] or "0").isdigit())):
            index += 1
    return at if isinstance(at, BlockType) else None
