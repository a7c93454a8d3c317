"""Addresses: names of resources in vwplan, such as `module.lab["a"].cluster.physics.workers.compute[2]`.

Written form and parsed form are one to one: `Address.parse(str(a)) == a`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import lru_cache

from vwplan.dataclass import dataclass

Key = int | str | None
"""An instance key: a whole number under `count`, a string under `for_each`, nothing without either."""


def key_text(key: Key) -> str:
    """A key as written behind a name: `[0]`, `["a"]` or nothing."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    return f"[{json.dumps(key, ensure_ascii=False)}]"


@dataclass(frozen=True, slots=True)
class ModuleStep:
    """One call on the way from the root module: the call's name and instance key."""

    name: str
    key: Key = None

    def __str__(self) -> str:
        return f"module.{self.name}{key_text(self.key)}"


ModulePath = tuple[ModuleStep, ...]
"""The way to a module instance; empty for the root."""


@dataclass(frozen=True, slots=True)
class Address:
    """The name of one resource instance.

    `kind` and `name` are the block's, `key` its instance key. A member of a cluster has a `role`: `head`, or the
    label of its `workers` block, and for workers `member`, the key within the role (a role without count or
    for_each is a list of one, so its only member is 0). `mode` is `data` for a data source, else empty.
    """

    kind: str
    name: str
    key: Key = None
    role: str = ""
    member: Key = None
    module: ModulePath = ()
    mode: str = ""

    def __str__(self) -> str:
        text = f"{self.kind}.{self.name}{key_text(self.key)}"
        if self.mode:
            text = f"{self.mode}.{text}"
        if self.role == "head":
            text += ".head"
        elif self.role:
            text += f".workers.{self.role}{key_text(self.member)}"
        for step in reversed(self.module):
            text = f"{step}.{text}"
        return text

    @property
    def block(self) -> Address:
        """The address without keys, of the block that declares it (module keys kept)."""
        return replace(self, key=None, member=None)

    @property
    def cluster(self) -> Address:
        """The enclosing cluster instance of a member; the address itself for anything else."""
        return replace(self, role="", member=None) if self.role else self

    @staticmethod
    def parse(text: str) -> Address:
        """The address written as `text`; `ValueError` says what is wrong with it."""
        return _parse(text)


_NAME = re.compile(r"[^\W\d][\w-]*+")
_INDEX = re.compile(r'\[(?:(\d++)|("(?>(?:[^"\\]|\\.)*)"))\]')


@lru_cache(maxsize=65536)
def _parse(text: str) -> Address:
    steps: list[tuple[str, Key]] = []
    at = 0
    while at < len(text):
        if steps:
            if text[at] != ".":
                raise ValueError(f"expected a dot at character {at + 1} of {text!r}")
            at += 1
        name = _NAME.match(text, at)
        if name is None:
            raise ValueError(f"expected a name at character {at + 1} of {text!r}")
        at = name.end()
        key: Key = None
        index = _INDEX.match(text, at)
        if index is not None:
            at = index.end()
            key = int(index[1]) if index[1] is not None else json.loads(index[2])
        steps.append((name[0], key))
    return _assemble(text, steps)


def _assemble(text: str, steps: list[tuple[str, Key]]) -> Address:
    module: list[ModuleStep] = []
    while len(steps) >= 2 and steps[0] == ("module", None):
        module.append(ModuleStep(*steps[1]))
        steps = steps[2:]
    mode = ""
    if len(steps) == 3 and steps[0] == ("data", None):
        mode, steps = "data", steps[1:]
    if len(steps) < 2 or steps[0][1] is not None:
        raise ValueError(f"{text!r} is not an address: expected KIND.NAME")
    kind, (name, key), rest = steps[0][0], steps[1], steps[2:]
    role, member = "", None
    if rest:
        if rest == [("head", None)] and kind == "cluster":
            role = "head"
        elif len(rest) == 2 and rest[0] == ("workers", None) and kind == "cluster":
            role, member = rest[1]
        else:
            raise ValueError(f"{text!r} is not an address: nothing may follow KIND.NAME but a cluster's member")
    return Address(kind, name, key, role, member, tuple(module), mode)
