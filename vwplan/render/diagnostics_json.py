"""Diagnostics as JSON for machines, in the shape that `terraform validate -json` has, so that editors and CI understand it.

Beside Terraform's members each diagnostic has a stable `code`. Lines and columns count from 1, bytes from 0 (UTF-8).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vwplan.diagnostics import Diagnostic, Range, Severity, Source


def validation_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The answer of `validate --json`."""
    found = list(diagnostics)
    errors = sum(d.severity is Severity.ERROR for d in found)
    return {
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(found) - errors,
        "diagnostics": [diagnostic_json(d) for d in found],
    }


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic; `range` and `snippet` only where there is a place, `address` only where there is a resource."""
    shown: dict[str, Any] = {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
    }
    if diagnostic.address:
        shown["address"] = diagnostic.address
    if diagnostic.subject is not None:
        shown["range"] = _range(diagnostic.subject)
        shown["snippet"] = _snippet(diagnostic)
    return shown


def _range(place: Range) -> dict[str, Any]:
    return {
        "filename": place.file,
        "start": _position(place.source, place.start),
        "end": _position(place.source, place.end),
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "byte": len(source.text[:offset].encode("utf-8", "surrogatepass"))}


def _snippet(diagnostic: Diagnostic) -> dict[str, Any]:
    subject = diagnostic.subject
    assert subject is not None
    line, column = subject.source.position(subject.start)
    code = subject.source.line(line)
    return {
        "context": None if diagnostic.context is None else subject.source.line(diagnostic.context.line).strip(),
        "code": code,
        "start_line": line,
        "highlight_start_offset": column - 1,
        "highlight_end_offset": min(len(code), column - 1 + max(1, subject.end - subject.start)),
        "values": [{"traversal": name, "statement": f"is {value}"} for name, value in diagnostic.values],
    }
