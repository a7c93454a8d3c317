"""Writes generated configuration as HCL: blocks and values in, canonical text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.format import format_text
from vwplan.hcl.lexer import is_name, scan
from vwplan.hcl.parser import parse_expression
from vwplan.hcl.quoting import quoted
from vwplan.values.numbers import number_text, rounded


class Raw(NamedTuple):
    """An expression written as it is, such as a reference: `Raw("workspace.login")`."""

    text: str


Written = str | int | Fraction | bool | None | Raw | Sequence["Written"] | Mapping[str, "Written"]
"""A value to write: plain data, with `Raw` where an expression stands."""


class WrittenBlock(NamedTuple):
    """A block to write: its arguments in order, then the blocks inside it."""

    kind: str
    labels: tuple[str, ...]
    arguments: Mapping[str, Written]
    blocks: tuple[WrittenBlock, ...] = ()


def write_blocks(blocks: Iterable[WrittenBlock]) -> str:
    """The text of a file that holds the blocks, in canonical layout with an empty line between any two.

    A `Raw` that is no expression is a `DiagnosticError`.
    """
    return "\n".join([_text(block) for block in blocks])


_STAND_IN = "raw-expression-"


def _text(block: WrittenBlock) -> str:
    import hcl2  # slow to load, and needed only here

    # The library reads expressions before it writes them, and some of them wrongly: it gets names that stand for them.
    raws: list[str] = []
    spaced: str = hcl2.dumps({"__is_block__": True, block.kind: [_built(block, raws)]})
    written = "\n".join([line for line in spaced.split("\n") if line.strip()]) + "\n"
    parts: list[str] = []
    at = 0
    for token in scan(written):
        if token.kind == "name" and written.startswith(_STAND_IN, token.start):
            number = int(written[token.start + len(_STAND_IN) : token.end])
            parts += (written[at : token.start], raws[number])
            at = token.end
    return format_text("".join([*parts, written[at:]]), "<generated>")


def _built(block: WrittenBlock, raws: list[str]) -> dict[str, object]:
    """A block in the library's form: its body within one mapping for each label."""
    built: dict[str, object] = {"__is_block__": True}
    for name, value in block.arguments.items():
        built[name] = _value(value, raws)
    inner: dict[str, list[object]] = {}
    for nested in block.blocks:
        inner.setdefault(nested.kind, []).append(_built(nested, raws))
    built.update(inner)
    for label in reversed(block.labels):
        built = {quoted(label): built}
    return built


def _value(value: Written, raws: list[str]) -> object:
    """A value in the library's form: strings quoted already, expressions by their stand-ins."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Raw | int | Fraction):
        text = value.text.strip() if isinstance(value, Raw) else number_text(rounded(value))
        _, problems = parse_expression(Source("<generated>", text))
        if problems:
            raise DiagnosticError(problems)
        raws.append(text)
        return f"${{{_STAND_IN}{len(raws) - 1}}}"
    if isinstance(value, Mapping):
        return {_key(key): _value(each, raws) for key, each in value.items()}
    return [_value(each, raws) for each in value]


def _key(key: str) -> str:
    """An object's key: bare where that is a name and means no more than that."""
    return key if is_name(key) and key != "for" and not key.startswith(_STAND_IN) else quoted(key)
