"""Comparing arguments: what is wanted against what is, leaf by leaf, and what was recorded against what was observed.

Only what the wanted side says is compared. A block that is left out is not, but a list of blocks or a set of labelled ones
says all of them: one that is missing is one to take away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vwplan.kinds.model import BlockType, Effect
from vwplan.plan.model import Difference
from vwplan.plan.plain import SECRET, Seal
from vwplan.plan.shapes import EMPTY, Shape, effect_of_argument
from vwplan.values import Sensitive

Plain = Any

_NAME = re.compile(r"[^\W\d][\w-]*+\Z")

_ORDER = {effect: rank for rank, effect in enumerate(Effect)}


def greatest(differences: list[Difference]) -> Effect | None:
    """The greatest effect among differences; None without any."""
    return max((d.effect for d in differences), key=_ORDER.__getitem__, default=None)


def differences(
    wanted: Mapping[str, Plain], current: Mapping[str, Plain], shape: Shape, seal: Seal
) -> list[Difference]:
    """Where what is wanted is not so yet, in the order of the wanted arguments."""
    found: list[Difference] = []
    _Comparison(seal, found).block("", wanted, current, shape)
    return found


class _Comparison:
    """One comparison under way: the seal for secrets, and what was found."""

    __slots__ = ("found", "seal")

    def __init__(self, seal: Seal, found: list[Difference]) -> None:
        self.seal = seal
        self.found = found

    def block(self, path: str, wanted: Mapping[str, Plain], current: Mapping[str, Plain], shape: Shape) -> None:
        for name, value in wanted.items():
            now = current.get(name)
            if value is now or value == now:
                continue
            nested = shape.blocks.get(name)
            under = f"{path}.{name}" if path else name
            if nested is not None:
                self.nested(under, value, now, *nested)
            elif value is not None:
                self.leaf(under, value, now, effect_of_argument(shape, name))
        for name, (block, inner) in shape.blocks.items():
            if name not in wanted and (block.repeated or block.label) and current.get(name):
                self.nested(f"{path}.{name}" if path else name, None, current[name], block, inner)

    def nested(self, path: str, wanted: Plain, current: Plain, block: BlockType, shape: Shape) -> None:
        if block.repeated:
            self.repeated(path, wanted or (), current or (), block, shape)
        elif block.label:
            self.labelled(path, wanted or {}, current or {}, block, shape)
        elif isinstance(wanted, Mapping) and isinstance(current, Mapping):
            self.block(path, wanted, current, shape)
        else:
            self.add(path, current, wanted, block.effect)

    def repeated(self, path: str, wanted: Plain, current: Plain, block: BlockType, shape: Shape) -> None:
        both = min(len(wanted), len(current))
        for index in range(both):
            self.block(f"{path}[{index}]", wanted[index], current[index], shape)
        for index in range(both, len(wanted)):
            self.add(f"{path}[{index}]", None, wanted[index], block.effect)
        for index in range(both, len(current)):
            self.add(f"{path}[{index}]", current[index], None, block.effect)

    def labelled(self, path: str, wanted: Plain, current: Plain, block: BlockType, shape: Shape) -> None:
        for label, value in wanted.items():
            now = current.get(label)
            if now is None:
                self.add(f'{path}["{label}"]', None, value, block.effect)
            elif value != now:
                self.block(f'{path}["{label}"]', value, now, shape)
        for label, now in current.items():
            if label not in wanted:
                self.add(f'{path}["{label}"]', now, None, block.effect)

    def leaf(self, path: str, wanted: Plain, current: Plain, effect: Effect) -> None:
        if isinstance(wanted, Mapping) and isinstance(current, Mapping) and SECRET not in current:
            for key in dict.fromkeys((*current, *wanted)):
                new, now = wanted.get(key), current.get(key)
                if new != now:
                    self.leaf(path + (f".{key}" if _NAME.match(key) else f'["{key}"]'), new, now, effect)
            return
        self.add(path, current, wanted, effect)

    def add(self, path: str, before: Plain, after: Plain, effect: Effect) -> None:
        if not self.same_secret(after, before):
            self.found.append(Difference(path, before, after, effect))

    def same_secret(self, wanted: Plain, recorded: Plain) -> bool:
        if isinstance(wanted, Sensitive):
            if isinstance(recorded, Mapping) and SECRET in recorded:
                return bool(recorded[SECRET] == self.seal(wanted.value))
            return bool(wanted.value == recorded)
        if isinstance(wanted, Mapping) and isinstance(recorded, Mapping):
            return wanted.keys() == recorded.keys() and all(
                wanted[key] == recorded[key] or self.same_secret(wanted[key], recorded[key]) for key in wanted
            )
        if isinstance(wanted, list) and isinstance(recorded, list):
            return len(wanted) == len(recorded) and all(
                a == b or self.same_secret(a, b) for a, b in zip(wanted, recorded, strict=True)
            )
        return False


def drifted(recorded: Mapping[str, Plain], observed: Mapping[str, Plain], shape: Shape = EMPTY) -> list[Difference]:
    """Where what was observed is not what was recorded; what either of them does not say is left out."""
    found: list[Difference] = []
    _drift("", recorded, observed, shape, found)
    return found


def _drift(path: str, recorded: Plain, observed: Plain, shape: Shape, found: list[Difference]) -> None:
    for name, now in observed.items():
        if name not in recorded or recorded[name] == now:
            continue
        was, under = recorded[name], f"{path}.{name}" if path else name
        block, inner = shape.blocks.get(name, (None, EMPTY))
        effect = block.effect if block is not None else effect_of_argument(shape, name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            if SECRET not in was:
                _drift(under, was, now, inner, found)
        elif isinstance(was, list | tuple) and isinstance(now, list | tuple) and block is not None:
            for index in range(max(len(was), len(now))):
                place = f"{under}[{index}]"
                if index >= len(was) or index >= len(now):
                    before = was[index] if index < len(was) else None
                    after = now[index] if index < len(now) else None
                    found.append(Difference(place, before, after, effect))
                else:
                    _drift(place, was[index], now[index], inner, found)
        else:
            found.append(Difference(under, was, now, effect))
