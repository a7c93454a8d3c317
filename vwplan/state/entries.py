"""What a journal says: the runs that were started, the steps begun and ended, and what else changed the state.

Every entry is a value; each is written as one line (see `vwplan.state.journal`) and folded into a state by
`vwplan.state.fold`. Folding an entry twice is the same as folding it once, so that entries saved elsewhere after a failed write
can be laid over what did reach the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.state.records import OutputValue, Plain, Record, Roster
from vwplan.state.wire import (
    output_from_plain,
    output_to_plain,
    record_from_plain,
    record_to_plain,
    roster_from_plain,
    roster_to_plain,
)


class Result(Enum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    """It failed, and what it left was read and is recorded."""
    UNCERTAIN = "uncertain"
    """Nobody knows yet: it stays unfinished until it is settled."""
    SETTLED = "settled"
    """Another run read what it left, and recorded that."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began to change things; the state's serial is `serial` from here on.

    `at` is seconds since the epoch, `who` user@host, `doing` the command in words. `key_id` names the stack key in use.
    """

    run: str
    serial: int
    at: float
    who: str
    pid: int
    doing: str
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step is about to be asked of a provider: on disk before the provider hears of it.

    `record` is what was planned to be recorded once it succeeds, None when the record goes; `drops` the identity whose
    record goes then. `host` is the host's key (`libvirt.site/a`), `host_uuid` the hypervisor's own name as planned.
    """

    run: str
    step: str
    verb: str
    key: str
    kind: str
    identity: str
    name: str
    host: str
    host_uuid: str = ""
    birth: int = 0
    record: Record | None = None
    drops: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a begun step: the record as it is now, and the identity whose record goes.

    Neither: the state is as before. An `UNCERTAIN` step stays among the unfinished ones. `elapsed` is in seconds.
    """

    run: str
    step: str
    result: Result
    record: Record | None = None
    drops: str = ""
    note: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """Records that were set or dropped together, with no call to a provider: moves, forgotten and kept objects, imports.

    All of it holds at once, so that two resources can change places. `writers` are runs whose marks stay ours though no record
    says so any more: they wrote what is let go of.
    """

    run: str
    records: tuple[Record, ...] = ()
    drops: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rosters:
    """Rosters that were set, by cluster address, and those of clusters that are gone."""

    run: str
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    drops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outputs:
    """All outputs of the root module as they are from here on."""

    run: str
    outputs: Mapping[str, OutputValue]


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over: `result` is `done`, `failed`, `interrupted` or `settled` (ended for it by a later run)."""

    run: str
    at: float
    result: str


Entry = RunStarted | Begun | Ended | Recorded | Rosters | Outputs | RunEnded


def entry_to_plain(entry: Entry) -> dict[str, Plain]:
    """An entry as a JSON-able mapping; `is` tells which it is."""
    return _WRITERS[type(entry)](entry)


def entry_from_plain(plain: Mapping[str, Plain]) -> Entry:
    """The entry that `entry_to_plain` wrote."""
    fields = dict(plain)
    return _READERS[fields.pop("is")](fields)


def _started(entry: RunStarted) -> dict[str, Plain]:
    plain: dict[str, Plain] = {
        "is": "run",
        "run": entry.run,
        "serial": entry.serial,
        "at": entry.at,
        "who": entry.who,
        "pid": entry.pid,
        "doing": entry.doing,
    }
    if entry.key_id:
        plain["key_id"] = entry.key_id
    return plain


def _begun(entry: Begun) -> dict[str, Plain]:
    plain: dict[str, Plain] = {
        "is": "begin",
        "run": entry.run,
        "step": entry.step,
        "verb": entry.verb,
        "key": entry.key,
        "kind": entry.kind,
        "identity": entry.identity,
        "name": entry.name,
        "host": entry.host,
        "host_uuid": entry.host_uuid,
        "birth": entry.birth,
    }
    if entry.record is not None:
        plain["record"] = record_to_plain(entry.record)
    if entry.drops:
        plain["drops"] = entry.drops
    return plain


def _read_begun(fields: dict[str, Plain]) -> Begun:
    if "record" in fields:
        fields["record"] = record_from_plain(fields["record"])
    return Begun(**fields)


def _ended(entry: Ended) -> dict[str, Plain]:
    plain: dict[str, Plain] = {
        "is": "end",
        "run": entry.run,
        "step": entry.step,
        "result": entry.result.value,
        "elapsed": round(entry.elapsed, 3),
    }
    if entry.record is not None:
        plain["record"] = record_to_plain(entry.record)
    if entry.drops:
        plain["drops"] = entry.drops
    if entry.note:
        plain["note"] = entry.note
    return plain


def _read_ended(fields: dict[str, Plain]) -> Ended:
    if "record" in fields:
        fields["record"] = record_from_plain(fields["record"])
    fields["result"] = Result(fields["result"])
    return Ended(**fields)


def _recorded(entry: Recorded) -> dict[str, Plain]:
    records = [record_to_plain(record) for record in entry.records]
    plain: dict[str, Plain] = {"is": "records", "run": entry.run, "records": records, "drops": entry.drops}
    if entry.writers:
        plain["writers"] = entry.writers
    return plain


def _read_recorded(fields: dict[str, Plain]) -> Recorded:
    records = tuple(record_from_plain(plain) for plain in fields["records"])
    return Recorded(fields["run"], records, tuple(fields["drops"]), tuple(fields.get("writers", ())))


def _rosters(entry: Rosters) -> dict[str, Plain]:
    rosters = {key: roster_to_plain(roster) for key, roster in entry.rosters.items()}
    return {"is": "rosters", "run": entry.run, "rosters": rosters, "drops": entry.drops}


def _read_rosters(fields: dict[str, Plain]) -> Rosters:
    rosters = {key: roster_from_plain(plain) for key, plain in fields["rosters"].items()}
    return Rosters(fields["run"], rosters, tuple(fields["drops"]))


def _outputs(entry: Outputs) -> dict[str, Plain]:
    outputs = {name: output_to_plain(output) for name, output in entry.outputs.items()}
    return {"is": "outputs", "run": entry.run, "outputs": outputs}


def _read_outputs(fields: dict[str, Plain]) -> Outputs:
    outputs = {name: output_from_plain(plain) for name, plain in fields["outputs"].items()}
    return Outputs(fields["run"], outputs)


def _run_ended(entry: RunEnded) -> dict[str, Plain]:
    return {"is": "over", "run": entry.run, "at": entry.at, "result": entry.result}


_WRITERS: Mapping[type, Callable[[Any], dict[str, Plain]]] = {
    RunStarted: _started,
    Begun: _begun,
    Ended: _ended,
    Recorded: _recorded,
    Rosters: _rosters,
    Outputs: _outputs,
    RunEnded: _run_ended,
}

_READERS: Mapping[str, Callable[[dict[str, Plain]], Entry]] = {
    "run": lambda fields: RunStarted(**fields),
    "begin": _read_begun,
    "end": _read_ended,
    "records": _read_recorded,
    "rosters": _read_rosters,
    "outputs": _read_outputs,
    "over": lambda fields: RunEnded(**fields),
}
