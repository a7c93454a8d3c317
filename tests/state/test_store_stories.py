"""A state in a folder: never lost silently, never taken for another, and brought back by the command that is told."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import contextlib

from yard import LINEAGE, Yard, holder, record, some

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Begun, Disk, Ended, LocalStore, Result, RunEnded, State, Status, write_snapshot
from vwplan.state.folder import Folder


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / ".vwplan")


def refusal(store: LocalStore) -> str:
    with pytest.raises(DiagnosticError) as refused:
        store.read()
    return refused.value.diagnostics[0].code


def test_where_there_never_was_a_state_there_is_none(yard: Yard) -> None:
    assert yard.store.read() is None


def test_a_state_is_there_for_readers_as_soon_as_it_is_written(yard: Yard) -> None:
    with yard.session() as session:
        session.start("run-a", 1.0, "apply")
        one = record("network.a")
        session.write(
            [
                Begun(
                    "run-a",
                    "s1",
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
        stored = yard.store.read()
        assert stored is not None
        assert [begun.step for begun in stored.unfinished] == ["s1"]
        assert stored.state.previous_writers == {"run-a"}
        session.write([Ended("run-a", "s1", Result.DONE, one)])
        assert yard.state().records == {"network.a": one}
        session.finish(RunEnded("run-a", 2.0, "done"))
    assert yard.state().serial == 1


def test_each_run_makes_the_serial_one_higher_and_compacting_changes_nothing(yard: Yard) -> None:
    first = yard.run(*some())
    assert (first.serial, first.lineage) == (1, LINEAGE)
    second = yard.run(record("volume.v"), compact=True)
    assert second.serial == 2
    assert yard.state() == second
    third = yard.run(record("volume.w"))
    assert yard.state() == third
    assert sorted(path.name for path in yard.folder.path.iterdir()) == [
        "history",
        "journal.2.jsonl",
        "lock",
        "memory",
        "snapshot",
    ]


def test_files_are_for_their_owner_alone(yard: Yard) -> None:
    yard.run(*some(), compact=True)
    for path in yard.root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_large_journal_becomes_a_snapshot_and_a_small_one_does_not(yard: Yard) -> None:
    yard.run(record("network.a"))
    assert yard.folder.journal(0).exists()
    yard.run(*(record(f"workspace.w[{number}]") for number in range(60)))
    assert not yard.folder.journal(0).exists()
    assert yard.folder.journal(2).exists()
    assert len(yard.state().records) == 61


def test_what_is_unfinished_is_carried_over_when_the_journal_is_compacted(yard: Yard) -> None:
    yard.run(record("network.a"))
    one = record("network.b")
    with yard.session() as session:
        session.start("run-x", 1.0, "apply")
        session.write([Begun("run-x", "s1", "create", one.address, one.kind, one.identity, one.name, "h", record=one)])
        session.write([Ended("run-x", "s1", Result.UNCERTAIN)])
        session.finish(RunEnded("run-x", 2.0, "failed"))
        session.compact()
    with yard.session() as session:
        assert [begun.identity for begun in session.unfinished] == [one.identity]
        assert session.dead_runs == ()
    assert "run-x" in yard.state().previous_writers


class Altered(Disk):
    """A disk that tells something else of one file than is in it."""

    path: Path
    text: bytes

    def read(self, path: Path) -> bytes:
        return self.text if path == self.path else super().read(path)


def accepted(yard: Yard, alterations: Callable[[bytes], Iterable[bytes]]) -> dict[str, int]:
    """How many alterations of each file a reader takes; it must then see the very same state."""
    yard.run(*some()[:2], compact=True)
    yard.run(some()[2])
    good = yard.state()
    disk = Altered()
    store = Yard(yard.root, disk).store
    found: dict[str, int] = {}
    for path in (yard.folder.snapshot, yard.folder.journal(1), yard.folder.memory, yard.folder.known):
        disk.path = path
        for text in alterations(path.read_bytes()):
            disk.text = text
            try:
                stored = store.read()
            except DiagnosticError:
                continue
            assert stored is not None
            assert stored.state == good, (path, text)
            found[path.name] = found.get(path.name, 0) + 1
    return found


def test_every_flipped_byte_of_every_file_is_refused_or_harmless(yard: Yard) -> None:
    def flips(text: bytes) -> Iterable[bytes]:
        for at in range(len(text)):
            yield text[:at] + bytes([text[at] ^ (1 << at % 8)]) + text[at + 1 :]

    found = accepted(yard, flips)
    # Only the memories may be damaged one at a time: the other one makes up for it.
    assert set(found) == {"memory", "default"}
    assert found["memory"] == found["default"]


def test_every_cut_of_every_file_is_refused_or_harmless(yard: Yard) -> None:
    found = accepted(yard, lambda text: (text[:length] for length in range(len(text))))
    assert set(found) == {"memory", "default"}


@pytest.mark.parametrize("what", ["snapshot", "journal", "folder", "both", "empty snapshot", "empty journal"])
def test_a_state_that_is_gone_is_never_taken_for_nothing_and_the_told_command_restores_it(
    yard: Yard, what: str
) -> None:
    yard.run(*some()[:2], compact=True)
    good = yard.run(some()[2])
    folder = yard.folder
    if what in ("snapshot", "both"):
        folder.snapshot.unlink()
    if what in ("journal", "both"):
        folder.journal(1).unlink()
    if what == "empty snapshot":
        folder.snapshot.write_bytes(b"")
    if what == "empty journal":
        folder.journal(1).write_bytes(b"")
    if what == "folder":
        shutil.rmtree(folder.path)
    with pytest.raises(DiagnosticError) as refused:
        yard.store.read()
    problem = refused.value.diagnostics[0]
    assert problem.code in ("state-missing", "state-damaged")
    assert ("vwplan state adopt --from-hosts" if what == "folder" else "vwplan state restore") in problem.detail
    with pytest.raises(DiagnosticError):
        yard.store.lock(holder(), lineage=LINEAGE)
    if what == "folder":
        with pytest.raises(DiagnosticError) as nothing:
            yard.store.restore(holder("state restore"))
        assert nothing.value.diagnostics[0].code == "no-such-version"
        return
    restored = yard.store.restore(holder("state restore"))
    assert restored.state.serial > good.serial
    assert yard.state().records.keys() <= good.records.keys()
    if "journal" not in what and what != "both":
        assert yard.state().records == good.records, "the journal tells what the snapshot was"
    assert yard.state().previous_writers >= {one.run for one in yard.store.history() if one.run}
    yard.run(record("volume.after"))


def test_a_stack_that_was_changed_but_once_loses_its_snapshot_and_has_it_back(yard: Yard) -> None:
    good = yard.run(*some())
    assert not yard.folder.history.exists(), "nothing has gone to the history yet"
    yard.folder.snapshot.unlink()
    restored = yard.store.restore(holder("state restore"))
    assert yard.state().records == good.records
    assert restored.kept == "", "there was nothing to be kept"
    assert len(list(yard.folder.path.glob("journal.*.jsonl"))) == 1
    yard.run(record("volume.after"))


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "altered"])
def test_snapshots_that_are_lost_are_made_again_from_the_journals_between_them(yard: Yard, damage: str) -> None:
    """All of them at once: the first was of nothing, and each other is what the journal before it came to."""
    for number in range(3):
        yard.run(*(record(f"network.n{number}{index}") for index in range(4)), compact=True)
    good = yard.run(record("network.last"))
    serials = [version.serial for version in yard.store.history()]
    for path in [yard.folder.snapshot, *yard.folder.history.glob("snapshot.*")]:
        text = path.read_bytes()
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(
                {"cut": text[:-9], "empty": b"", "altered": text.replace(b'"serial":', b'"serial":7', 1)}[damage]
            )
    assert refusal(yard.store) in ("state-missing", "state-damaged")
    restored = yard.store.restore(holder())
    assert restored.state.records == good.records and restored.since == ()
    assert [version.serial for version in yard.store.history()] == [restored.state.serial, *serials]
    yard.run(record("network.after"))


def test_a_snapshot_is_not_made_again_from_anything_else_than_what_it_was(yard: Yard) -> None:
    yard.run(record("network.a"), compact=True)
    yard.run(record("network.b"))
    yard.folder.snapshot.unlink()
    before = yard.folder.old_journal(0)
    before.write_bytes(b"".join(before.read_bytes().splitlines(keepends=True)[:-2]))
    restored = yard.store.restore(holder())
    assert set(restored.state.records) <= {"network.a"}


def test_a_journal_whose_end_was_cut_off_at_a_whole_line_is_noticed(yard: Yard) -> None:
    yard.run(*some())
    path = yard.folder.journal(0)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))
    with pytest.raises(DiagnosticError, match="its end was cut off"):
        yard.store.read()
    restored = yard.store.restore(holder())
    assert set(restored.state.records) == {one.address for one in some()}


def test_damage_in_the_middle_of_the_journal_restores_what_lies_before_it(yard: Yard) -> None:
    yard.run(record("network.a"))
    yard.run(record("network.b"))
    path = yard.folder.journal(0)
    text = path.read_bytes()
    at = text.index(b"network.b") + 3
    path.write_bytes(text[:at] + b"X" + text[at + 1 :])
    assert refusal(yard.store) == "state-damaged"
    restored = yard.store.restore(holder())
    assert set(restored.state.records) == {"network.a"}
    assert restored.state.serial == 3
    assert any(path.name.startswith("journal.0") for path in yard.folder.history.iterdir())


def test_an_older_copy_in_the_place_of_the_state_is_noticed_and_taken_only_on_request(yard: Yard) -> None:
    yard.run(record("network.a"), compact=True)
    backup = yard.root.parent / "backup"
    shutil.copytree(yard.folder.path, backup)
    yard.run(record("network.b"), compact=True)
    shutil.rmtree(yard.folder.path)
    shutil.copytree(backup, yard.folder.path)
    with pytest.raises(DiagnosticError) as refused:
        yard.store.read()
    assert refused.value.diagnostics[0].code == "state-older"
    assert "serial 1" in refused.value.diagnostics[0].detail
    restored = yard.store.restore(holder())
    assert restored.state.serial == 3
    assert set(yard.state().records) == {"network.a"}


def test_another_stacks_folder_in_the_place_of_this_one_is_refused(yard: Yard) -> None:
    yard.run(record("network.a"))
    other = Yard(yard.root, stack="other")
    with other.store.lock(holder(), lineage="another-lineage") as session:
        session.start("run-o", 1.0, "apply")
        session.finish(RunEnded("run-o", 2.0, "done"))
    shutil.rmtree(yard.folder.path)
    shutil.copytree(other.folder.path, yard.folder.path)
    assert refusal(yard.store) == "state-foreign"
    snapshot = yard.folder.snapshot.read_bytes()
    fresh = Yard(yard.root.parent / "fresh")
    fresh.run(record("network.a"))
    fresh.folder.snapshot.write_bytes(snapshot)
    assert refusal(fresh.store) in ("state-foreign", "state-damaged")


def test_a_copied_folder_is_refused_while_the_original_is_there(tmp_path: Path) -> None:
    original = Yard(tmp_path / "a" / ".vwplan")
    original.run(record("network.a"))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    copy = Yard(tmp_path / "b" / ".vwplan")
    with pytest.raises(DiagnosticError) as refused:
        copy.store.lock(holder(), lineage=LINEAGE)
    problem = refused.value.diagnostics[0]
    assert problem.code == "state-copied"
    assert str(original.folder.path) in problem.detail
    assert "vwplan state fork" in problem.detail
    original.run(record("network.b"))
    forked = copy.store.fork(holder("state fork"), "its-own-lineage")
    assert (forked.state.lineage, forked.state.records) == ("its-own-lineage", {})
    copy.run(record("network.c"))
    assert set(original.state().records) == {"network.a", "network.b"}


def test_a_moved_folder_goes_on_working_and_is_a_copy_no_more(tmp_path: Path) -> None:
    first = Yard(tmp_path / "a" / ".vwplan")
    first.run(record("network.a"))
    (tmp_path / "a").rename(tmp_path / "b")
    moved = Yard(tmp_path / "b" / ".vwplan")
    moved.run(record("network.b"))
    shutil.copytree(tmp_path / "b", tmp_path / "a")
    with pytest.raises(DiagnosticError, match="was copied from"):
        first.store.lock(holder(), lineage=LINEAGE)
    moved.run(record("network.c"))


def test_any_version_in_the_history_can_be_had_back_under_a_serial_above_all(yard: Yard) -> None:
    for number in range(6):
        yard.run(record(f"network.n{number}"), compact=number % 2 == 0)
    history = yard.store.history()
    assert [version.serial for version in history] == [6, 5, 4, 3, 2, 1, 0]
    assert [version.records for version in history] == [6, 5, 4, 3, 2, 1, 0]
    assert {version.result for version in history if version.run} == {"done"}
    assert set(yard.store.version(3).records) == {"network.n0", "network.n1", "network.n2"}
    restored = yard.store.restore(holder(), 3)
    assert restored.state.serial == 7
    earlier, now = yard.store.version(3).records, yard.state().records
    assert {key: now[key] for key in earlier} == earlier
    assert {now[key].status for key in now.keys() - earlier.keys()} == {Status.KEPT}
    assert set(yard.store.version(6).records) == {f"network.n{number}" for number in range(6)}
    with pytest.raises(DiagnosticError, match="no state of serial 99"):
        yard.store.version(99)


def test_a_pulled_state_can_be_pushed_but_not_over_a_newer_or_a_foreign_one(yard: Yard) -> None:
    old = yard.run(record("network.a"))
    pulled = write_snapshot(old)
    pushed = yard.store.push(holder(), pulled)
    assert pushed.state.serial == 2
    with pytest.raises(DiagnosticError) as refused:
        yard.store.push(holder(), pulled)
    assert refused.value.diagnostics[0].code == "state-older"
    with pytest.raises(DiagnosticError) as refused:
        yard.store.push(holder(), write_snapshot(replace(old, lineage="another", serial=9)))
    assert refused.value.diagnostics[0].code == "state-foreign"
    with pytest.raises(DiagnosticError) as refused:
        yard.store.push(holder(), pulled[:-40])
    assert refused.value.diagnostics[0].code == "not-a-state"
    assert yard.store.push(holder(), pulled, force=True).state.serial == 3
    assert yard.state().records == old.records


def test_a_state_of_a_later_version_is_refused_by_name(yard: Yard) -> None:
    yard.run(record("network.a"))
    text = yard.folder.snapshot.read_bytes()
    yard.folder.snapshot.write_bytes(text.replace(b'"vwplan_state": 1', b'"vwplan_state": 3'))
    assert refusal(yard.store) == "state-newer-format"


def test_what_was_rescued_beside_the_state_is_taken_in_and_then_gone(yard: Yard) -> None:
    class Failing(Disk):
        broken = False

        def flush(self, descriptor: int) -> None:
            if self.broken:
                self.broken = False
                raise OSError(5, "Input/output error")
            super().flush(descriptor)

    disk = Failing()
    failing = Yard(yard.root, disk)
    one, two = record("network.a"), record("network.b")
    with failing.session() as session:
        session.start("run-f", 1.0, "apply")
        session.write([Begun("run-f", "s1", "create", one.address, one.kind, one.identity, one.name, "h", record=one)])
        disk.broken = True
        with pytest.raises(DiagnosticError, match="Input/output error"):
            session.write([Ended("run-f", "s1", Result.DONE, one)])
        with pytest.raises(DiagnosticError, match="an earlier write failed"):
            session.write([Ended("run-f", "s2", Result.DONE, two)])
        assert set(session.state().records) == {"network.a", "network.b"}
        path = session.save_rescue("run-f")
        assert path == yard.folder.rescue("run-f")
    with yard.session() as session:
        assert set(session.state().records) == {"network.a", "network.b"}
        assert [run.run for run in session.dead_runs] == ["run-f"]
    assert not yard.folder.rescue("run-f").exists()
    assert set(yard.state().records) == {"network.a", "network.b"}


def test_what_was_rescued_from_an_older_state_is_not_laid_over_a_newer_one(yard: Yard) -> None:
    yard.run(record("network.a"))
    with yard.session() as session:
        session.unsaved.append(Ended("run-z", "s1", Result.DONE, record("network.z")))
        text = session.rescue()
    yard.run(record("network.b"), compact=True)
    yard.folder.rescue("run-z").write_bytes(text)
    with pytest.raises(DiagnosticError) as refused:
        yard.store.lock(holder(), lineage=LINEAGE)
    assert refused.value.diagnostics[0].code == "state-moved-on"
    assert set(yard.state().records) == {"network.a", "network.b"}


def test_a_reader_beside_a_writer_always_sees_a_whole_state(yard: Yard) -> None:
    import threading

    yard.run(record("network.a"))
    problems: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        serial = 0
        while not over.is_set():
            try:
                state = yard.state()
                assert state.serial >= serial
                serial = state.serial
            except BaseException as problem:
                problems.append(problem)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(12):
        yard.run(record(f"network.n{number % 5}"), compact=number % 2 == 0)
    over.set()
    for reader in readers:
        reader.join()
    assert problems == []


def test_other_stacks_in_the_same_directory_are_apart_and_commands_name_them(tmp_path: Path) -> None:
    one, two = Yard(tmp_path), Yard(tmp_path, stack="two")
    one.run(record("network.a"))
    assert two.store.read() is None
    two.run(record("network.b"))
    two.folder.snapshot.unlink()
    two.folder.journal(0).write_bytes(b"")
    with pytest.raises(DiagnosticError, match="vwplan state adopt --from-hosts --stack=two"):
        two.store.read()
    assert Folder(tmp_path, "default").command("x") == "vwplan x"
    assert Folder(tmp_path, "two").command("x y") == "vwplan x y --stack=two"
    assert Folder(tmp_path, "default.simulated").command("x") == "vwplan x --simulate"


def test_a_crash_while_the_first_state_is_made_leaves_nothing_or_a_state(tmp_path: Path) -> None:
    class Dies(Disk):
        def __init__(self, at: int) -> None:
            self.left = at

        def rename(self, source: Path, target: Path) -> None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            super().rename(source, target)

    for at in range(4):
        yard = Yard(tmp_path / str(at), Dies(at))
        with contextlib.suppress(KeyboardInterrupt):
            yard.run(record("network.a"))
        again = Yard(tmp_path / str(at))
        assert again.run(record("network.b")).records.keys() >= {"network.b"}


def test_old_history_is_pruned(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwplan.state.history.KEPT", 4)
    for number in range(7):
        yard.run(record(f"network.n{number % 3}"), compact=True)
    names = os.listdir(yard.folder.history)
    assert len([name for name in names if name.startswith("snapshot.")]) == 4
    assert len([name for name in names if name.startswith("journal.")]) == 4


def test_the_plan_is_stored_while_its_run_lasts(yard: Yard) -> None:
    with yard.session() as session:
        session.start("run-p", 1.0, "apply", plan=b'{"steps": []}')
        assert json.loads(yard.folder.plan("run-p").read_bytes()) == {"steps": []}
        session.finish(RunEnded("run-p", 2.0, "done"))
    assert not yard.folder.plan("run-p").exists()


def test_durations_are_remembered_and_their_loss_is_nothing(yard: Yard) -> None:
    with yard.session() as session:
        assert session.durations() == {}
        session.keep_durations({"create workspace": 1.23456})
        assert session.durations() == {"create workspace": 1.235}
        yard.folder.durations.write_text("garbage")
        assert session.durations() == {}


def test_a_state_names_no_place_of_this_machine(yard: Yard) -> None:
    yard.run(*some(), compact=True)
    assert not re.search(str(yard.root).encode(), yard.folder.snapshot.read_bytes())
    assert isinstance(yard.state(), State)
