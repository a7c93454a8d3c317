"""The texts of snapshot and journal: whole, sorted, readable, and never taken for what they are not."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from yard import LINEAGE, Yard, record, some

from vwplan.state import OutputValue, Record, Roster, State, Status, fold, read_snapshot, unfinished, write_snapshot
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.entries import Begun, Ended, Entry, Outputs, Recorded, Result, Rosters, RunEnded, RunStarted
from vwplan.state.journal import Header, read_journal, write_entries, write_header

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"
HEADER = Header(LINEAGE, 3, "sha256:" + "0" * 64)


def full() -> State:
    records = {one.address: one for one in some()}
    old = record("network.fabric", "old", status=Status.KEPT)
    rosters = {"cluster.c": Roster(2, ({"name": "h"},), {"nfs": "/e"})}
    outputs = {"x": OutputValue({"a": None, "b": 1.5}, "dynamic"), "p": OutputValue("s", "string", True)}
    return State(LINEAGE, 7, records, {"old": old}, rosters, outputs, frozenset({"run-9"}), "key")


def entries() -> list[Entry]:
    first, second, *_ = some()
    return [
        RunStarted("r1", 4, 1.0, "me@here", 5, "apply", "key"),
        Begun(
            "r1",
            "s1",
            "create",
            first.address,
            "network",
            first.identity,
            first.name,
            "simulated/default",
            "u",
            3,
            first,
        ),
        Ended("r1", "s1", Result.DONE, replace(first, digest="d2"), note="ok", elapsed=0.25),
        Begun("r1", "s2", "delete", "a", "network", "id", "n", "simulated/default", drops="id"),
        Ended("r1", "s2", Result.UNCERTAIN),
        Recorded("r1", (second,), ("x",)),
        Rosters("r1", {"cluster.c": Roster(1, ({"name": "h"},))}, ("cluster.d",)),
        Outputs("r1", {"o": OutputValue(1, "number")}),
        RunEnded("r1", 2.0, "done"),
    ]


def test_a_state_comes_back_as_it_was_written() -> None:
    assert read_snapshot(write_snapshot(full())) == full()
    assert read_snapshot(write_snapshot(State(LINEAGE))) == State(LINEAGE)


def test_a_snapshot_is_json_with_one_record_per_line_whatever_the_order_of_making() -> None:
    state = full()
    text = write_snapshot(state)
    backwards = replace(state, records=dict(reversed(list(state.records.items()))))
    assert write_snapshot(backwards) == text
    lines = text.decode().splitlines()
    found = [line for line in lines if line.startswith('{"address"')]
    assert len(found) == len(state.records) + len(state.deposed)
    assert [json.loads(line.rstrip(",]"))["address"] for line in found[:-1]] == sorted(state.records)
    assert json.loads(text)["serial"] == 7


def test_snapshot_and_journal_are_as_their_schemas_say() -> None:
    jsonschema.validate(json.loads(write_snapshot(full())), json.loads((SCHEMAS / "state.v1.json").read_text()))
    schema = json.loads((SCHEMAS / "journal.v1.json").read_text())
    text = write_header(HEADER) + write_entries(entries(), 1, HEADER)
    for line in text.splitlines():
        jsonschema.validate(json.loads(line), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"seq": 1, "batch": 1, "sum": "0" * 16, "entry": {"is": "what"}}, schema)


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_no_flipped_byte_of_a_snapshot_goes_unnoticed(bit: int) -> None:
    text = bytearray(write_snapshot(full()))
    for at in range(len(text)):
        text[at] ^= bit
        with pytest.raises((Damaged, NewerFormat)):
            read_snapshot(bytes(text))
        text[at] ^= bit


def test_no_prefix_of_a_snapshot_is_taken_for_one() -> None:
    text = write_snapshot(full())
    for length in range(len(text)):
        with pytest.raises(Damaged):
            read_snapshot(text[:length])


def test_a_later_format_is_told_from_damage() -> None:
    text = write_snapshot(full()).replace(b'"vwplan_state": 1', b'"vwplan_state": 2')
    with pytest.raises(NewerFormat, match="format 2"):
        read_snapshot(text)


def test_entries_come_back_as_they_were_written_over_several_batches() -> None:
    written = entries()
    text = write_header(HEADER) + write_entries(written[:4], 1, HEADER) + write_entries(written[4:], 5, HEADER)
    found = read_journal(text, HEADER)
    assert list(found.entries) == written
    assert found.cut == 0


def test_a_bad_last_batch_is_cut_off_and_a_bad_earlier_one_refused() -> None:
    written = entries()
    head, first = write_header(HEADER), write_entries(written[:3], 1, HEADER)
    last = write_entries(written[3:], 4, HEADER)
    for length in range(len(last)):
        found = read_journal(head + first + last[:length], HEADER)
        assert list(found.entries) == written[: len(found.entries)]
        assert len(found.entries) >= 3
        assert found.good + found.cut == len(head + first) + length
    # The blocks of one write may reach the disk in any order: a hole in the last batch cuts it there.
    hole = bytearray(last)
    hole[10:40] = bytes(30)
    assert list(read_journal(head + first + bytes(hole), HEADER).entries) == written[:3]
    text = head + first + last
    for at in range(len(head), len(head + first)):
        broken = bytearray(text)
        broken[at] ^= 1
        with pytest.raises(Damaged):
            read_journal(bytes(broken), HEADER)
        assert (
            list(read_journal(bytes(broken), HEADER, salvage=True).entries)
            == written[: len(read_journal(bytes(broken), HEADER, salvage=True).entries)]
        )


def test_a_line_taken_out_or_put_elsewhere_is_noticed() -> None:
    written = entries()
    lines = [write_entries([entry], number, HEADER) for number, entry in enumerate(written, 1)]
    head = write_header(HEADER)
    for gone in range(len(lines) - 1):
        with pytest.raises(Damaged):
            read_journal(head + b"".join(lines[:gone] + lines[gone + 1 :]), HEADER)
    swapped = [lines[1], lines[0], *lines[2:]]
    with pytest.raises(Damaged):
        read_journal(head + b"".join(swapped), HEADER)
    with pytest.raises(Damaged):
        read_journal(head + b"".join([*lines[:2], lines[0], *lines[2:]]), HEADER)
    other = Header(LINEAGE, 4, HEADER.snapshot)
    with pytest.raises(Damaged):
        read_journal(head + write_entries(written[:1], 1, other) + lines[1], HEADER)


addresses = st.sampled_from(["network.a", "network.b", "workspace.x", 'workspace.y["ü\\n"]'])
identities = st.sampled_from(["i1", "i2", "i3", "i4", "i5"])
records = st.builds(record, addresses, identities, status=st.sampled_from(Status))
changes = st.one_of(
    st.builds(lambda r, n: Ended("r", f"s{n}", Result.DONE, r), records, st.integers(0, 3)),
    st.builds(lambda i, n: Ended("r", f"s{n}", Result.DONE, drops=i), identities, st.integers(0, 3)),
    st.builds(
        lambda rs, ds: Recorded("r", tuple({r.identity: r for r in rs}.values()), tuple(ds)),
        st.lists(records, max_size=3),
        st.lists(identities, max_size=2),
    ),
    st.builds(
        lambda n, r: Begun("r", f"s{n}", "create", r.address, r.kind, r.identity, r.name, "h", record=r),
        st.integers(0, 3),
        records,
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=12))
def test_folding_keeps_each_identity_in_one_place_and_survives_writing(taken: list[Entry]) -> None:
    state = fold(State(LINEAGE), taken)
    recorded = [one.identity for one in state.records.values()]
    assert len({*recorded, *state.deposed}) == len(recorded) + len(state.deposed)
    assert all(key == one.address for key, one in state.records.items())
    assert all(key == one.identity for key, one in state.deposed.items())
    assert read_snapshot(write_snapshot(state)) == state
    text = write_header(HEADER) + write_entries(taken, 1, HEADER)
    assert list(read_journal(text, HEADER).entries) == taken


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=12), st.integers(0, 11))
def test_no_object_that_is_recorded_is_forgotten_but_by_name(taken: list[Entry], cut: int) -> None:
    before = fold(State(LINEAGE), taken[:cut])
    after = fold(State(LINEAGE), taken)
    dropped = {entry.drops for entry in taken[cut:] if isinstance(entry, Ended)}
    dropped |= {drop for entry in taken[cut:] if isinstance(entry, Recorded) for drop in entry.drops}
    here = {one.identity for one in [*before.records.values(), *before.deposed.values()]}
    there = {one.identity for one in [*after.records.values(), *after.deposed.values()]}
    assert here - there <= dropped


def test_two_records_that_change_places_both_stay() -> None:
    a, b = record("network.a", "i1"), record("network.b", "i2")
    base = fold(State(LINEAGE), [Recorded("r", (a, b))])
    state = fold(base, [Recorded("r", (replace(a, address="network.b"), replace(b, address="network.a")))])
    assert {key: one.identity for key, one in state.records.items()} == {"network.b": "i1", "network.a": "i2"}
    assert state.deposed == {}


def test_a_successor_deposes_the_old_object_until_that_is_deleted() -> None:
    old, new = record("network.a", "i1"), record("network.a", "i2")
    state = fold(State(LINEAGE), [Recorded("r", (old,)), Ended("r", "s1", Result.DONE, new)])
    assert state.records["network.a"].identity == "i2"
    assert list(state.deposed) == ["i1"]
    assert fold(state, [Ended("r", "s2", Result.DONE, drops="i1")]).deposed == {}


def test_what_was_begun_and_not_seen_to_end_is_unfinished() -> None:
    begun = [entry for entry in entries() if isinstance(entry, Begun)]
    assert [one.step for one in unfinished(entries())] == ["s2"]
    assert unfinished([*entries(), Ended("r1", "s2", Result.SETTLED)]) == ()
    assert unfinished([*entries(), *begun]) == tuple(reversed(begun)) or len(unfinished([*entries(), *begun])) == 2


def test_marks_of_runs_that_left_something_uncertain_stay_known() -> None:
    state = fold(State(LINEAGE), entries())
    assert state.previous_writers == {"r1"}
    over = fold(state, [Ended("r1", "s2", Result.SETTLED)])
    assert "r1" in over.previous_writers
    clean = [RunStarted("r2", 5, 1.0, "me", 1, "apply"), RunEnded("r2", 2.0, "done")]
    assert "r2" not in fold(state, clean).previous_writers
    assert "r2" in fold(state, clean[:1]).previous_writers


def test_the_same_entries_twice_are_the_same_as_once() -> None:
    dice = random.Random(1)
    taken: list[Entry] = []
    for number in range(40):
        one = record(dice.choice(["network.a", "network.b"]), f"i{dice.randrange(5)}")
        taken.append(Begun("r", f"s{number}", "create", one.address, one.kind, one.identity, one.name, "h", record=one))
        drop = "" if dice.random() < 0.7 else one.identity
        taken.append(Ended("r", f"s{number}", Result.DONE, None if drop else one, drop))
    for start in range(0, 80, 7):
        once = fold(State(LINEAGE), taken)
        twice = fold(fold(State(LINEAGE), taken), taken[start:])
        assert set(once.records) == set(twice.records)
        assert {r.identity for r in once.records.values()} == {r.identity for r in twice.records.values()}


def test_records_of_ten_thousand_are_written_and_read_back(tmp_path: Path) -> None:
    many: dict[str, Record] = {}
    for number in range(10_000):
        one = record(f"workspace.w[{number}]")
        many[one.address] = one
    text = write_snapshot(State(LINEAGE, 1, many))
    assert len(read_snapshot(text).records) == 10_000
    assert Yard(tmp_path).store.read() is None
