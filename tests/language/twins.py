"""The JSON syntax of a file that is written in the native one, so that both can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from vwplan.diagnostics import Source
from vwplan.hcl import parse_file
from vwplan.hcl.evaluate import EvaluationError, MappingScope, compile_expression
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.syntax import Body, Expression, Literal, TupleItems
from vwplan.values import unmark_deep

_TEXTS = frozenset({"type", "to", "from", "provider", "iterator", "source"})
"""Arguments whose JSON is their text: types, references, and what is a constant."""
_LISTS = frozenset({"depends_on", "ignore_changes", "replace_triggered_by"})
"""Arguments whose JSON is a list of texts."""


def json_twin(text: str) -> str:
    """The same file in JSON. `ValueError` for what is no file."""
    source = Source("twin", text)
    body, problems = parse_file(source)
    if problems:
        raise ValueError(problems[0].detail)
    return json.dumps(_body(body, source, ""), indent=2, ensure_ascii=False)


def _body(body: Body, source: Source, kind: str) -> dict[str, Any]:
    """A body; of the same block several times, a list."""
    made: dict[str, Any] = {
        name: _argument(name, attribute.expression, source, kind) for name, attribute in body.attributes.items()
    }
    blocks: dict[str, list[Any]] = {}
    for block in body.blocks:
        inner: Any = _body(block.body, source, block.kind)
        for label in reversed(block.labels):
            inner = {label.text: inner}
        blocks.setdefault(block.kind, []).append(inner)
    return made | {name: found if len(found) > 1 else found[0] for name, found in blocks.items()}


def _argument(name: str, expression: Expression, source: Source, kind: str) -> Any:
    text = source.text[expression.start : expression.end]
    if kind == "locals":
        return f"${{{text}}}"
    if kind == "variable" and name == "default":
        return _constant(expression, source)
    if isinstance(expression, Literal) and not isinstance(expression.value, str):
        return json.loads(text) if name not in _TEXTS else text
    if name in _TEXTS and not (kind == "provider" or (name == "source" and not isinstance(expression, Literal))):
        return expression.value if isinstance(expression, Literal) else text
    if name == "description" and isinstance(expression, Literal):
        return expression.value
    if name in _LISTS and isinstance(expression, TupleItems):
        return [_text(item, source) for item in expression.items]
    return f"${{{text}}}"


def _text(expression: Expression, source: Source) -> Any:
    return expression.value if isinstance(expression, Literal) else source.text[expression.start : expression.end]


def _constant(expression: Expression, source: Source) -> Any:
    try:
        value = compile_expression(expression, source).evaluate(MappingScope({}))
    except EvaluationError as error:
        raise ValueError(str(error)) from None
    return json.loads(json_text(unmark_deep(value)[0]))


def files_in_json(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Modules with each file of code in JSON, and all else as it is."""
    made = {}
    for name, text in files:
        code = (
            "." not in name.rpartition("/")[2]
            and not name.endswith("vars")
            and name not in ("environment", "arguments")
        )
        made[f"{name}.code.json" if code else name] = json_twin(text) if code else text
    return made
