"""The `encryption` block of the settings: where the key comes from, another one to read with, and whether clear text is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.syntax import Block
from vwplan.spec import mistakes
from vwplan.spec.constants import constant_flag, constant_text, constant_texts
from vwplan.spec.draft import Draft
from vwplan.spec.shapes import TOP_SHAPES, Shape

if TYPE_CHECKING:
    from vwplan.state.encryption import Encryption
    from vwplan.state.encryption import Source as KeySource

FALLBACK = "fallback"


def decode_encryption(draft: Draft, block: Block, source: Source) -> Encryption | None:
    """What an `encryption` block says; None where it cannot be taken, which has been told then."""
    from vwplan.state.encryption import Encryption

    shape = Shape(TOP_SHAPES["vwplan"].blocks["encryption"])
    before = len(draft.problems.found)
    _look_at(draft, block, shape, source)
    fallbacks = [inner for inner in block.body.blocks if inner.kind == FALLBACK]
    fallback = None
    for inner in fallbacks[:1]:
        within = Shape(shape.blocks[FALLBACK])
        _look_at(draft, inner, within, source)
        fallback = _key(draft, inner, within, source, wanted=True)
    key = _key(draft, block, shape, source, wanted=not fallbacks)
    enforced = constant_flag(draft, block.body.attributes.get("enforced"), source, False)
    if enforced and key is None and fallbacks:
        detail = "enforced = true lets nothing be written in the clear, and there is no key to write with beside the fallback."
        draft.add(Diagnostic("no-key", "No key to write with", detail, mistakes.header(block, source)))
    return Encryption(key, fallback, enforced) if len(draft.problems.found) == before else None


def _look_at(draft: Draft, block: Block, shape: Shape, source: Source) -> None:
    """Tell of arguments and blocks that are not its own, and of those that are there twice."""
    if block.labels:
        draft.add(mistakes.wrong_labels(block, "", source))
    for attribute in block.body.attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    seen: dict[str, Range] = {}
    for inner in block.body.blocks:
        where = mistakes.header(inner, source)
        if inner.kind not in shape.blocks:
            draft.add(mistakes.unknown_block(shape, inner, source))
        elif inner.kind in seen:
            draft.add(mistakes.duplicate(f"The {inner.kind} block", where, seen[inner.kind]))
        seen.setdefault(inner.kind, where)


def _key(draft: Draft, block: Block, shape: Shape, source: Source, *, wanted: bool) -> KeySource | None:
    found = [inner for inner in block.body.blocks if inner.kind in _READERS]
    if len(found) > 1 or (wanted and not found):
        detail = "It takes one key: passphrase {}, key_file { path = … } or program { command = [ … ] }."
        draft.add(Diagnostic("one-key", "Not one key", detail, mistakes.header(block, source)))
        return None
    if not found:
        return None
    inner = found[0]
    _look_at(draft, inner, Shape(shape.blocks[inner.kind]), source)
    return _READERS[inner.kind](draft, inner, source)


def _passphrase(draft: Draft, block: Block, source: Source) -> KeySource | None:
    from vwplan.state.encryption import Passphrase

    variable = constant_text(draft, block.body.attributes.get("variable"), source)
    return Passphrase(variable) if variable else Passphrase()


def _key_file(draft: Draft, block: Block, source: Source) -> KeySource | None:
    from vwplan.state.encryption import KeyFile

    path = constant_text(draft, block.body.attributes.get("path"), source)
    if not path:
        draft.add(_missing(block, "path", source))
        return None
    return KeyFile(Path(path))


def _program(draft: Draft, block: Block, source: Source) -> KeySource | None:
    from vwplan.state.encryption import Program

    command = constant_texts(draft, block.body.attributes.get("command"), source)
    if not command or not command[0]:
        draft.add(_missing(block, "command", source))
        return None
    return Program(command)


_READERS = {"passphrase": _passphrase, "key_file": _key_file, "program": _program}


def _missing(block: Block, name: str, source: Source) -> Diagnostic:
    return Diagnostic(
        "missing-argument", "Missing argument", f"{block.kind} needs {name}.", mistakes.header(block, source)
    )
