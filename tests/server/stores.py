"""Shared states for tests: stores with short leases, sessions, and a simulated field whose state is in the database."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
sys.path.insert(0, str(Path(__file__).parents[1] / "state"))
from field import LINEAGE, Field, box, image, network, volume
from yard import record

from vwplan.state import Begun, Ended, Entry, Holder, OutputValue, Record, Result, Roster, RunEnded
from vwplan.state.entries import Outputs, Rosters
from vwplan.state.postgres.session import PostgresSession
from vwplan.state.postgres.store import PostgresStore

__all__ = [
    "LINEAGE",
    "ServerField",
    "begun",
    "box",
    "holder",
    "image",
    "lock",
    "make",
    "network",
    "record",
    "store_of",
    "volume",
]

_numbers = itertools.count(1)


def holder(doing: str = "apply", who: str = "tester") -> Holder:
    return Holder(f"session-{os.getpid()}-{next(_numbers)}", who, "here", 7, 1000.0, doing)


def store_of(database: str, root: Path, stack: str = "default", **more: Any) -> PostgresStore:
    more = {"lease": 20.0, "patience": 60.0, **more}
    return PostgresStore(database, root / ".vwplan", stack, **more)


def lock(store: PostgresStore, timeout: float = 0.0, who: str = "tester") -> PostgresSession:
    return store.lock(holder(who=who), lineage=LINEAGE, timeout=timeout)


def begun(run: str, step: str, one: Record, verb: str = "create") -> Begun:
    return Begun(run, step, verb, one.address, one.kind, one.identity, one.name, "simulated/default", record=one)


def make(store: PostgresStore, *records: Record, drops: tuple[str, ...] = (), session: Any = None) -> str:
    """One run that makes some records and drops others; gives its id."""
    run = f"run-{next(_numbers)}"
    with session or lock(store) as work:
        work.start(run, 1000.0, "apply", plan=b"{}", key_id="key-1")
        for number, one in enumerate(records):
            work.write([begun(run, f"s{number}", one)])
            work.write([Ended(run, f"s{number}", Result.DONE, one, elapsed=0.5)])
        more: list[Entry] = [Ended(run, f"d{n}", Result.DONE, drops=drop) for n, drop in enumerate(drops)]
        more.append(Rosters(run, {"cluster.c": Roster(1, ({"name": "a"},), {"nfs": "/x"})}))
        more.append(Outputs(run, {"out": OutputValue([1, "zwei ü \0 \ud800"], ["tuple", ["number", "string"]])}))
        work.write(more)
        work.finish(RunEnded(run, 1001.0, "done"))
    return run


class ServerField(Field):
    """A simulated field whose state is in a database."""

    def __init__(self, root: Path, database: str, host: dict[str, Any] | None = None, **more: Any) -> None:
        super().__init__(root, host)
        self.database = database
        self.more = more

    def store(self, stack: str = "default") -> Any:
        return store_of(self.database, self.root, stack, **self.more)
