"""Expressions whose value, type and failure were measured with Terraform 1.11.4: all agree, but for those listed."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.parser import parse_expression
from vwplan.values import type_of, type_text, unmark_deep

sys.path.insert(0, str(Path(__file__).parent))

import late_values

ROWS = [json.loads(line) for line in (Path(__file__).parent / "oracle.jsonl").read_text().splitlines()]

ON_PURPOSE = {
    "e0104": "there is no negative zero: the value is equal, its text is 0",
    "e0946": "element counts from the end with a negative index, where 1.11.4 panicked and later versions do the same",
    "e1550": "|| looks no further where the left operand decides, as in versions after 1.11",
    "e1564": "|| looks no further where the left operand decides, as in versions after 1.11",
}
"""Rows that differ, and why."""


def verdict(expression: str) -> tuple[str, str] | None:
    """JSON text and type of an expression's value; None if it fails."""
    source = Source("test", expression)
    tree, problems = parse_expression(source)
    if tree is None or problems:
        return None
    try:
        value, _ = unmark_deep(compile_expression(tree, source).evaluate(MappingScope()))
    except DiagnosticError:
        return None
    return json_text(value), type_text(type_of(value))


def by_category() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in ROWS:
        found[row["category"]].append(row)
    return found


@pytest.mark.parametrize(("category", "rows"), by_category().items(), ids=by_category())
def test_agrees_with_terraform(category: str, rows: list[dict[str, str]]) -> None:
    wrong = []
    for row in rows:
        wanted = (row["json"], row["type"]) if row["ok"] else None
        found = verdict(row["expr"])
        if (found != wanted) != (row["id"] in ON_PURPOSE):
            wrong.append(f"{row['id']}: {row['expr']!r}: wanted {wanted}, found {found}")
    assert not wrong, "\n".join(wrong)


def test_agrees_with_terraform_on_what_was_measured_since() -> None:
    # Corner cases of every function and form, and random expressions; a row without a type failed.
    text = (Path(__file__).parent / "measured.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.split("\n") if line]
    assert len(rows) > 2000
    wrong = []
    for row in rows:
        wanted = (row["json"], row["type"]) if "type" in row else None
        found = verdict(row["expr"])
        if found != wanted:
            wrong.append(f"{row['expr']!r}: wanted {wanted}, found {found}")
    assert not wrong, "\n".join(wrong)


LATE_ON_PURPOSE = {
    "local.l == tolist([local.dyn])": "the list of what has no type yet may become equal; Terraform says that it cannot",
}


def test_agrees_with_terraform_on_what_is_known_after_apply() -> None:
    # See late_values.py: texts as the console prints them; a row without a type failed.
    text = (Path(__file__).parent / "measured_late.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.split("\n") if line]
    assert len(rows) > 450
    wrong = []
    for row in rows:
        wanted = (row["text"], row["type"]) if "type" in row else None
        found = late_values.ours(row["expr"])
        if (found == wanted) == (row["expr"] in LATE_ON_PURPOSE):
            wrong.append(f"{row['expr']!r}: wanted {wanted}, found {found}")
    assert not wrong, "\n".join(wrong)
