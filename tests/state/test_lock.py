"""One writer at a time: who holds the lock is told, a dead holder's goes by itself, a broken one stops its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from yard import LINEAGE, Yard, holder, record

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Ended, LocalStore, Result, WriteFailed


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / ".vwplan")


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, which says a line when it is where it should be."""
    prelude = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom yard import *\n"
    child = subprocess.Popen(
        [sys.executable, "-c", prelude + textwrap.dedent(code), *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


HOLD = """
session = Yard(Path(sys.argv[1])).store.lock(holder("a long apply"), lineage=LINEAGE)
session.start("run-h", 1.0, "a long apply")
print("held", flush=True)
import time
time.sleep(60)
"""


def test_the_second_is_told_who_holds_the_lock_and_readers_go_on(yard: Yard) -> None:
    yard.run(record("network.a"))
    with yard.session("a long apply") as session:
        with pytest.raises(DiagnosticError) as refused:
            yard.store.lock(holder(), lineage=LINEAGE)
        problem = refused.value.diagnostics[0]
        assert problem.code == "state-locked"
        for part in ("tester", "here", "process 7", "a long apply", "1970-01-01 00:16:40 UTC", session.holder.id):
            assert part in problem.detail
        assert yard.store.holder() == session.holder
        assert set(yard.state().records) == {"network.a"}
    assert yard.store.holder() is None


def test_waiting_for_the_lock_ends_when_it_is_free(yard: Yard) -> None:
    naps: list[float] = []
    session = yard.store.lock(holder(), lineage=LINEAGE)

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            session.close()

    waiting = LocalStore(yard.root, machine="here", sleep=nap)
    waiting.lock(holder(), lineage=LINEAGE, timeout=60).close()
    assert len(naps) == 3


def test_the_lock_of_a_process_that_was_killed_is_free_and_its_run_is_known_to_be_dead(yard: Yard) -> None:
    with process(HOLD, str(yard.root)) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(DiagnosticError, match="a long apply"):
            yard.store.lock(holder(), lineage=LINEAGE)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with yard.store.lock(holder(), lineage=LINEAGE) as session:
            assert [run.run for run in session.dead_runs] == ["run-h"]


def test_a_broken_lock_stops_its_holder_at_the_next_write(yard: Yard) -> None:
    with yard.session() as session:
        session.start("run-b", 1.0, "apply")
        with pytest.raises(DiagnosticError) as refused:
            yard.store.force_unlock("some-other-id")
        assert refused.value.diagnostics[0].code == "other-lock"
        assert yard.store.force_unlock(session.holder.id) == session.holder
        with yard.session() as second:
            second.start("run-c", 1.0, "apply")
            with pytest.raises(WriteFailed, match="taken away"):
                session.write([Ended("run-b", "s1", Result.DONE, record("network.a"))])
            second.write([Ended("run-c", "s1", Result.DONE, record("network.b"))])
    assert set(yard.state().records) == {"network.b"}
    with pytest.raises(DiagnosticError, match="not locked"):
        yard.store.force_unlock("any")


def test_a_folder_that_is_taken_away_stops_the_writer(yard: Yard) -> None:
    with yard.session() as session:
        session.start("run-d", 1.0, "apply")
        yard.folder.path.rename(yard.folder.path.with_name("elsewhere"))
        with pytest.raises(WriteFailed):
            session.write([Ended("run-d", "s1", Result.DONE, record("network.a"))])
        assert session.broken


RACE = """
yard = Yard(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with yard.store.lock(holder(), lineage=LINEAGE, timeout=120) as session:
        run = f"{sys.argv[2]}-{number}"
        session.start(run, 1.0, "apply")
        session.write([Ended(run, "s1", Result.DONE, record(f"network.n{len(session.ledger.records)}"))])
        session.finish(RunEnded(run, 2.0, "done"))
"""


def race(yard: Yard, turns: int) -> None:
    with (
        process(RACE, str(yard.root), "left", str(turns)) as one,
        process(RACE, str(yard.root), "right", str(turns)) as two,
    ):
        assert one.wait(300) == 0
        assert two.wait(300) == 0
    state = yard.state()
    assert state.serial == 2 * turns
    assert set(state.records) == {f"network.n{number}" for number in range(2 * turns)}


def test_two_processes_racing_for_the_lock_never_write_over_each_other(yard: Yard) -> None:
    race(yard, 15)


@pytest.mark.slow
def test_two_processes_racing_five_hundred_times_each_never_write_over_each_other(yard: Yard) -> None:
    race(yard, 500)
