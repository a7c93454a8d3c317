"""A state that was copied, restored or rolled back is noticed before it does harm, and no identity is ever given twice."""

from __future__ import annotations

import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from field import Field, box, image, network, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.apply import apply
from vwplan.engine.recover import recover
from vwplan.provider import Action, Outcome, Reporter
from vwplan.state import Status, write_snapshot


def some(*more: str) -> list:
    return [image(), network("a"), box("w0", 10, "a"), *(volume(name) for name in more)]


def copy_of(field: Field, root: Path, machine: str = "another machine") -> Field:
    """The state's folder on another machine, where nothing tells that the original is still there."""
    shutil.copytree(field.root / ".vwplan", root / ".vwplan")
    copy = Field(root)
    copy.worlds, copy.machine = field.worlds, machine
    return copy


def refused(field: Field, *wants: object) -> str:
    with pytest.raises(DiagnosticError) as refusal:
        field.run(*wants)  # type: ignore[arg-type]
    return refusal.value.diagnostics[0].code


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path / "one")


def test_a_copy_that_lags_behind_the_original_does_nothing(field: Field, tmp_path: Path) -> None:
    field.root.mkdir()
    assert field.run(*some()).ok
    copy = copy_of(field, tmp_path / "two")
    assert field.run(*some("v")).ok
    things = field.things()
    assert refused(copy, image()) == "another-copy"
    assert field.things() == things
    field.whole(some("v"))


def test_an_original_notices_that_a_copy_was_applied(field: Field, tmp_path: Path) -> None:
    field.root.mkdir()
    assert field.run(*some()).ok
    copy = copy_of(field, tmp_path / "two")
    assert copy.run(*some("v")).ok
    assert refused(field, image()) == "another-copy"
    copy.whole(some("v"))


def test_a_whole_backup_put_back_is_noticed_by_the_marks_alone(field: Field, tmp_path: Path) -> None:
    field.root.mkdir()
    assert field.run(*some()).ok
    shutil.copytree(field.root / ".vwplan", tmp_path / "backup")
    assert field.run(*some("v")).ok
    shutil.rmtree(field.root / ".vwplan")
    shutil.copytree(tmp_path / "backup", field.root / ".vwplan")
    assert refused(field, image()) == "another-copy"


def test_a_version_brought_back_from_our_own_history_goes_on_with_fresh_identities(field: Field) -> None:
    field.root.mkdir()
    seen: set[tuple[str, str]] = set()
    for wants in (some(), some("v"), some("v", "w"), some("w"), some()):
        assert field.run(*wants).ok
        seen |= {(record.identity, key) for key, record in field.look().records.items()}
    restored = field.store().restore(field.holder(), 1)
    assert restored.state.serial == 6
    assert field.run(*some("v", "w")).ok
    fresh = {record.identity for key, record in field.look().records.items() if key.startswith("volume")}
    assert not fresh & {identity for identity, _ in seen}


def by_hand(field: Field, how: str, serial: int) -> None:
    """Put the state of a serial in the place of today's."""
    if how == "restored":
        field.store().restore(field.holder(), serial)
    else:
        text = write_snapshot(field.store().version(serial))
        field.store().push(field.holder(), text, force=True)


@pytest.mark.parametrize("how", ["restored", "pushed"])
def test_what_was_made_since_an_older_state_is_neither_lost_nor_destroyed(field: Field, how: str) -> None:
    field.root.mkdir()
    assert field.run(*some()).ok
    anew = [
        image(),
        network("a", cidr="10.0.0.0/24", mode="isolated"),
        box("w0", 10, "a"),
        box("w1", 11, "a"),
        volume("v"),
    ]
    assert field.run(*anew).ok
    things = field.things()
    by_hand(field, how, 1)
    assert field.lost() == []
    # Under the earlier spec nothing of it is destroyed: it is kept. Under today's it is as if nothing had been.
    earlier = field.root / "as it was"
    shutil.copytree(field.root / ".vwplan", earlier)
    assert field.run(*anew).ok
    assert field.things() == things
    field.whole(anew)
    shutil.rmtree(field.root / ".vwplan")
    earlier.rename(field.root / ".vwplan")
    assert {key for key, one in field.look().records.items() if one.status is Status.KEPT} == {
        "volume.v",
        "workspace.w1",
    }


