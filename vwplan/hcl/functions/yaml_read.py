"""YAML as Terraform reads it: one document, of scalars resolved by YAML 1.1's rules for bools and 1.2's for numbers.

PyYAML parses (its C parser where that is built in, which is the one that Terraform's is a translation of); what a scalar
means is decided here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

import yaml

from vwplan.hcl.functions.model import FunctionProblem
from vwplan.hcl.functions.moments import Moment
from vwplan.values import (
    NULL,
    ConversionError,
    NumberError,
    ObjectValue,
    TupleValue,
    Value,
    convert,
    parse_number,
    type_of,
)
from vwplan.values.text import normal
from vwplan.values.types import STRING
from vwplan.values.value import Null

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_STRING_TAG, _BINARY_TAG = f"{_TAG}str", f"{_TAG}binary"
_TAGS = {"", *(f"{_TAG}{name}" for name in ("str", "bool", "int", "float", "null", "timestamp", "binary"))}

_INTEGER = re.compile(r"[-+]?+[0-9]++|0o[0-7]++|0x[0-9a-fA-F]++")
_FLOAT = re.compile(r"[-+]?+(?:\.[0-9]++|[0-9]++(?>(?:\.[0-9]*+)?))(?>(?:[eE][-+]?+[0-9]++)?)")
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,}))?(Z|[-+]\d\d:\d\d)?)?",
    re.ASCII,
)
_WORDS: dict[str, Value] = {
    **{word: True for base in ("yes", "true", "on") for word in (base, base.title(), base.upper())},
    **{word: False for base in ("no", "false", "off") for word in (base, base.title(), base.upper())},
    "y": True,
    "Y": True,
    "n": False,
    "N": False,
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL),
}
_INFINITE = {f"{sign}{word}" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
_REFUSED_COLON = "found unexpected ':'"
_COLON = "\ue03a"
_FINAL_COLON = re.compile(r"(?<=[^\s\"'\[\]{},]):(?=[,\[\]{}])")
"""A colon at the end of a plain scalar within brackets: the parser refuses it, while Terraform's takes it for part of the
text. It is hidden from the parser then, as a character that stands for nothing."""
_SLASH = re.compile(r"(?>(?:[^\\]|\\[^/])*)\\/", re.DOTALL)
"""An escape of JSON that Terraform's parser does not know."""
_NOT_NUMBERS = {".nan", ".NaN", ".NAN"}


