"""JSON Schemas (2020-12) of the kinds: of their normal arguments, and of whole modules in JSON (`*.vw.json`).

`python -m vwplan.kinds.schema` writes them into `schemas/`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.kinds import language
from vwplan.kinds.forms import FORMS
from vwplan.kinds.lookup import KINDS
from vwplan.kinds.meta import MEMBER_ARGUMENTS, META_ARGUMENTS, META_BLOCKS
from vwplan.kinds.model import Argument, BlockType, Kind, Unit
from vwplan.values import BOOL, NUMBER, STRING, ListType, MapType, SetType, Type

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMMAND = "python -m vwplan.kinds.schema"
"""The command that makes the files anew."""

_REFERENCE = {"type": "string", "minLength": 1}
_EXPRESSION = {"type": "string", "pattern": r"[$%]\{"}


def kind_schema(kind: Kind) -> Schema:
    """The schema of a kind's arguments as recorded and compared: sizes in MiB, durations in seconds, references as ids."""
    return {
        "$schema": DIALECT,
        "$id": f"vwplan:kind:{kind.name}",
        "title": kind.name,
        "description": kind.doc,
        **_normal(kind),
    }


def spec_schema() -> Schema:
    """The schema of a module written in JSON. Any value may be an expression in a template, `"${…}"`."""
    definitions = _Definitions({})
    blocks = {block.name: definitions.block(block) for block in language.TOP}
    for kind in KINDS.values():
        inner = definitions.body(kind.name, (*kind.arguments, *META_ARGUMENTS), (*kind.blocks, *META_BLOCKS))
        blocks[kind.name] = {"description": kind.doc, **_labelled(inner)}
    return {
        "$schema": DIALECT,
        "$id": "vwplan:spec",
        "title": "A module of vwplan in JSON",
        "type": "object",
        "properties": {"//": True, **blocks},
        "additionalProperties": False,
        "$defs": definitions.found,
    }


def documents() -> Iterator[tuple[str, str]]:
    """Name and text of every file that `schemas/` has of this room."""
    for kind in KINDS.values():
        yield f"kind.{kind.name}.json", _text(kind_schema(kind))
    yield "spec.json", _text(spec_schema())


def _text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _normal(shape: Kind | BlockType) -> Schema:
    properties: Schema = {argument.name: _argument(argument) for argument in shape.arguments}
    for block in shape.blocks:
        inner = _normal(block)
        if block.label and not block.repeated:
            key = {"pattern": f"^(?:{FORMS[block.label_form].pattern})$"} if block.label_form else {}
            inner = {"type": "object", "propertyNames": key, "additionalProperties": inner}
        elif block.repeated:
            inner = {"type": "array", "items": inner}
        properties[block.name] = {"description": block.doc, "x-effect": block.effect.value, **inner}
    required = [argument.name for argument in shape.arguments if argument.required]
    required += [block.name for block in shape.blocks if block.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _argument(argument: Argument) -> Schema:
    schema: Schema = {"description": argument.doc, "x-effect": argument.effect.value}
    if argument.unit is not None:
        schema["x-unit"] = "MiB" if argument.unit is Unit.SIZE else "s"
    if argument.default is not None:
        schema["default"] = argument.default
    if argument.refers:
        return {**schema, "x-refers": argument.refers, **_REFERENCE}
    return {**schema, **_typed(argument, argument.type)}


def _typed(argument: Argument, type: Type) -> Schema:
    if isinstance(type, ListType | SetType):
        unique = {"uniqueItems": True} if isinstance(type, SetType) else {}
        return {"type": "array", "items": _typed(argument, type.element), **unique}
    if isinstance(type, MapType):
        key = _typed(argument, STRING) if argument.form else {}
        return {"type": "object", "propertyNames": key, "additionalProperties": {"type": "string"}}
    if type == STRING:
        schema: Schema = {"type": "string"}
        if argument.choices:
            schema["enum"] = list(argument.choices)
        if argument.form:
            schema["pattern"] = f"^(?:{FORMS[argument.form].pattern})$"
        return schema
    if type == NUMBER:
        schema = {"type": "integer" if argument.whole or argument.unit else "number"}
        if argument.least is not None or argument.unit is not None:
            schema["minimum"] = argument.least or 0
        if argument.most is not None:
            schema["maximum"] = argument.most
        return schema
    return {"type": "boolean"} if type == BOOL else {}


@dataclass(frozen=True, slots=True)
class _Definitions:
    """What the schema of modules tells once and refers to: bodies of blocks, and one or many of each."""

    found: Schema

    def block(self, block: BlockType) -> Schema:
        """A block as written: its body, or several, under its labels."""
        arguments, blocks = block.arguments, block.blocks
        if block.name in MEMBER_ARGUMENTS:
            arguments, blocks = arguments + MEMBER_ARGUMENTS[block.name], blocks + META_BLOCKS
        inner = self.body(block.name, arguments, blocks)
        for _ in block.label.split():
            inner = _labelled(inner)
        return {"description": block.doc, **inner}

    def body(self, name: str, arguments: tuple[Argument, ...], blocks: tuple[BlockType, ...]) -> Schema:
        """A reference to one body, or several in a list."""
        properties: Schema = {"//": True}
        for argument in arguments:
            properties[argument.name] = {"description": argument.doc, **_written_argument(argument)}
        for block in blocks:
            properties[block.name] = self.block(block)
        if blocks:
            properties["dynamic"] = {"description": "Blocks repeated over a collection, by type.", "type": "object"}
        required = [argument.name for argument in arguments if argument.required]
        body: Schema = {"type": "object", "properties": properties, "required": required}
        if name not in language.OPEN:
            body["additionalProperties"] = False
        one = self._define(name, body)
        return self._define(f"{name}.any", {"anyOf": [one, {"type": "array", "items": one}]})

    def _define(self, name: str, schema: Schema) -> Schema:
        key, number = name, 2
        while self.found.setdefault(key, schema) != schema:
            key, number = f"{name}.{number}", number + 1
        return {"$ref": f"#/$defs/{key}"}


def _written_argument(argument: Argument) -> Schema:
    if argument.refers:
        return {"type": "string"}
    if argument.unit is not None:
        return {"type": ["string", "integer", "null"]}
    typed = _typed(argument, argument.type)
    if not typed:
        return {}
    if typed["type"] in ("array", "object"):
        # Elements may be expressions each, so the shape alone is told.
        return {"anyOf": [{"type": typed["type"]}, _EXPRESSION, {"type": "null"}]}
    return {"anyOf": [typed, _EXPRESSION, {"type": "null"}]}


def _labelled(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def main(arguments: list[str]) -> None:
    """Write every schema into the directory given, `schemas` by default."""
    directory = Path(arguments[0] if arguments else "schemas")
    directory.mkdir(exist_ok=True)
    for name, text in documents():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
