"""Diagnostics as JSON, in the shape that `terraform validate -json` has, with our `code` and `address` besides."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from vwplan.diagnostics import Diagnostic, Range, Severity, Source, byte_count, readable
from vwplan.hcl.parser import parse_file
from vwplan.render.calls_json import function_call
from vwplan.render.places_json import place_of

FORMAT = "1.0"

_MASKED = "(sensitive value)"


def validation_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The outcome of a validation as a JSON-able mapping: whether valid, how many errors and warnings, each of them."""
    found = list(diagnostics)
    errors = sum(one.severity is Severity.ERROR for one in found)
    return {
        "format_version": FORMAT,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(found) - errors,
        "diagnostics": [diagnostic_plain(one) for one in found],
    }


def diagnostic_plain(diagnostic: Diagnostic) -> dict[str, Any]:
    """One problem as a JSON-able mapping."""
    plain: dict[str, Any] = {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
    }
    if diagnostic.address:
        plain["address"] = diagnostic.address
    if diagnostic.subject is not None:
        subject = place_of(diagnostic, diagnostic.subject)
        plain["range"] = _range(subject)
        plain["snippet"] = _snippet(diagnostic, subject)
    return plain


def _range(found: Range) -> dict[str, Any]:
    source = found.source
    start, end = _position(source, found.start), _position(source, found.end)
    if found.end <= found.start:  # Where nothing stands, one column is pointed at.
        end = {**end, "column": end["column"] + 1, "byte": end["byte"] + 1}
    return {"filename": found.file, "start": start, "end": end}


def _position(source: Source, offset: int) -> dict[str, int]:
    offset = min(offset, len(source.text))
    line, column = source.position(offset)
    return {"line": line, "column": column, "byte": source.byte(offset)}


def _snippet(diagnostic: Diagnostic, subject: Range) -> dict[str, Any]:
    source = subject.source
    whole = diagnostic.context if diagnostic.context is not None and diagnostic.context.source is source else subject
    code, first = _code(source, min(whole.start, subject.start), max(whole.end, subject.end))
    start = source.byte(subject.start) - source.byte(first)
    end = start + max(1, source.byte(subject.end) - source.byte(subject.start))
    most = byte_count(code)
    snippet = {
        "context": _heading(source, subject.start),
        "code": readable(code),
        "start_line": source.line_number(min(whole.start, subject.start, len(source.text))),
        "highlight_start_offset": min(start, most),
        "highlight_end_offset": min(end, most),
        "values": _values(diagnostic),
    }
    call = function_call(diagnostic)
    return snippet if call is None else {**snippet, "function_call": call}


def _values(diagnostic: Diagnostic) -> list[dict[str, str]]:
    """The values of what is referred to, by name. A _MASKED is told of only where that it is one is the problem."""
    told = [pair for pair in sorted(diagnostic.values) if pair[1] != _MASKED or "sensitive" in diagnostic.code]
    return [
        {"traversal": name, "statement": "has a sensitive value" if value == _MASKED else f"is {value}"}
        for name, value in told
    ]


def _code(source: Source, start: int, end: int) -> tuple[str, int]:
    """The lines that a stretch touches, those without a letter left out, and the offset at which the first of them starts.

    The line behind a stretch that ends with its line end counts too.
    """
    end = max(end, start + 1)
    lines: list[str] = []
    first = 0
    for number in range(source.line_number(start), source.line_number(min(end, len(source.text))) + 1):
        text = source.line(number)
        if text:
            first = first if lines else source.line_start(number)
            lines.append(text)
    return "\n".join(lines), first


def _heading(source: Source, offset: int) -> str | None:
    """The header of the block of the file that a place is in, such as `output "a"`; None outside, at the header, and in JSON."""
    if source.name.endswith(".json"):
        return None
    starts, blocks = _headings(source)
    at = bisect.bisect_left(starts, offset) - 1
    return blocks[at][1] if at >= 0 and offset < blocks[at][0] else None


@lru_cache(maxsize=16)
def _headings(source: Source) -> tuple[list[int], list[tuple[int, str]]]:
    """Where the blocks of a file start, and where each ends with its header."""
    body, _ = parse_file(Source(source.name, readable(source.text)))
    blocks = sorted(body.blocks, key=lambda block: block.start)
    return [block.start for block in blocks], [
        (block.end, " ".join([block.kind, *(f'"{label.text}"' for label in block.labels)])) for block in blocks
    ]
