"""Several at work on one stack: claims, seats, and leases that lapse."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stores import begun, holder, lock, make, record, store_of

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Ended, Record, Recorded, Result, RunEnded
from vwplan.state.claims import Claims, Seat, seats_of
from vwplan.state.problems import WriteFailed

pytestmark = pytest.mark.server


def claims(*writes: str, reads: tuple[str, ...] = (), seats: tuple[Seat, ...] = (), longest: float = 1.0) -> Claims:
    return Claims(frozenset(writes), frozenset(reads), seats, longest)


def code(problem: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return problem.value.diagnostics[0].code


def box(name: str, address: str, mac: str = "d6:00:00:00:00:01", network: str = "net-1", **more: Any) -> Record:
    nic = {"network": network, "address": address, "mac": mac}
    return record(f"workspace.{name}", arguments={"nic": [nic]}, **more)


def test_who_plans_keeps_others_out_until_its_run_begins(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"), record("network.b"))
    with lock(store, who="ann") as ann:
        with pytest.raises(DiagnosticError, match="ann on here") as refused:
            lock(store, who="bob")
        assert code(refused) == "state-locked"
        assert ann.claim(claims("network.a"))
        ann.start("run-ann", 1.0, "apply")
        with lock(store, who="bob") as bob:
            assert bob.claim(claims("network.b"))
            bob.start("run-bob", 1.0, "apply")
            for session, run, name in ((bob, "run-bob", "b"), (ann, "run-ann", "a")):
                one = record(f"network.{name}", digest="changed")
                session.write([begun(run, "s1", one, "update")])
                session.write([Ended(run, "s1", Result.DONE, one)])
                session.finish(RunEnded(run, 2.0, "done"))
    stored = store.read()
    assert stored is not None
    assert {one.digest for one in stored.state.records.values()} == {"changed"}
    assert stored.state.serial == 3
    assert (stored.running, stored.unfinished) == ((), ())


@pytest.mark.parametrize(
    ("mine", "theirs", "clash"),
    [
        (claims("network.a"), claims("network.a"), True),
        (claims("network.a"), claims("network.b", reads=("network.a",)), True),
        (claims("network.a", reads=("network.c",)), claims("network.c"), True),
        (claims("network.a", reads=("network.c",)), claims("network.b", reads=("network.c",)), False),
        (claims("network.a"), claims("*"), True),
        (claims("*"), claims("network.b"), True),
    ],
    ids=["both write", "they read what I write", "they write what I read", "both read", "they want all", "I have all"],
)
def test_what_overlaps_is_refused_saying_who_has_it(
    database: str, tmp_path: Path, mine: Claims, theirs: Claims, clash: bool
) -> None:
    store = store_of(database, tmp_path)
    make(store, *(record(f"network.{name}") for name in "abc"))
    with lock(store, who="ann") as ann:
        assert ann.claim(mine)
        if "*" not in mine.writes:
            ann.start("run-ann", 1.0, "apply")
        else:
            with psycopg.connect(database) as connection:
                connection.execute("UPDATE vwplan.sessions SET gate = false")
        with lock(store, who="bob") as bob:
            if not clash:
                assert bob.claim(theirs)
                return
            with pytest.raises(DiagnosticError, match="ann on here") as refused:
                bob.claim(theirs)
            assert code(refused) == "state-claimed"
            assert "force-unlock session-" in refused.value.diagnostics[0].detail


def test_who_waits_for_rows_plans_again_on_what_has_become_of_them(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"))
    ann = lock(store)
    ann.claim(claims("network.a"))
    ann.start("run-ann", 1.0, "apply")

    def end() -> None:
        time.sleep(0.4)
        ann.write([Recorded("run-ann", (record("network.a", digest="ann's"),))])
        ann.finish(RunEnded("run-ann", 2.0, "done"))
        ann.close()

    ender = threading.Thread(target=end)
    with lock(store, timeout=60) as bob:
        ender.start()
        assert not bob.claim(claims("network.a"))
        assert bob.state().records["network.a"].digest == "ann's"
        assert bob.claim(claims("network.a"))
        bob.start("run-bob", 3.0, "apply")
    ender.join()


def test_a_run_without_claims_has_the_whole_stack(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    with lock(store) as session:
        session.start("run-a", 1.0, "state mv")
        with pytest.raises(DiagnosticError) as refused:
            lock(store)
        assert code(refused) == "state-locked"


def test_a_row_that_was_not_claimed_is_claimed_when_it_is_written_or_not_written(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"), record("network.b"))
    with lock(store) as ann:
        ann.claim(claims("network.a"))
        ann.start("run-ann", 1.0, "apply")
        with lock(store) as bob:
            bob.claim(claims("network.b"))
            bob.start("run-bob", 1.0, "apply")
            bob.write([Recorded("run-bob", (record("network.new"),))])
            ended = Ended("run-bob", "s0", Result.DONE, record("network.b", digest="known"))
            with pytest.raises(WriteFailed):
                bob.write([ended, begun("run-bob", "s1", record("network.a"))])
            assert bob.unfinished == ()
            bob.finish(RunEnded("run-bob", 2.0, "failed"))
        with pytest.raises(DiagnosticError):
            store.restore(holder())
    stored = store.read()
    assert stored is not None
    assert stored.state.records["network.b"].digest == "known"
    assert {step.run for step in stored.unfinished} == set()


def test_no_address_and_no_mac_is_given_to_two(database: str, tmp_path: Path) -> None:
    store, other = store_of(database, tmp_path), store_of(database, tmp_path, "other")
    make(store, box("a", "10.0.0.5"))
    for wanted in (box("b", "10.0.0.5", "d6:00:00:00:00:02"), box("b", "10.0.0.9")):
        with lock(other) as session:
            with pytest.raises(DiagnosticError, match=r'workspace\.a of the stack "default"') as refused:
                session.claim(claims("workspace.b", seats=tuple(seats_of(wanted))))
            assert code(refused) == "seat-taken"
        with lock(other) as session:
            session.start("run-x", 1.0, "apply")
            with pytest.raises(WriteFailed):
                session.write([begun("run-x", "s1", wanted)])
            session.finish(RunEnded("run-x", 1.0, "failed"))
    make(other, box("b", "10.0.0.5", network="net-2", mac="d6:00:00:00:00:03"))
    make(store, drops=("id-workspace.a",))
    make(other, box("c", "10.0.0.5"))


def test_an_address_that_another_apply_is_giving_out_is_not_given_twice(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    wanted = tuple(seats_of(box("a", "10.0.0.5")))
    ann = lock(store)
    ann.claim(claims("workspace.a", seats=wanted))
    ann.start("run-ann", 1.0, "apply")
    with lock(store) as bob:
        again = tuple(Seat(seat.scope, seat.value, "workspace.b") for seat in wanted)
        with pytest.raises(DiagnosticError, match=r"workspace\.a"):
            bob.claim(claims("workspace.b", seats=again))
    ann.finish(RunEnded("run-ann", 2.0, "failed"))
    ann.close()
    with lock(store) as bob:
        assert bob.claim(claims("workspace.b", seats=again))


def test_a_replacement_has_the_address_of_what_it_replaces_and_machines_may_swap(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    a, b = box("a", "10.0.0.5"), box("b", "10.0.0.6", "d6:00:00:00:00:02")
    make(store, a, b)
    new = box("a", "10.0.0.5", identity="new")
    make(store, new, drops=(a.identity,))
    with lock(store) as session:
        session.start("run-s", 1.0, "apply")
        swapped = (
            box("a", "10.0.0.6", "d6:00:00:00:00:02", identity="new"),
            box("b", "10.0.0.5", identity=b.identity),
        )
        session.write([Recorded("run-s", swapped)])
        session.finish(RunEnded("run-s", 1.0, "done"))
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT value, owner FROM vwplan.seats WHERE scope = 'network net-1'").fetchall()
    assert sorted(found) == [("10.0.0.5", "workspace.b"), ("10.0.0.6", "workspace.a")]


def vanish(session: Any, database: str) -> None:
    """Let a holder die as on another machine: nobody hears of it any more, and nobody can tell."""
    session._link._heart.stop()
    session._link._connection.close()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE vwplan.sessions SET process = 'elsewhere' WHERE id = %s", (session.holder.id,))


def lapsed(session: Any, database: str, seconds: float) -> None:
    """Let a session's lease have lapsed so long ago, by the server's clock, which is the only one that counts."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "UPDATE vwplan.sessions SET lapses = clock_timestamp() - make_interval(secs => %s) WHERE id = %s",
            (seconds, session.holder.id),
        )