def read_yaml(text: str) -> Value:
    """The value of the only document in `text`; `FunctionProblem` if there is none that can be had."""
    try:
        return _Reader(text).document()
    except yaml.YAMLError as error:
        if getattr(error, "problem", None) == _REFUSED_COLON and _COLON not in text and _FINAL_COLON.search(text):
            return read_yaml(_FINAL_COLON.sub(_COLON, text))
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
        raise FunctionProblem(f"this is not YAML: {where}{reason}") from None
    except RecursionError:
        raise FunctionProblem("this YAML is nested too deeply") from None
    except ValueError as error:
        raise FunctionProblem(f"this YAML cannot be read: {error}") from None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Any] = yaml.parse(text or "\n", Loader=_LOADER)
        self.anchors: dict[str, Value | None] = {}

    def problem(self, event: Any, reason: str) -> FunctionProblem:
        mark = event.start_mark
        return FunctionProblem(f"this YAML cannot be read: line {mark.line + 1}, column {mark.column + 1}: {reason}")

    def document(self) -> Value:
        event = next(self.events)
        while not isinstance(event, yaml.DocumentStartEvent):
            if isinstance(event, yaml.StreamEndEvent):
                raise self.problem(event, "a value is missing")
            event = next(self.events)
        if event.version not in (None, (1, 1)):
            raise self.problem(event, "only YAML 1.1 is read")
        value = self.node(next(self.events))
        event = next(self.events)
        while not isinstance(event, yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                raise self.problem(event, "only one document is allowed")
            event = next(self.events)
        return value

    def node(self, event: Any) -> Value:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        anchor = event.anchor
        if anchor:
            self.anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self.mapping(event)
        else:
            raise self.problem(event, "a value is missing")
        if anchor:
            self.anchors[anchor] = value
        return value

    def alias(self, event: Any) -> Value:
        if event.anchor not in self.anchors:
            raise self.problem(event, f'there is no anchor "{event.anchor}"')
        value = self.anchors[event.anchor]
        if value is None:
            raise self.problem(event, f'the anchor "{event.anchor}" is used within itself')
        return value

    def sequence(self, event: Any) -> Value:
        if event.tag not in (None, f"{_TAG}seq"):
            raise self.problem(event, f"a sequence cannot be a {event.tag}")
        items: list[Value] = []
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(inner))
        return TupleValue(items)

    def mapping(self, event: Any) -> Value:
        if event.tag not in (None, f"{_TAG}map"):
            raise self.problem(event, f"a mapping cannot be a {event.tag}")
        made: dict[str, Value] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise self.problem(key, "a key must be a string")
            if key.tag is None and key.value == "<<":
                self.merge(key, self.node(next(self.events)), made)
                continue
            if not key.style and not key.tag and key.value in _INFINITE:
                made["-Inf" if key.value[0] == "-" else "+Inf"] = self.node(next(self.events))
                continue
            name = self.scalar(key)
            if isinstance(name, Null):
                raise self.problem(key, "a key must not be null")
            try:
                text = convert(name, STRING)
            except ConversionError:
                raise self.problem(key, "a key must be a string") from None
            assert isinstance(text, str)
            made[text] = self.node(next(self.events))
        return ObjectValue(made)

    def merge(self, event: Any, value: Value, made: dict[str, Value]) -> None:
        """`<<`: the entries of a mapping taken into this one; never of several, which Terraform refuses too."""
        if not isinstance(value, ObjectValue):
            raise self.problem(event, f"a {type_of(value).friendly} cannot be merged into a mapping")
        made.update(value.items)

    def scalar(self, event: Any) -> Value:
        tag, text = event.tag or "", event.value.replace(_COLON, ":")
        if (
            event.style == '"'
            and "/" in text
            and _SLASH.match(self.text[event.start_mark.index : event.end_mark.index])
        ):
            raise self.problem(event, "there is no escape \\/")
        if tag not in _TAGS:
            raise self.problem(event, f"the tag {tag} is not supported")
        if tag == _BINARY_TAG:
            try:
                base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
            except binascii.Error:
                raise self.problem(event, f"this is no base64: {text[:40]}") from None
        if tag in (_STRING_TAG, _BINARY_TAG):
            return normal(text)
        if event.style in ("'", '"') and (not text or text[0] in "+-.0123456789yYnNtTfFoO~"):
            return normal(text)
        found = self.plain(event, tag, text)
        # A block is a string, but one that went through being whatever its text looks like: so Terraform has it.
        return convert(found, STRING) if event.style in ("|", ">") and not tag else found

    def plain(self, event: Any, tag: str, text: str) -> Value:
        """A scalar that stands for what it looks like."""
        if event.style in ("'", '"') and not tag:
            return normal(text)
        if text in _WORDS:
            return _WORDS[text]
        if text in _INFINITE or (not tag and text in _NOT_NUMBERS):
            raise self.problem(event, f"{text} is no number that can be represented")
        kind = tag.removeprefix(_TAG)
        if kind in ("", "timestamp"):
            moment = _moment(text)
            if moment is not None:
                return moment.rfc3339()
        if kind in ("int", "float") or _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
            return self.number(event, text)
        if not kind and text.startswith("."):
            try:
                return parse_number(text)
            except NumberError:
                return normal(text)
        if kind == "null":
            return NULL
        if kind:
            raise self.problem(event, f"{text!r} is no {kind}")
        return normal(text)

    def number(self, event: Any, text: str) -> Value:
        digits = text.replace("_", "")
        try:
            return parse_number(digits)
        except NumberError:
            pass
        try:
            return int(digits, 0)
        except ValueError:
            raise self.problem(event, f"{text!r} is no number") from None


def _moment(text: str) -> Moment | None:
    """A date or time that a plain scalar may be, in UTC where no offset is given."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, between, hour, minute, second, fraction, zone = found.groups()
    if between in ("T", "t") and zone is None:
        return None
    if between == " " and zone is not None:
        return None
    offset = 0
    if zone and zone != "Z":
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * (-1 if zone[0] == "-" else 1)
    nanos = int((fraction or "0")[:9].ljust(9, "0"))
    clock = (int(hour or 0), int(minute or 0), int(second or 0))
    return Moment.of((int(year), int(month), int(day)), clock, nanos, offset)
