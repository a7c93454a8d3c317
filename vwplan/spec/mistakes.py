"""What is said of blocks that are not as declared: unknown, missing, twice, misplaced."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.syntax import Attribute, Block, Body
from vwplan.kinds.check import Unfit, article
from vwplan.kinds.meta import META_ARGUMENTS, META_BLOCKS
from vwplan.kinds.model import Absent, BlockType
from vwplan.spec.shapes import Shape

_META = frozenset(argument.name for argument in META_ARGUMENTS) | frozenset(block.name for block in META_BLOCKS)


def header(block: Block, source: Source) -> Range:
    """Where the header of a block stands, without its brace."""
    return Range(source, block.start, block.header_end)


def name_of(attribute: Attribute, source: Source) -> Range:
    """Where the name of an argument stands."""
    return Range(source, attribute.start, attribute.name_end)


def unfit(problem: Unfit, subject: Range, context: Range | None = None) -> Diagnostic:
    """What a kind says of a value, told at its place."""
    return Diagnostic(problem.code, problem.summary, problem.detail, subject, context)


def absent(name: str, found: Absent, subject: Range, holder: str) -> Diagnostic:
    """A name that is known and not taken: not yet, or not here."""
    if found.later:
        detail = f'{found.say} ("{name}" in {holder}) is not there in this version yet. {found.instead}'
        return Diagnostic("not-yet", "Not in this version", detail, subject)
    return Diagnostic("not-here", "Not taken here", f'"{name}" is not taken in {holder}. {found.say}', subject)


def unknown_argument(shape: Shape, attribute: Attribute, source: Source) -> Diagnostic:
    """An argument that its block does not have."""
    name, subject = attribute.name, name_of(attribute, source)
    found = shape.absent.get(name)
    if found is not None:
        return absent(name, found, subject, shape.name)
    block = shape.blocks.get(name)
    if block is not None or name in shape.meta_blocks:
        label = f' "{block.label}"' if block is not None and block.label else ""
        detail = f"{name} is a block: write {name}{label} {{ … }}, without an equals sign."
        return Diagnostic("block-as-argument", "Block written as an argument", detail, subject)
    if name in shape.facts:
        detail = f'"{name}" is a fact of {article(shape.name)} {shape.name}: it is read, never given.'
        if name in shape.within:
            detail += f" To choose it, write it in a block: {shape.within[name]} {{ {name} = … }}."
        return Diagnostic("fact-as-argument", "Fact given as an argument", detail, subject)
    if name in shape.within:
        detail = f'{_has_no(shape)} argument "{name}". It belongs in a block: {shape.within[name]} {{ {name} = … }}.'
        return Diagnostic("unknown-argument", "Unknown argument", detail, subject)
    if name in _META:
        return _misplaced(name, shape, subject)
    near = nearest(name, shape.names)
    if not near:
        inner = difflib.get_close_matches(name, shape.within, n=1, cutoff=0.7)
        near = f' Did you mean "{inner[0]}", in the block {shape.within[inner[0]]}?' if inner else ""
    detail = f'{_has_no(shape)} argument "{name}".{near}'
    return Diagnostic("unknown-argument", "Unknown argument", detail, subject)


def unknown_block(shape: Shape, block: Block, source: Source) -> Diagnostic:
    """A block that its block does not have."""
    name, subject = block.kind, header(block, source)
    found = shape.absent.get(name)
    if found is not None:
        return absent(name, found, subject, shape.name)
    if name in shape.arguments or name in shape.meta_arguments:
        detail = f"{name} is an argument: write {name} = …, with an equals sign."
        return Diagnostic("argument-as-block", "Argument written as a block", detail, subject)
    if name in _META:
        return _misplaced(name, shape, subject)
    detail = f'{_has_no(shape)} block "{name}".{nearest(name, shape.names)}'
    return Diagnostic("unknown-block", "Unknown block", detail, subject)


def meant(shape: Shape, body: Body) -> frozenset[str]:
    """The names that whoever wrote a body seems to have meant by those that its block does not have.

    Each has been told with what is near it: that the right one is missing would be the same slip told twice.
    """
    written = {*body.attributes, *(block.kind for block in body.blocks)}
    return meant_of(written, shape.names)


def meant_of(written: Collection[str], names: Collection[str]) -> frozenset[str]:
    """The names that somebody seems to have meant by what was written and is none of them."""
    near = (difflib.get_close_matches(name, names, n=1, cutoff=0.6) for name in sorted(written) if name not in names)
    return frozenset(names[0] for names in near if names)


def missing_argument(shape: Shape, name: str, subject: Range) -> Diagnostic:
    """An argument that must be given."""
    argument = shape.arguments[name]
    detail = f'{the(shape)} needs the argument "{name}". {argument.doc}'
    return Diagnostic("missing-argument", "Missing argument", detail, subject)


def missing_block(shape: Shape, name: str, subject: Range) -> Diagnostic:
    """A block that must be given."""
    detail = f"{the(shape)} needs a block {name} {{ … }}. {shape.blocks[name].doc}"
    return Diagnostic("missing-block", "Missing block", detail, subject)


def missing_any(shape: Shape, group: Iterable[str], subject: Range) -> Diagnostic:
    """A group of arguments of which one must be given and none is."""
    return Diagnostic("missing-argument", "Missing argument", f"{the(shape)} needs {_either(group)}.", subject)


def not_together(shape: Shape, group: Iterable[str], subject: Range) -> Diagnostic:
    """A group of arguments of which only one may be given."""
    detail = f"{the(shape)} takes only one of {' and '.join(group)}."
    return Diagnostic("conflicting-arguments", "Arguments that exclude each other", detail, subject)


def duplicate(what: str, subject: Range, first: Range) -> Diagnostic:
    """Something that is there twice; the first place is told."""
    where = f"line {first.line}" if first.source is subject.source else str(first)
    detail = f"{what} is declared at {where} already."
    if first.source is subject.source:
        detail = f"{what} is declared on {where} already."
    return Diagnostic("duplicate", "Declared twice", detail, subject)


def wrong_labels(block: Block, wanted: str, source: Source) -> Diagnostic:
    """A block with too few labels, or too many."""
    count, labels = len(wanted.split()), block.labels
    form = " ".join([block.kind, *(f'"{word}"' for word in wanted.split())])
    if len(labels) > count:
        subject = Range(source, labels[count].start, labels[-1].end)
        but = f", not {len(labels)}" if count else ""
        detail = f"A block {form} has {_labels(count)}{but}. Write {form} {{ … }}."
        return Diagnostic("wrong-labels", "Too many labels", detail, subject)
    detail = f"A block {block.kind} needs {_labels(count)}. Write {form} {{ … }}."
    return Diagnostic("wrong-labels", "Missing label", detail, header(block, source))


def bad_name(name: str, subject: Range) -> Diagnostic:
    """A name that is none."""
    detail = (
        f'"{name}" is not a name. A name starts with a letter or underscore and holds only letters, digits, '
        "underscores and hyphens."
    )
    return Diagnostic("invalid-name", "Invalid name", detail, subject)


def label_of(type: BlockType, label: str) -> str:
    """A block as written, for prose: `user "alice"`."""
    return f'{type.name} "{label}"' if type.label else type.name


def _has_no(shape: Shape) -> str:
    return f"{the(shape)} has no"


def the(shape: Shape) -> str:
    """A block of that shape, for prose: `An image`."""
    return f"{article(shape.name).capitalize()} {shape.name}"


def _labels(count: int) -> str:
    return {0: "no label", 1: "one label"}.get(count, f"{count} labels")


def _either(group: Iterable[str]) -> str:
    names = [f'"{name}"' for name in group]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _misplaced(name: str, shape: Shape, subject: Range) -> Diagnostic:
    where = "workers, and every kind's own block" if shape.name == "head" else "every kind's own block"
    detail = f'"{name}" is not taken in {shape.name}. It belongs in {where}.'
    return Diagnostic("misplaced-meta", "Meta-argument in the wrong place", detail, subject)


def nearest(name: str, names: Iterable[str]) -> str:
    """What to write instead of a name: the nearest one, or all where they are few."""
    near = difflib.get_close_matches(name, names := list(names), n=1, cutoff=0.6)
    if near:
        return f' Did you mean "{near[0]}"?'
    known = sorted(names)
    return f" It takes {', '.join(known)}." if 0 < len(known) <= 8 else ""
