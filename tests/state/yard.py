"""A place to keep states in for tests: records made up from their names, sessions under a counted lock."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vwplan.state import (
    Begun,
    Disk,
    Ended,
    Holder,
    LocalSession,
    LocalStore,
    Outputs,
    OutputValue,
    Ready,
    Record,
    Recorded,
    Result,
    Roster,
    Rosters,
    RunEnded,
    State,
    Status,
)

LINEAGE = "6f6f3c9e-0000-4000-8000-00000000057a"

_numbers = itertools.count(1)


def holder(doing: str = "apply") -> Holder:
    return Holder(f"lock-{next(_numbers)}", "tester", "here", 7, 1000.0, doing)


def record(address: str, identity: str = "", **fields: object) -> Record:
    kind = (
        "workspace" if ".head" in address or ".workers" in address else address.rpartition("module.")[2].split(".")[-2]
    )
    made: dict[str, object] = {
        "arguments": {"resources": {"cpus": 1, "memory": 512}, "power": "running"},
        "facts": {"address": "10.0.0.2"},
        "writer": "run-1",
        "digest": "d1",
        "parts": ("disk", "seed"),
        "ready": Ready(12.5, "boot-1"),
        **fields,
    }
    return Record(
        address, kind, identity or f"id-{address}", 0, f"t-{address}", "simulated", "default", "host-uuid", **made
    )  # type: ignore[arg-type]


class Yard:
    """One stack in a folder."""

    def __init__(self, root: Path, disk: Disk | None = None, stack: str = "default", machine: str = "here") -> None:
        self.root = root
        self.store = LocalStore(root, stack, disk=disk, machine=machine)
        self.folder = self.store.folder

    @contextmanager
    def session(self, doing: str = "apply") -> Iterator[LocalSession]:
        session = self.store.lock(holder(doing), lineage=LINEAGE)
        try:
            yield session
        finally:
            session.close()

    def run(self, *records: Record, drops: tuple[str, ...] = (), compact: bool = False, doing: str = "apply") -> State:
        """One run that makes some records, drops others, and sets an output and a roster."""
        run = f"run-{next(_numbers)}"
        with self.session(doing) as session:
            session.start(run, 1000.0, doing, plan=b"{}", key_id="key-1")
            for number, one in enumerate(records):
                session.write(
                    [
                        Begun(
                            run,
                            f"s{number}",
                            "create",
                            one.address,
                            one.kind,
                            one.identity,
                            one.name,
                            "simulated/default",
                            record=one,
                        )
                    ]
                )
                session.write([Ended(run, f"s{number}", Result.DONE, one, elapsed=0.5)])
            if drops:
                session.write([Recorded(run, (), drops)])
            session.write([Rosters(run, {"cluster.c": Roster(1, ({"name": "a"},), {"nfs": "/x"})})])
            session.write([Outputs(run, {"out": OutputValue([1, "zwei ü"], ["tuple", ["number", "string"]])})])
            session.finish(RunEnded(run, 1001.0, "done"))
            if compact:
                session.compact()
            return session.state()

    def state(self) -> State:
        stored = self.store.read()
        assert stored is not None
        return stored.state


def some() -> list[Record]:
    return [
        record("network.fabric"),
        record('workspace.login["a"]', status=Status.TAINTED),
        record("cluster.c.head", epoch=3, depends=("network.fabric",)),
        record("cluster.c.workers.compute[0]", lifecycle={"on_destroy": "pause"}),
    ]
