"""Values as text of the language: quoted strings, lists, maps; what is late and what is secret in brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from vwplan.kinds import duration_text, size_text
from vwplan.kinds.model import Argument, Unit
from vwplan.plan.plain import SECRET, is_late
from vwplan.render.theme import harmless
from vwplan.values import Sensitive, number_text

Plain = Any

LATE = "(known after apply)"
HIDDEN = "(sensitive value)"

_NAME = re.compile(r"[^\W\d][\w-]*+\Z")


def value_text(value: Plain, indent: int = 0, argument: Argument | None = None) -> str:
    """A value; of more than one line where it holds others, with later lines indented by `indent` spaces."""
    kind = value.__class__
    if kind is str:
        return string_text(value, indent)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        if argument is not None and argument.unit is not None:
            return f'"{size_text(value) if argument.unit is Unit.SIZE else duration_text(value)}"'
        return str(value)
    if isinstance(value, Sensitive) or (isinstance(value, Mapping) and len(value) == 1 and SECRET in value):
        return HIDDEN
    if is_late(value):
        return LATE
    if isinstance(value, int | Fraction):
        return number_text(value)
    if isinstance(value, Mapping):
        return _map_text(value, indent)
    if isinstance(value, list | tuple):
        return _list_text(value, indent)
    return harmless(str(value))


def string_text(text: str, indent: int) -> str:
    """A string in quotes; one of several lines as a heredoc."""
    if "\n" in text.rstrip("\n"):
        pad = " " * (indent + 2)
        lines = [pad + harmless(line) if line else "" for line in text.rstrip("\n").split("\n")]
        return "\n".join(["<<-EOT", *lines, f"{' ' * indent}EOT"])
    quoted = _quoted(text) if text.isprintable() else _escaped(text)
    return quoted.replace("${", "$${").replace("%{", "%%{") if "{" in quoted else quoted


_quoted = json.JSONEncoder(ensure_ascii=False).encode
_escaped = json.JSONEncoder().encode


def counted(count: int, noun: str) -> str:
    """A number of things: `1 step`, `2 steps`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@lru_cache(maxsize=1024)
def name_text(name: str) -> str:
    """A key of a map as the language writes it."""
    return name if _NAME.match(name) else _quoted(name)


def _map_text(value: Mapping[str, Plain], indent: int) -> str:
    if not value:
        return "{}"
    names = {name: name_text(name) for name in value}
    widest = max(map(len, names.values()))
    pad = " " * (indent + 2)
    lines = [f"{pad}{names[name]:{widest}} = {value_text(item, indent + 2)}" for name, item in value.items()]
    return "\n".join(["{", *lines, " " * indent + "}"])


def _list_text(value: list[Plain] | tuple[Plain, ...], indent: int) -> str:
    if not value:
        return "[]"
    pad = " " * (indent + 2)
    lines = [f"{pad}{value_text(item, indent + 2)}," for item in value]
    return "\n".join(["[", *lines, " " * indent + "]"])