def test_an_older_state_put_in_place_by_mistake_is_undone_by_the_newer_one(field: Field) -> None:
    field.root.mkdir()
    for wants in (some("u"), some("v"), [image(), network("a"), box("w0", 10, "a", resources={"memory": 1024})]):
        assert field.run(*wants).ok
    now = field.look()
    things = field.things()
    for serial in (1, 2):
        by_hand(field, "pushed", serial)
        assert field.lost() == []
    field.store().restore(field.holder(), now.serial)
    records = field.look().records
    assert {key: records[key] for key in now.records} == now.records
    # What the older states spoke of, and is gone, is not recorded for ever: the next run takes it off.
    assert field.run(*wants).ok
    assert field.things() == things
    field.whole(wants)


def test_moving_renaming_removing_and_declaring_again_never_gives_an_identity_twice(field: Field) -> None:
    field.root.mkdir()
    given: dict[str, str] = {}
    for turn in range(3):
        for wants, moved in (
            (some("a"), ()),
            (some("b"), (("volume.a", "volume.b"),)),
            (some("b", "a"), ()),
            (some("a"), ()),
            (some(), ()),
        ):
            before = {record.identity for record in field.look().records.values()} if field.store().read() else set()
            assert field.run(*wants, moved=moved).ok
            for key, record in field.look().records.items():
                if record.identity not in before:
                    assert record.identity not in given, (turn, key)
                    given[record.identity] = key


def test_what_a_host_out_of_reach_was_left_with_is_settled_when_it_answers_again(field: Field) -> None:
    from vwplan_simulated.world import World

    field.root.mkdir()
    assert field.run(image(), network("a")).ok
    field.crash_half_way(*some("v"))
    assert field.lost() == []
    world = World(field.worlds, "simulated/default")
    world.switch(offline=True)
    with field.lock() as session:
        begun = session.unfinished
        assert begun
        found = recover(session, field.new_run())
        assert found.left == begun
        assert [diagnostic.code for diagnostic in found.diagnostics] == ["not-settled"]
        field.state = session.state()
        assert session.unfinished == begun
    world.switch(offline=False)
    assert field.run(*some("v")).ok
    assert len(field.recovered.lines) == len(begun)
    field.whole(some("v"))


def test_a_plan_for_a_host_with_unsettled_steps_is_refused(field: Field) -> None:
    field.root.mkdir()
    assert field.run(image(), network("a")).ok
    field.crash_half_way(*some("v"))
    with field.lock() as session:
        field.state = session.state()
        plan = field.plan_of(field.wanted(*some("v")))
        with pytest.raises(DiagnosticError, match="not settled"):
            apply(plan, session, field.new_run())
    assert field.run(*some("v")).ok


def test_a_late_call_that_lands_after_settling_is_taken_for_ours(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that was given up may still act much later; its mark is of a run that is remembered."""
    field.root.mkdir()
    assert field.run(image(), network("a")).ok
    release, landed = threading.Event(), threading.Event()

    class Late:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            if action.kind == "volume":
                release.wait(120)
            outcome: Outcome = self.inner.perform(action, reporter)
            if action.kind == "volume":
                landed.set()
            return outcome

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    monkeypatch.setattr("vwplan.engine.coordinator.GRACE", 0.1)
    field.around = Late  # type: ignore[assignment]
    field.adjust = lambda plan: replace(
        plan, steps=tuple(replace(step, timeout=0) if step.kind == "volume" else step for step in plan.steps)
    )
    assert field.run(*some("v")).uncertain == 1
    field.around, field.adjust = (lambda inner: inner), (lambda plan: plan)
    with field.lock() as session:
        recover(session, field.new_run())
    pending = field.look().records["volume.v"]
    assert pending.status is Status.PENDING
    release.set()
    assert landed.wait(120)
    assert field.lost() == []
    assert field.run(*some("v")).ok
    assert field.look().records["volume.v"].identity == pending.identity
    field.whole(some("v"))
