"""The reference of a kind, or of a provider's block, as text: what `vwplan schema` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from vwplan.kinds import language
from vwplan.kinds.hosts import HOST, with_hosts
from vwplan.kinds.meta import (
    CONDITION_ARGUMENTS,
    COUNT,
    DEPENDS_ON,
    FOR_EACH,
    LIFECYCLE,
    META_ARGUMENTS,
    META_BLOCKS,
    PROVIDER,
)
from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Kind, Phase, Unit
from vwplan.kinds.units import duration_text, size_text

_EFFECTS = {
    Effect.CREATE: "read when it is made",
    Effect.RECORD: "changes only our record",
    Effect.LIVE: "is carried out while it runs",
    Effect.RESTART: "restarts it",
    Effect.REPLACE: "makes it anew",
}
_PHASES = {
    Phase.CHOSEN: "known when planning",
    Phase.SEEN: "seen on the hypervisor",
    Phase.ASKED: "asked of the guest",
}
_REFERENCES = "a list of references"
_SAID = {
    COUNT.name: ("a whole number", "an edit makes some, or takes some away"),
    FOR_EACH.name: ("a map, or a set of strings", "an edit makes some, or takes some away"),
    DEPENDS_ON.name: (_REFERENCES, "an edit changes only the order"),
    PROVIDER.name: ("a provider configuration", ""),
    "ignore_changes": ("a list of paths, or all", ""),
    "replace_triggered_by": (_REFERENCES, ""),
    "condition": ("bool", "looked at in every plan, or once it is known"),
    "error_message": ("string", "looked at where the condition does not hold"),
}
"""Of what every kind takes, the sort of value and what an edit does, where the type and the effect do not say it."""
_EVERYWHERE = (*META_ARGUMENTS, *LIFECYCLE.arguments, *CONDITION_ARGUMENTS)
_WIDTH = 100


def reference(kind: Kind) -> str:
    """The reference of a kind: its arguments, blocks, facts, and what is not there in this version."""
    lines = [f'{kind.name} "NAME"', *_wrapped(kind.doc, 2), ""]
    lines += ["Arguments", *_arguments(kind.arguments, 2)]
    for block in kind.blocks:
        lines += ["", *_block(block, 0)]
    if kind.facts:
        lines += ["", "Facts (read, never written)"]
        for fact in kind.facts:
            lines += [f"  {fact.name}  {fact.type.friendly}; {_PHASES[fact.phase]}", *_wrapped(fact.doc, 6)]
    lines += ["", "Taken by every kind", *_arguments(META_ARGUMENTS, 2)]
    for block in META_BLOCKS:
        lines += _block(block, 2)
    later = sorted({absent.name for absent in _absent(kind) if absent.later})
    if later:
        lines += ["", "Not in this version yet", *_wrapped(", ".join(later), 2)]
    return "\n".join(lines) + "\n"


def settings_reference(type: str, settings: BlockType) -> str:
    """The reference of the provider block of a type: its settings, and what any of them takes of its hosts."""
    whole = with_hosts(settings)
    lines = [f'provider "{type}"', *_wrapped(settings.doc, 2), "", "Arguments"]
    lines += _arguments((*language.PROVIDER.arguments[:2], *whole.arguments), 2, edits=False)
    for block in whole.blocks:
        if block.name == HOST.name:
            lines += ["", f'{block.name} "{block.label}" {{ }}  may be repeated', *_wrapped(block.doc, 6)]
            lines += _wrapped("Takes everything above but alias and for_each.", 6)
        else:
            lines += ["", *_block(block, 0, edits=False)]
    return "\n".join(lines) + "\n"


def _absent(shape: Kind | BlockType) -> Iterator[Absent]:
    yield from shape.absent
    for block in shape.blocks:
        yield from _absent(block)


def _block(block: BlockType, indent: int, *, edits: bool = True) -> list[str]:
    label = f' "{block.label}"' if block.label else ""
    notes = [note for note, told in (("required", block.required), ("may be repeated", block.repeated)) if told]
    head = f"{' ' * indent}{block.name}{label} {{ }}"
    lines = [f"{head}  {'; '.join(notes)}" if notes else head, *_wrapped(block.doc, indent + 6)]
    if block.name in ("head", "workers"):
        own = [
            argument
            for argument in block.arguments
            if argument.name in ("name", "hostname", "after", "provides", "requires")
        ]
        but = " but count and for_each" if block.name == "head" else ""
        lines += _wrapped(f"Takes everything that a workspace takes{but}, and:", indent + 6) + _arguments(
            own, indent + 2
        )
        inner = [one for one in block.blocks if one.name == "update"]
    else:
        lines += _arguments(block.arguments, indent + 2, edits=edits)
        inner = list(block.blocks)
    for one in inner:
        lines += _block(one, indent + 2)
    return lines


def _arguments(arguments: Iterable[Argument], indent: int, *, edits: bool = True) -> list[str]:
    lines = []
    for argument in arguments:
        lines.append(f"{' ' * indent}{argument.name}  {'; '.join(_notes(argument, edits))}")
        lines += _wrapped(argument.doc, indent + 4)
    return lines


def _notes(argument: Argument, edits: bool) -> Iterator[str]:
    said, edit = _SAID.get(argument.name, ("", "")) if argument in _EVERYWHERE else ("", "")
    if said:
        yield said
    elif argument.refers:
        yield f"one {argument.refers}"
    elif argument.unit is not None:
        yield (
            'a size: "2 GiB", or a number of MiB'
            if argument.unit is Unit.SIZE
            else 'a duration: "90m", or a number of seconds'
        )
    elif argument.choices:
        yield " | ".join(argument.choices)
    else:
        yield argument.type.friendly
    if argument.required:
        yield "required"
    if argument.default is not None:
        yield f"default {_default(argument)}"
    if not edits:
        return
    if edit:
        yield edit
    else:
        yield (
            f"an edit {_EFFECTS[argument.effect]}"
            if argument.effect is not Effect.CREATE
            else _EFFECTS[argument.effect]
        )
    if argument.planned:
        yield "must be known when planning"


def _default(argument: Argument) -> str:
    if argument.unit is Unit.SIZE and isinstance(argument.default, int):
        return size_text(argument.default)
    if argument.unit is Unit.DURATION and isinstance(argument.default, int):
        return duration_text(argument.default)
    if isinstance(argument.default, bool):
        return "true" if argument.default else "false"
    return str(argument.default)


def _wrapped(text: str, indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(text, _WIDTH, initial_indent=space, subsequent_indent=space)
