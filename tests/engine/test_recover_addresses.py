"""Settling late, when an address has gone to a younger object meanwhile."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from field import Field, image, network, volume

from vwplan.engine.recover import recover
from vwplan.state import Record, Recorded, RunEnded, Status


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


def younger(field: Field) -> Record:
    """Another object that has taken `volume.v` while a step on an older one was still unsettled."""
    assert field.run(image(), network("a"), volume("other")).ok
    other = field.look().records["volume.other"]
    return replace(other, address="volume.v", birth=9)


def settle_with(field: Field, young: Record) -> Field:
    with field.lock() as session:
        session.start("run-young", 1.0, "apply")
        session.write([Recorded("run-young", (young,))])
        session.finish(RunEnded("run-young", 2.0, "done"))
        assert session.unfinished
        recover(session, field.new_run())
        assert not session.unfinished
    return field


def test_what_turns_out_to_exist_does_not_take_its_address_back_from_its_successor(field: Field) -> None:
    young = younger(field)
    field.crash_half_way(image(), network("a"), volume("other"), volume("v"))
    left = set(field.things())
    state = settle_with(field, young).look()
    assert state.records["volume.v"] == young
    made = left - {record.identity for record in state.records.values()}
    assert set(state.deposed) == made


def test_what_was_never_made_leaves_no_trace_beside_its_successor(field: Field) -> None:
    young = younger(field)
    with field.lock() as session:
        from vwplan.state import Begun

        old = replace(young, identity="11111111-1111-5111-8111-111111111111", name="t-old", birth=1)
        session.start("run-old", 1.0, "apply")
        begun = Begun("run-old", "s1", "create", "volume.v", "volume", old.identity, old.name, "simulated/default")
        session.write([replace(begun, birth=1, record=old)])
        session.finish(RunEnded("run-old", 1.0, "failed"))
    state = settle_with(field, young).look()
    assert state.records["volume.v"] == young
    assert not state.deposed
    assert young.status is Status.PRESENT
