"""Encoding and decoding: JSON, YAML, CSV, base64, URLs, character sets."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

from vwplan.hcl.functions.arguments import text
from vwplan.hcl.functions.json_text import json_text, read_json
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, pure
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    ListValue,
    MapType,
    ObjectType,
    ObjectValue,
    Refinement,
    SetType,
    TupleType,
    Type,
    Unknown,
    Value,
    is_whole,
    type_of,
)
from vwplan.values.equality import definitely_not_null
from vwplan.values.text import normal
from vwplan.values.value import UNREFINED


def decode_base64(found: str, index: int) -> bytes:
    """The bytes of standard base64 with padding; line breaks are overlooked."""
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", found).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ArgumentProblem(index, "it is no base64") from None


def _base64decode(arguments: Arguments, _: Type) -> Value:
    try:
        return normal(decode_base64(text(arguments[0]), 0).decode())
    except UnicodeDecodeError:
        raise ArgumentProblem(0, "what it encodes is no UTF-8 text") from None


def base64_text(found: bytes) -> str:
    """Bytes in standard base64."""
    return base64.b64encode(found).decode("ascii")


def _base64gzip(arguments: Arguments, _: Type) -> Value:
    # A header without time and system, the data flushed, and an empty last block: the container that Terraform makes.
    found = text(arguments[0]).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(found) + packer.flush(zlib.Z_SYNC_FLUSH) + b"\x01\x00\x00\xff\xff"
    check = zlib.crc32(found).to_bytes(4, "little") + (len(found) & 0xFFFFFFFF).to_bytes(4, "little")
    return base64_text(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + check)


_ALIASES = {
    "ascii": "us-ascii iso-ir-6 ansi_x3.4-1968 ansi_x3.4-1986 iso_646.irv:1991 iso646-us us ibm367 cp367 csascii",
    "iso8859-1": "iso-8859-1 iso_8859-1:1987 iso_8859-1 iso-ir-100 latin1 l1 ibm819 cp819 csisolatin1",
    "iso8859-2": "iso-8859-2 iso_8859-2:1987 iso_8859-2 iso-ir-101 latin2 l2 csisolatin2",
    "iso8859-3": "iso-8859-3 iso_8859-3:1988 iso_8859-3 iso-ir-109 latin3 l3 csisolatin3",
    "iso8859-4": "iso-8859-4 iso_8859-4:1988 iso_8859-4 iso-ir-110 latin4 l4 csisolatin4",
    "iso8859-5": "iso-8859-5 iso_8859-5:1988 iso_8859-5 iso-ir-144 cyrillic csisolatincyrillic",
    "iso8859-6": "iso-8859-6 iso_8859-6:1987 iso_8859-6 iso-ir-127 ecma-114 asmo-708 arabic csisolatinarabic",
    "iso8859-7": "iso-8859-7 iso_8859-7:1987 iso_8859-7 iso-ir-126 elot_928 ecma-118 greek greek8 csisolatingreek",
    "iso8859-8": "iso-8859-8 iso_8859-8:1988 iso_8859-8 iso-ir-138 hebrew csisolatinhebrew",
    "iso8859-9": "iso-8859-9 iso_8859-9:1989 iso_8859-9 iso-ir-148 latin5 l5 csisolatin5",
    "iso8859-10": "iso-8859-10 iso-ir-157 l6 iso_8859-10:1992 csisolatin6 latin6",
    "iso8859-13": "iso-8859-13 csiso885913",
    "iso8859-14": "iso-8859-14 iso-ir-199 iso_8859-14:1998 iso_8859-14 latin8 iso-celtic l8 csiso885914",
    "iso8859-15": "iso-8859-15 iso_8859-15 latin-9 csiso885915",
    "iso8859-16": "iso-8859-16 iso-ir-226 iso_8859-16:2001 iso_8859-16 latin10 l10 csiso885916",
    **{f"cp{page}": f"windows-{page} cswindows{page}" for page in (874, *range(1250, 1259))},
    "utf-8": "utf-8 csutf8",
    "utf-16": "utf-16 csutf16",
    "utf-16be": "utf-16be csutf16be",
    "utf-16le": "utf-16le csutf16le",
    "gbk": "gbk cp936 ms936 windows-936 csgbk",
    "gb18030": "gb18030 csgb18030",
    "hz": "hz-gb-2312",
    "big5": "big5 csbig5",
    "shift_jis": "shift_jis ms_kanji csshiftjis",
    "euc-jp": "euc-jp extended_unix_code_packed_format_for_japanese cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "euc-kr": "euc-kr cseuckr",
    "koi8-r": "koi8-r cskoi8r",
    "koi8-u": "koi8-u cskoi8u",
    "cp037": "ibm037 cp037 ebcdic-cp-us ebcdic-cp-ca ebcdic-cp-wt ebcdic-cp-nl csibm037",
    "cp1140": "ibm01140 ccsid01140 cp01140 ebcdic-us-37+euro csibm01140",
    "cp437": "ibm437 cp437 437 cspc8codepage437",
    "cp850": "ibm850 cp850 850 cspc850multilingual",
    "cp852": "ibm852 cp852 852 cspcp852",
    "cp855": "ibm855 cp855 855 csibm855",
    "cp858": "ibm00858 ccsid00858 cp00858 pc-multilingual-850+euro csibm00858",
    "cp860": "ibm860 cp860 860 csibm860",
    "cp862": "ibm862 cp862 862 cspc862latinhebrew",
    "cp863": "ibm863 cp863 863 csibm863",
    "cp865": "ibm865 cp865 865 csibm865",
    "cp866": "ibm866 cp866 866 csibm866",
    "mac-roman": "macintosh mac csmacintosh",
}
_CODECS = {name: codec for codec, names in _ALIASES.items() for name in names.split()}
"""Python's name for each character encoding, by the names that IANA has registered for it."""


