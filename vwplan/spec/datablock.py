"""The `data` block: what is read, and from which provider."""

from __future__ import annotations

from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Block
from vwplan.kinds.sources import SOURCES
from vwplan.spec import mistakes
from vwplan.spec.decode import decode_part
from vwplan.spec.draft import Draft, Place
from vwplan.spec.metaarguments import decode_meta
from vwplan.spec.model import DataBlock
from vwplan.spec.shapes import DATA_SHAPES


def decode_data(draft: Draft, block: Block, source: Source, check: str = "") -> DataBlock | None:
    """A `data` block; None where it is none, which has been told then. `check` is the check that it stands in, if it does."""
    where = mistakes.header(block, source)
    if len(block.labels) != 2:
        draft.add(mistakes.wrong_labels(block, "KIND NAME", source))
        return None
    kind, name = block.labels
    if kind.text not in SOURCES:
        detail = f'There is no data of kind "{kind.text}".{mistakes.nearest(kind.text, SOURCES)}'
        draft.add(Diagnostic("unknown-block", "Unknown block", detail, Range(source, kind.start, kind.end)))
        return None
    if not is_name(name.text):
        draft.add(mistakes.bad_name(name.text, Range(source, name.start, name.end)))
        return None
    shape, attributes = DATA_SHAPES[kind.text], block.body.attributes
    # What only a check reads is read when everything else is known, so nothing can wait for it.
    outside = Place("" if check else f"data.{kind.text}.{name.text}", check=check)
    place = replace(outside, count="count" in attributes, each="for_each" in attributes)
    return DataBlock(
        SOURCES[kind.text],
        name.text,
        decode_part(draft, block.body, shape, place, where),
        decode_meta(draft, block.body, shape, place, outside, ""),
        where,
    )
