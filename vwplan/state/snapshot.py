"""The text of a snapshot: one JSON document, sorted, one record per line, with a checksum at its end.

The checksum is over every byte before it, so that a cut or altered text is never taken for a state.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from vwplan.state import upgrades
from vwplan.state.cover import SEALED
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.records import State
from vwplan.state.upgrades import upgraded
from vwplan.state.wire import (
    Unreadable,
    decode,
    encode_sorted,
    output_from_plain,
    output_to_plain,
    record_from_plain,
    record_to_plain,
    roster_from_plain,
    roster_to_plain,
    to_bytes,
)

FORMAT = 1
"""The version of the format that is written here; an older one is upgraded when read, a newer one refused."""

_HEAD = re.compile(rb'\{"vwplan_state": (\d{1,9}),\n')
_TAIL = re.compile(rb'"checksum": "(sha256:[0-9a-f]{64})"\}\n')
_TAIL_LENGTH = len('"checksum": "sha256:"}\n') + 64
_FIELDS = {
    "vwplan_state",
    "lineage",
    "serial",
    "key_id",
    "previous_writers",
    "outputs",
    "rosters",
    "records",
    "deposed",
}


def write_snapshot(state: State) -> bytes:
    """The text of a state; the same state always has the same text."""
    records = (encode_sorted(record_to_plain(state.records[key])) for key in sorted(state.records))
    deposed = (encode_sorted(record_to_plain(state.deposed[key])) for key in sorted(state.deposed))
    outputs = (_pair(name, output_to_plain(state.outputs[name])) for name in sorted(state.outputs))
    rosters = (_pair(key, roster_to_plain(state.rosters[key])) for key in sorted(state.rosters))
    text = (
        f'{{"vwplan_state": {FORMAT},\n'
        f'"lineage": {encode_sorted(state.lineage)},\n'
        f'"serial": {state.serial},\n'
        f'"key_id": {encode_sorted(state.key_id)},\n'
        f'"previous_writers": {encode_sorted(sorted(state.previous_writers))},\n'
        f'"outputs": {{{_lines(outputs)}}},\n'
        f'"rosters": {{{_lines(rosters)}}},\n'
        f'"records": [{_lines(records)}],\n'
        f'"deposed": [{_lines(deposed)}],\n'
    )
    body = to_bytes(text)
    return body + f'"checksum": "sha256:{hashlib.sha256(body).hexdigest()}"}}\n'.encode()


def checksum_of(text: bytes) -> str:
    """The checksum that stands at the end of a snapshot's text; `Damaged` if it is not that of the text before it."""
    if text.startswith(SEALED):
        raise Damaged("it is sealed, and does not open with its key: it was altered, or cut off")
    tail = _TAIL.fullmatch(text[-_TAIL_LENGTH:])
    if tail is None:
        raise Damaged("it is cut off: its end is not there" if text else "it is empty")
    if hashlib.sha256(memoryview(text)[:-_TAIL_LENGTH]).hexdigest().encode() != tail[1][7:]:
        raise Damaged("it was altered: its checksum is another")
    return tail[1].decode()


def read_snapshot(text: bytes) -> State:
    """The state of a snapshot's text; `Damaged` or `NewerFormat` if it is none that can be trusted."""
    head = _HEAD.match(text)
    try:
        checksum_of(text)
    except Damaged:
        if head is not None and int(head[1]) > FORMAT:
            raise NewerFormat(int(head[1])) from None
        raise
    if head is None:
        raise Damaged("it is no state of vwplan")
    if int(head[1]) > FORMAT:
        raise NewerFormat(int(head[1]))
    try:
        return _state(text, int(head[1]))
    except Damaged:
        raise
    except Unreadable as problem:
        raise Damaged(f"it cannot be read: {problem}") from problem


def format_of(text: bytes) -> int:
    """The format of a snapshot's text that was read; today's for anything else."""
    head = _HEAD.match(text)
    return FORMAT if head is None else int(head[1])


def _state(text: bytes, format: int) -> State:
    plain = decode(text)
    del plain["checksum"]
    plain = upgraded(plain, format, FORMAT, upgrades.STATES)
    if plain.keys() != _FIELDS:
        raise ValueError("its fields are not those of a state")
    records = [record_from_plain(found) for found in plain["records"]]
    deposed = [record_from_plain(found) for found in plain["deposed"]]
    return State(
        lineage=_text(plain["lineage"]),
        serial=int(plain["serial"]),
        records={record.address: record for record in records},
        deposed={record.identity: record for record in deposed},
        rosters={key: roster_from_plain(found) for key, found in plain["rosters"].items()},
        outputs={name: output_from_plain(found) for name, found in plain["outputs"].items()},
        previous_writers=frozenset(_text(run) for run in plain["previous_writers"]),
        key_id=_text(plain["key_id"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text is missing")
    return value


def _pair(key: str, plain: object) -> str:
    return f"{encode_sorted(key)}: {encode_sorted(plain)}"


def _lines(items: Iterable[str]) -> str:
    joined = ",\n".join(items)
    return f"\n{joined}" if joined else ""
