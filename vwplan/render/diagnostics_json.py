"""Diagnostics as JSON, in the shape that `terraform validate -json` has, with our `code` and `address` besides."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from vwplan.diagnostics import Diagnostic, Range, Severity, Source
from vwplan.hcl.parser import parse_file
from vwplan.render.calls_json import function_call

FORMAT = "1.0"


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
    subject = diagnostic.subject
    if subject is not None:
        plain["range"] = _range(subject)
        plain["snippet"] = _snippet(diagnostic, subject)
    return plain


def _range(found: Range) -> dict[str, Any]:
    return {
        "filename": found.file,
        "start": _position(found.source, found.start),
        "end": _position(found.source, found.end),
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    offset = min(offset, len(source.text))
    line, column = source.position(offset)
    return {"line": line, "column": column, "byte": len(source.text[:offset].encode("utf-8", "surrogatepass"))}


def _snippet(diagnostic: Diagnostic, subject: Range) -> dict[str, Any]:
    source = subject.source
    line, column = source.position(min(subject.start, len(source.text)))
    last = source.position(min(subject.end, len(source.text)))[0]
    code = "\n".join(source.line(number) for number in range(line, last + 1))
    start = column - 1
    snippet = {
        "context": _heading(source, subject.start),
        "code": code,
        "start_line": line,
        "highlight_start_offset": start,
        "highlight_end_offset": min(len(code), start + subject.end - subject.start),
        "values": [{"traversal": name, "statement": f"is {value}"} for name, value in diagnostic.values],
    }
    call = function_call(diagnostic)
    return snippet if call is None else {**snippet, "function_call": call}


def _heading(source: Source, offset: int) -> str | None:
    """The header of the block of the file that a place is in, such as `output "a"`; None outside of blocks, and in JSON."""
    if source.name.endswith(".json"):
        return None
    for start, end, heading in _headings(source):
        if start <= offset < end:
            return heading
    return None


@lru_cache(maxsize=16)
def _headings(source: Source) -> list[tuple[int, int, str]]:
    body, _ = parse_file(source)
    return [
        (block.start, block.end, " ".join([block.kind, *(f'"{label.text}"' for label in block.labels)]))
        for block in body.blocks
    ]