def _codec(name: str) -> str:
    codec = _CODECS.get(name.lower(), "")
    if not codec:
        raise ArgumentProblem(1, f'there is no support for the character encoding "{name}"')
    return codec


def _textencodebase64(arguments: Arguments, _: Type) -> Value:
    found, name = text(arguments[0]), text(arguments[1])
    codec = _codec(name)
    try:
        encoded = b"\xfe\xff" + found.encode("utf-16be") if codec == "utf-16" else found.encode(codec)
    except UnicodeEncodeError:
        raise ArgumentProblem(0, f"it has characters that {name} has not") from None
    return base64_text(encoded)


def _textdecodebase64(arguments: Arguments, _: Type) -> Value:
    name = text(arguments[1])
    codec = _codec(name)
    encoded = decode_base64(text(arguments[0]), 0)
    if codec == "utf-16" and encoded[:2] not in (b"\xfe\xff", b"\xff\xfe"):
        codec = "utf-16be"
    try:
        found = encoded.decode(codec)
    except UnicodeDecodeError:
        raise ArgumentProblem(0, f"it has bytes that mean nothing in {name}") from None
    if "\ufffd" in found:
        raise ArgumentProblem(0, f"it has bytes that mean nothing in {name}")
    return normal(found)


def _urlencode(arguments: Arguments, _: Type) -> Value:
    from urllib.parse import quote_plus

    return quote_plus(text(arguments[0]), safe="~")


def _jsonencode(arguments: Arguments, _: Type) -> Value:
    value = arguments[0]
    if is_whole(value):
        return json_text(value)
    prefix = ""
    if not isinstance(value, Unknown) or definitely_not_null(value):
        have = type_of(value)
        if have == STRING:
            prefix = '"'
        elif isinstance(have, ObjectType | MapType):
            prefix = "{"
        elif isinstance(have, TupleType | ListType | SetType):
            prefix = "["
    return Unknown(STRING, Refinement(not_null=True, prefix=prefix))


def _jsondecode_type(arguments: Arguments) -> Type:
    if not isinstance(arguments[0], Unknown):
        return DYNAMIC
    prefix = arguments[0].refinement.prefix.strip(" \t\r\n")
    if not prefix:
        return DYNAMIC
    if prefix[0] == '"':
        return STRING
    if prefix[0] in "tf":
        return BOOL
    if prefix[0] in "-0123456789":
        return NUMBER
    if prefix[0] not in "{[n":
        raise ArgumentProblem(0, f'it is no JSON, because it begins with "{prefix[0]}"')
    return DYNAMIC


def _jsondecode(arguments: Arguments, _: Type) -> Value:
    return read_json(text(arguments[0]))


def _yamlencode(arguments: Arguments, type: Type) -> Value:
    from vwplan.hcl.functions.yaml_text import yaml_text

    return yaml_text(arguments[0]) if is_whole(arguments[0]) else Unknown(type)


