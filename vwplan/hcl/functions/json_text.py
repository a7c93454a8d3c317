"""JSON as Terraform writes and reads it: exact numbers, sorted keys, and letters that HTML minds escaped."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import NoReturn

from vwplan.hcl.functions.model import FunctionProblem
from vwplan.values import (
    NULL,
    ListValue,
    MapValue,
    Null,
    NumberError,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    number_text,
    parse_number,
)
from vwplan.values.text import normal


def json_text(value: Value) -> str:
    """A wholly known value without marks as JSON, without spaces."""
    out: list[str] = []
    _write(value, out)
    return "".join(out)


def _write(value: Value, out: list[str]) -> None:
    match value:
        case str():
            out.append(json_string(value))
        case bool():
            out.append("true" if value else "false")
        case int() | Fraction():
            out.append(number_text(value))
        case Null():
            out.append("null")
        case ListValue() | SetValue() | TupleValue():
            out.append("[")
            for at, item in enumerate(value.items):
                if at:
                    out.append(",")
                _write(item, out)
            out.append("]")
        case MapValue() | ObjectValue():
            out.append("{")
            for at, (key, item) in enumerate(value.items.items()):
                if at:
                    out.append(",")
                out.append(json_string(key))
                out.append(":")
                _write(item, out)
            out.append("}")
        case _:
            raise TypeError("what is unknown or marked has no JSON")


_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def json_string(text: str) -> str:
    """A string as JSON."""
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPES)


def read_json(text: str) -> Value:
    """The value of a JSON document: arrays are tuples; `FunctionProblem` says what is wrong with it."""
    try:
        return _value(_DECODER.decode(text))
    except json.JSONDecodeError as error:
        reason = f"{error.msg[0].lower()}{error.msg[1:]}" if error.msg else "it is malformed"
        where = f"line {error.lineno}, column {error.colno}"
        raise FunctionProblem(f"this is not JSON: {where}: {reason}") from None
    except RecursionError:
        raise FunctionProblem("this JSON is nested too deeply") from None
    except NumberError as error:
        raise FunctionProblem(f"this JSON has a number that cannot be represented: {error}") from None


def _refuse(word: str) -> NoReturn:
    raise FunctionProblem(f"this is not JSON: there is no {word} in it")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The members of an object: of equal names the last one stands, and what it overwrites must be of its type."""
    made = {normal(key): item for key, item in pairs}
    if len(made) < len(pairs):
        for key, item in pairs:
            if not _fits(item, made[normal(key)]):
                raise FunctionProblem(f"the member {json_string(key)} is there twice, with values of different types")
    return made


def _fits(item: object, kept: object) -> bool:
    match kept:
        case _ if item is None:
            return True
        case str():
            return not isinstance(item, list | dict)
        case bool():
            return isinstance(item, bool) or item in ("true", "false", "1", "0")
        case int() | Fraction():
            return _is_number(item)
        case list():
            return isinstance(item, list) and len(item) == len(kept) and all(map(_fits, item, kept))
        case dict():
            return isinstance(item, dict) and all(key in kept and _fits(each, kept[key]) for key, each in item.items())
    return False


def _is_number(item: object) -> bool:
    if isinstance(item, str):
        try:
            return parse_number(item) is not None
        except NumberError:
            return False
    return isinstance(item, int | Fraction) and not isinstance(item, bool)


_DECODER = json.JSONDecoder(
    parse_float=parse_number,
    parse_int=parse_number,
    parse_constant=_refuse,
    object_pairs_hook=_members,
)


def _value(found: object) -> Value:
    match found:
        case None:
            return NULL
        case str():
            return normal(found)
        case dict():
            return ObjectValue({key: _value(item) for key, item in found.items()})
        case list():
            return TupleValue([_value(item) for item in found])
    return found  # type: ignore[return-value]
