"""Records, rosters and outputs as JSON has them: what a line of a snapshot and an entry of a journal hold.

Fields that have their ordinary value are left out, so that a line is short and a later field changes no older line.
Reading is strict: anything that is not as written raises `ValueError`, `TypeError` or `KeyError`, which `Unreadable` gathers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vwplan.state.records import OutputValue, Plain, Ready, Record, Roster, Status
from vwplan.values import Sensitive, number_text, parse_number

Unreadable = (ValueError, TypeError, KeyError, AttributeError)
"""What reading back raises when a text is not one that was written here."""

_TEXTS = ("address", "kind", "identity", "name", "provider", "host", "host_uuid", "writer", "digest")


def plain_number(value: object) -> object:
    """A fraction as JSON has it: a double where that prints the same digits, else their text. Others cannot be recorded."""
    if isinstance(value, Fraction):
        text = number_text(value)
        double = float(text)
        return double if parse_number(repr(double)) == parse_number(text) else text
    raise TypeError(f"{type(value).__name__} cannot be recorded")


def _bare(value: object) -> object:
    """A secret within a secret is only told by its value."""
    return value.value if isinstance(value, Sensitive) else plain_number(value)


encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=plain_number
).encode
"""Compact JSON, keys in the order given."""

encode_sorted = json.JSONEncoder(
    ensure_ascii=False,
    separators=(",", ":"),
    allow_nan=False,
    check_circular=False,
    default=plain_number,
    sort_keys=True,
).encode
"""Compact JSON with sorted keys: the same value is always the same text."""

encode_secret = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=_bare, sort_keys=True
).encode
"""The same of a secret, whatever in it is marked as one besides: only for what is never written."""


def decode(text: bytes) -> Any:
    """The value of a JSON text; `ValueError` if it is none."""
    return json.loads(text.decode("utf-8", "surrogatepass"))


def to_bytes(text: str) -> bytes:
    """Text as the files hold it."""
    return text.encode("utf-8", "surrogatepass")


def record_to_plain(record: Record) -> dict[str, Plain]:
    """A record as a JSON-able mapping."""
    plain: dict[str, Plain] = {
        "address": record.address,
        "kind": record.kind,
        "identity": record.identity,
        "birth": record.birth,
        "name": record.name,
        "provider": record.provider,
        "host": record.host,
        "host_uuid": record.host_uuid,
        "arguments": record.arguments,
    }
    if record.facts:
        plain["facts"] = record.facts
    if record.depends:
        plain["depends"] = record.depends
    if record.status is not Status.PRESENT:
        plain["status"] = record.status.value
    if record.writer:
        plain["writer"] = record.writer
    if record.digest:
        plain["digest"] = record.digest
    if record.parts:
        plain["parts"] = record.parts
    if record.ready is not None:
        plain["ready"] = {"time": record.ready.time, "boot": record.ready.boot}
    if record.epoch:
        plain["epoch"] = record.epoch
    if record.lifecycle:
        plain["lifecycle"] = record.lifecycle
    return plain


def record_from_plain(plain: Mapping[str, Plain]) -> Record:
    """The record that `record_to_plain` wrote."""
    fields = dict(plain)
    for name in _TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise ValueError(f"{name} is not text")
    for name in ("birth", "epoch"):
        if not isinstance(fields.get(name, 0), int):
            raise ValueError(f"{name} is not a whole number")
    for name in ("arguments", "facts", "lifecycle"):
        if not isinstance(fields.get(name, {}), dict):
            raise ValueError(f"{name} is not a mapping")
    for name in ("depends", "parts"):
        if name in fields:
            fields[name] = tuple(fields[name])
    if "status" in fields:
        fields["status"] = Status(fields["status"])
    if "ready" in fields:
        fields["ready"] = Ready(**fields["ready"])
    return Record(**fields)


def roster_to_plain(roster: Roster) -> dict[str, Plain]:
    """A roster as a JSON-able mapping."""
    return {"epoch": roster.epoch, "members": roster.members, "provides": roster.provides}


def roster_from_plain(plain: Mapping[str, Plain]) -> Roster:
    """The roster that `roster_to_plain` wrote."""
    return Roster(int(plain["epoch"]), tuple(plain["members"]), dict(plain["provides"]))


def output_to_plain(output: OutputValue) -> dict[str, Plain]:
    """An output as a JSON-able mapping."""
    plain: dict[str, Plain] = {"value": output.value, "type": output.type}
    if output.sensitive:
        plain["sensitive"] = True
    return plain


def output_from_plain(plain: Mapping[str, Plain]) -> OutputValue:
    """The output that `output_to_plain` wrote."""
    value, type, sensitive = plain["value"], plain["type"], bool(plain.get("sensitive", False))
    return OutputValue(value if sensitive else _numbered(value, type), type, sensitive)


def _numbered(value: Plain, type: Plain) -> Plain:
    """The value with the exact numbers that were written, which its type tells from text. A type that is none changes nothing."""
    if type == "number":
        return _exact(value)
    if not isinstance(type, list) or len(type) < 2:
        return value
    word, inside = type[0], type[1]
    if isinstance(value, list):
        if word == "tuple":
            return [_numbered(item, each) for item, each in zip(value, inside, strict=False)]
        return [_numbered(item, inside) for item in value]
    if isinstance(value, dict):
        if word == "object":
            return {key: _numbered(item, inside.get(key)) for key, item in value.items()}
        return {key: _numbered(item, inside) for key, item in value.items()}
    return value


def _exact(value: Plain) -> Plain:
    if isinstance(value, float):
        return parse_number(repr(value))
    if isinstance(value, str):
        # Numerator and denominator are how earlier versions wrote it.
        return Fraction(value) if "/" in value else parse_number(value)
    return value