def test_a_dead_holder_is_noticed_after_its_lease_and_its_longest_deadline_and_settled(
    database: str, tmp_path: Path
) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"))
    dead = lock(store)
    dead.claim(claims("network.a", longest=300))
    dead.start("run-dead", 1.0, "apply")
    dead.write([begun("run-dead", "s1", record("network.a", digest="half"), "update")])
    vanish(dead, database)
    with lock(store) as early:
        with pytest.raises(DiagnosticError) as refused:
            early.claim(claims("network.a"))
        assert "counts as dead" not in refused.value.diagnostics[0].detail, "its lease has not lapsed yet"
    lapsed(dead, database, 200)
    with lock(store) as early:
        assert early.dead_runs == ()
        with pytest.raises(DiagnosticError, match="counts as dead in") as refused:
            early.claim(claims("network.a"))
        assert code(refused) == "state-claimed"
        assert early.claim(claims("network.z"))
    lapsed(dead, database, 301)
    with lock(store) as taker:
        assert [run.run for run in taker.dead_runs] == ["run-dead"]
        assert [step.step for step in taker.unfinished] == ["s1"]
        taker.start("run-settle", 5.0, "recover")
        with pytest.raises(DiagnosticError):
            lock(store)
        taker.write([Ended("run-dead", "s1", Result.SETTLED), RunEnded("run-dead", 5.0, "settled")])
        taker.finish(RunEnded("run-settle", 5.0, "done"))
        assert taker.claim(claims("network.a"))
    stored = store.read()
    assert stored is not None
    assert stored.running == ()
    assert "run-dead" in stored.state.previous_writers


