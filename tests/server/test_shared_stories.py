"""A state in a database: the stories of the local store, where they apply."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stores import LINEAGE, ServerField, begun, box, holder, image, lock, make, network, record, store_of, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Ended, Recorded, Result, RunEnded, State, Status, write_snapshot

pytestmark = pytest.mark.server


def code(problem: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return problem.value.diagnostics[0].code


def test_where_there_never_was_a_state_there_is_none_and_nothing_is_made_by_looking(
    database: str, tmp_path: Path
) -> None:
    import psycopg

    assert store_of(database, tmp_path).read() is None
    assert store_of(database, tmp_path).history() == ()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('vwplan')").fetchone() == (None,)


def test_a_state_is_there_for_readers_as_soon_as_it_is_written(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    one = record("network.a")
    with lock(store) as session:
        session.start("run-a", 1.0, "apply")
        session.write([begun("run-a", "s1", one)])
        stored = store.read()
        assert stored is not None
        assert [step.step for step in stored.unfinished] == ["s1"]
        assert [run.run for run in stored.running] == ["run-a"]
        assert stored.state.previous_writers == {"run-a"}
        session.write([Ended("run-a", "s1", Result.DONE, one)])
        session.finish(RunEnded("run-a", 2.0, "done"))
    stored = store.read()
    assert stored is not None
    assert stored.state.records == {"network.a": one}
    assert (stored.state.serial, stored.unfinished, stored.running) == (1, (), ())


def test_every_kind_of_value_comes_back_the_same(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    odd = record("volume.v", facts={"text": "zwei ü \0 \ud800", "number": 1.5, "deep": {"a": [True, None]}})
    with lock(store) as session:
        session.start("run-a", 1.0, "apply", key_id="key-1")
        session.write([Recorded("run-a", (odd, record("workspace.w", status=Status.TAINTED, epoch=4)))])
        session.finish(RunEnded("run-a", 1.0, "done"))
        kept = session.state()
    make(store, record("network.n"))
    stored = store.read()
    assert stored is not None
    assert stored.state.records["volume.v"] == kept.records["volume.v"] == odd
    assert stored.state.records["workspace.w"] == kept.records["workspace.w"]
    assert stored.state.outputs["out"].value == [1, "zwei ü \0 \ud800"]
    assert stored.state.rosters["cluster.c"].provides == {"nfs": "/x"}
    assert (stored.state.key_id, stored.state.serial) == ("key-1", 2)


def test_resources_can_change_places_and_deposed_ones_are_kept_apart(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    a, b = record("network.a"), record("network.b")
    make(store, a, b)
    with lock(store) as session:
        session.start("run-s", 1.0, "apply")
        session.write([Recorded("run-s", (replace(a, address="network.b"), replace(b, address="network.a")))])
        session.write([begun("run-s", "s1", record("network.a", "new"))])
        session.write([Ended("run-s", "s1", Result.DONE, record("network.a", "new"))])
        session.finish(RunEnded("run-s", 1.0, "done"))
        kept = session.state()
    stored = store.read()
    assert stored is not None
    assert {key: one.identity for key, one in stored.state.records.items()} == {
        "network.a": "new",
        "network.b": a.identity,
    }
    assert set(stored.state.deposed) == {b.identity}
    assert stored.state == replace(kept, previous_writers=frozenset())


def test_any_version_can_be_had_back_under_a_serial_above_all(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    for number in range(4):
        make(store, record(f"network.n{number}"))
    history = store.history()
    assert [(version.serial, version.records) for version in history] == [(4, 4), (3, 3), (2, 2), (1, 1), (0, 0)]
    assert set(store.version(2).records) == {"network.n0", "network.n1"}
    restored = store.restore(holder(), 2)
    assert restored.state.serial == 5
    stored = store.read()
    assert stored is not None
    # What was made since exists, so it stays recorded: as kept, which no plan destroys unless it is asked to.
    assert restored.since == ("network.n2", "network.n3")
    kept = {name for name, one in stored.state.records.items() if one.status is Status.KEPT}
    assert set(stored.state.records) - kept == {"network.n0", "network.n1"}
    assert kept == {"network.n2", "network.n3"}
    assert stored.state.previous_writers >= {version.run for version in history if version.run}
    assert set(store.version(4).records) == {f"network.n{number}" for number in range(4)}
    with pytest.raises(DiagnosticError, match="no state of serial 99"):
        store.version(99)
    make(store, record("network.after"))


def test_bases_are_made_as_entries_grow_and_old_ones_go(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwplan.state.postgres.past.LEAST", 10)
    monkeypatch.setattr("vwplan.state.postgres.past.KEPT", 2)
    store = store_of(database, tmp_path)
    for number in range(12):
        make(store, *(record(f"network.n{index}") for index in range(number % 3 + 1)))
    history = store.history()
    assert 2 <= len(history) < 12
    for version in history:
        assert len(store.version(version.serial).records) == version.records


def test_a_pulled_state_can_be_pushed_but_not_over_a_newer_or_a_foreign_one(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"))
    stored = store.read()
    assert stored is not None
    pulled = write_snapshot(stored.state)
    assert store.push(holder(), pulled).state.serial == 2
    with pytest.raises(DiagnosticError) as refused:
        store.push(holder(), pulled)
    assert code(refused) == "state-older"
    with pytest.raises(DiagnosticError) as refused:
        store.push(holder(), write_snapshot(replace(stored.state, lineage="another", serial=9)))
    assert code(refused) == "state-foreign"
    with pytest.raises(DiagnosticError) as refused:
        store.push(holder(), pulled[:-40])
    assert code(refused) == "not-a-state"
    assert store.push(holder(), pulled, force=True).state.serial == 3
    elsewhere = store_of(database, tmp_path, "another")
    assert elsewhere.push(holder(), pulled).state.records == stored.state.records


def test_a_fork_has_a_lineage_of_its_own_and_no_machines(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, record("network.a"))
    forked = store.fork(holder(), "its-own")
    stored = store.read()
    assert stored is not None
    assert stored.state == forked.state == State("its-own", 2)


def test_stacks_in_one_database_are_apart(database: str, tmp_path: Path) -> None:
    one, two = store_of(database, tmp_path), store_of(database, tmp_path, "two")
    make(one, record("network.a"))
    assert two.read() is None
    with lock(one), lock(two) as session:
        assert session.state().records == {}


def test_a_database_that_lost_the_stack_or_went_back_is_never_taken_for_nothing(
    postgres: object, database: str, tmp_path: Path
) -> None:
    import psycopg

    store = store_of(database, tmp_path)
    make(store, record("network.a"))
    make(store, record("network.b"))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE vwplan.stacks SET serial = 1")
        with pytest.raises(DiagnosticError) as refused:
            store.read()
        assert code(refused) == "state-older"
        with pytest.raises(DiagnosticError):
            lock(store)
        assert store.restore(holder()).state.serial == 3
        make(store, record("network.c"))
        connection.execute("UPDATE vwplan.stacks SET lineage = 'another'")
        with pytest.raises(DiagnosticError) as refused:
            store.read()
        assert code(refused) == "state-foreign"
        connection.execute("DROP SCHEMA vwplan CASCADE")
        with pytest.raises(DiagnosticError) as refused:
            store.read()
        assert code(refused) == "state-missing"
        with pytest.raises(DiagnosticError):
            lock(store)


def test_tables_of_a_later_version_are_refused_and_many_may_make_them_at_once(database: str, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import psycopg

    with ThreadPoolExecutor(6) as pool:
        for session in pool.map(lambda n: lock(store_of(database, tmp_path / str(n), f"s{n}")), range(6)):
            session.close()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO vwplan.version (number) VALUES (99)")
    for attempt in (lambda: store_of(database, tmp_path).read(), lambda: lock(store_of(database, tmp_path))):
        with pytest.raises(DiagnosticError) as refused:
            attempt()
        assert code(refused) == "state-newer-format"


def test_a_server_that_is_not_there_is_said_at_once_and_never_means_nothing(tmp_path: Path) -> None:
    store = store_of(f"host={tmp_path} dbname=x", tmp_path)
    with pytest.raises(DiagnosticError) as refused:
        store.read()
    assert code(refused) == "state-unreachable"
    assert "nothing is planned" in refused.value.diagnostics[0].detail


def test_a_world_is_made_changed_and_taken_away_with_its_state_in_the_database(database: str, tmp_path: Path) -> None:
    field = ServerField(tmp_path, database)
    wants = [image(), network("a"), volume("v"), box("w0", 10, "a", disks=("volume.v",)), box("w1", 11, "a")]
    assert field.run(*wants).ok
    field.whole(wants)
    assert field.run(*wants[:4]).ok
    field.whole(wants[:4])
    assert field.run().ok
    assert field.things() == {}
    assert field.look().lineage == LINEAGE
    assert [version.result for version in field.store().history()] == ["done", "done", "done", ""]