def _yamldecode(arguments: Arguments, _: Type) -> Value:
    # PyYAML takes a tenth of a second to import, and most specs have no use for it.
    from vwplan.hcl.functions.yaml_read import read_yaml

    return read_yaml(text(arguments[0]))


def _dynamic(arguments: Arguments) -> Type:
    return DYNAMIC


# CSV


def _rows(found: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV text, each with its line: RFC 4180, empty lines skipped."""
    at, line, size = 0, 1, len(found)
    while at < size and not (at == size - 1 and found[at] == "\r"):
        if found[at] == "\n" or found.startswith("\r\n", at):
            at += 1 if found[at] == "\n" else 2
            line += 1
            continue
        started = line
        fields: list[str] = []
        while True:
            field, at, line = (
                _quoted_field(found, at, line) if found.startswith('"', at) else _bare_field(found, at, line)
            )
            fields.append(field)
            if at < size and found[at] == ",":
                at += 1
                continue
            at += 2 if found.startswith("\r\n", at) else 1
            line += 1
            break
        yield started, fields


def _bare_field(found: str, at: int, line: int) -> tuple[str, int, int]:
    end = at
    while end < len(found) and found[end] not in ",\n":
        end += 1
    field = found[at:end]
    at_end = end >= len(found) or found[end] == "\n"
    if at_end and field.endswith("\r"):
        field = field[:-1]
        end -= 1 if end < len(found) else 0
    if '"' in field:
        raise FunctionProblem(f"this is not CSV: line {line}: a quote stands within an unquoted field")
    return field, end, line


def _quoted_field(found: str, at: int, line: int) -> tuple[str, int, int]:
    out: list[str] = []
    started = line
    at += 1
    while True:
        quote = found.find('"', at)
        if quote < 0:
            raise FunctionProblem(f"this is not CSV: line {started}: a quoted field does not end")
        piece = found[at:quote].replace("\r\n", "\n")
        out.append(piece)
        line += piece.count("\n")
        if found.startswith('""', quote):
            out.append('"')
            at = quote + 2
            continue
        at = quote + 1
        last = at == len(found) - 1 and found[at] == "\r"
        ended = at >= len(found) or last or found[at] in ",\n" or found.startswith("\r\n", at)
        if not ended:
            raise FunctionProblem(f"this is not CSV: line {line}: something follows a quoted field")
        return "".join(out), at, line


def _csvdecode(arguments: Arguments, _: Type) -> Value:
    rows = _rows(text(arguments[0]))
    header = next(rows, None)
    if header is None:
        raise FunctionProblem("this is not CSV: the line of column names is missing")
    names = [normal(name) for name in header[1]]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FunctionProblem(f'there are two columns named "{name}"')
        seen.add(name)
    made: list[Value] = []
    for line, fields in rows:
        if len(fields) != len(names):
            raise FunctionProblem(
                f"this is not CSV: line {line} has {len(fields)} fields, and there are {len(names)} columns"
            )
        made.append(ObjectValue(dict(zip(names, map(normal, fields), strict=True))))
    return ListValue(ObjectType(dict.fromkeys(names, STRING)), made)


_STR = Parameter("str", STRING)

FUNCTIONS = [
    pure("base64decode", [_STR], STRING, _base64decode),
    pure("base64encode", [_STR], STRING, lambda arguments, _: base64_text(text(arguments[0]).encode())),
    pure("base64gzip", [_STR], STRING, _base64gzip),
    pure("csvdecode", [_STR], _dynamic, _csvdecode),
    pure("jsondecode", [_STR], _jsondecode_type, _jsondecode, None, UNREFINED),
    pure("jsonencode", [Parameter("val", null=True, unknown=True, dynamic=True)], STRING, _jsonencode),
    pure("textdecodebase64", [Parameter("source", STRING), Parameter("encoding", STRING)], STRING, _textdecodebase64),
    pure("textencodebase64", [Parameter("string", STRING), Parameter("encoding", STRING)], STRING, _textencodebase64),
    pure("urlencode", [_STR], STRING, _urlencode),
    pure("yamldecode", [Parameter("src", STRING)], _dynamic, _yamldecode, None, UNREFINED),
    pure("yamlencode", [Parameter("value", null=True, dynamic=True)], STRING, _yamlencode, None, UNREFINED),
]