def test_what_a_paused_holder_had_belongs_to_the_taker_and_it_begins_and_writes_nothing_more(
    database: str, tmp_path: Path
) -> None:
    store = store_of(database, tmp_path, lease=0.8)
    paused = lock(store)
    paused.claim(claims("network.a", longest=0.1))
    paused.start("run-p", 1.0, "apply")
    paused._link._heart.stop()
    time.sleep(1.3)
    with lock(store) as taker:
        assert [run.run for run in taker.dead_runs] == ["run-p"]
        with pytest.raises(WriteFailed) as refused:
            paused.write([begun("run-p", "s1", record("network.a"))])
        assert refused.value.diagnostics[0].code == "lock-lost"
        assert paused.broken
        assert taker.unfinished == ()
    paused.close()


def test_a_holder_that_stood_still_between_writing_and_acting_does_not_act(database: str, tmp_path: Path) -> None:
    now = [100.0]
    store = store_of(database, tmp_path, lease=30.0, boot=lambda: now[0])
    with lock(store) as session:
        session.start("run-p", 1.0, "apply")
        inner = session._write

        def stand_still(*given: Any, **more: Any) -> None:
            inner(*given, **more)
            now[0] += 60.0

        session._write = stand_still  # type: ignore[method-assign]
        with pytest.raises(WriteFailed) as refused:
            session.write([begun("run-p", "s1", record("network.a"))])
        assert refused.value.diagnostics[0].code == "lease-lapsed"
        session._write = inner  # type: ignore[method-assign]
        session.write([begun("run-p", "s2", record("network.b"))])
        assert [step.step for step in session.unfinished] == ["s1", "s2"]


def test_a_broken_session_writes_nothing_more_and_its_work_is_rescued(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    session = lock(store)
    session.start("run-b", 1.0, "apply")
    session.write([begun("run-b", "s1", record("network.a"))])
    found = store.holder()
    assert found is not None
    assert store.force_unlock(found.id).id == session.holder.id
    with pytest.raises(WriteFailed):
        session.write([Ended("run-b", "s1", Result.DONE, record("network.a"))])
    path = session.save_rescue("run-b")
    assert path is not None
    assert path.parent == store.folder.path
    session.close()
    with pytest.raises(DiagnosticError) as refused:
        store.force_unlock(found.id)
    assert code(refused) == "not-locked"
    with lock(store) as taker:
        assert taker.state().records == {"network.a": record("network.a")}
        assert taker.unfinished == ()
        assert [run.run for run in taker.dead_runs] == ["run-b"]
    assert not path.exists()
    stored = store.read()
    assert stored is not None
    assert set(stored.state.records) == {"network.a"}


def test_a_process_of_this_machine_that_died_is_not_waited_for(database: str, tmp_path: Path) -> None:
    import os
    import subprocess

    code = (
        "import sys, os; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from stores import *\n"
        "session = lock(store_of(sys.argv[2], Path(sys.argv[3]), lease=600.0))\n"
        "session.start('run-k', 1.0, 'apply')\n"
        "session.write([begun('run-k', 's1', record('network.a'))])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), database, str(tmp_path)], check=False
    )
    assert died.returncode == -9
    assert os.getpid()
    with lock(store_of(database, tmp_path)) as taker:
        assert [run.run for run in taker.dead_runs] == ["run-k"]
        assert [step.step for step in taker.unfinished] == ["s1"]
