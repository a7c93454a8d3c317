"""An earlier state in the place of a later one: whatever exists since stays recorded, and what is younger keeps its place."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from yard import LINEAGE, Yard, holder, record

from vwplan.state import Record, Roster, State, Status, write_snapshot
from vwplan.state.younger import with_younger


def state(*records: Record, deposed: Iterable[Record] = (), serial: int = 1, **fields: object) -> State:
    return State(
        LINEAGE,
        serial,
        {one.address: one for one in records},
        {one.identity: one for one in deposed},
        **fields,  # type: ignore[arg-type]
    )


def there(found: State) -> dict[str, tuple[str, Status]]:
    return {key: (one.identity, one.status) for key, one in found.records.items()}


A, B = record("volume.a"), record("volume.b")


def test_what_was_made_since_is_kept() -> None:
    found, younger = with_younger(state(A), state(A, B))
    assert there(found) == {"volume.a": (A.identity, Status.PRESENT), "volume.b": (B.identity, Status.KEPT)}
    assert younger == (B,)


def test_what_was_half_made_since_stays_half_made_and_what_never_came_to_be_is_left_out() -> None:
    half, never = replace(A, status=Status.TAINTED), replace(B, status=Status.PENDING)
    found, _ = with_younger(state(), state(half, never))
    assert there(found) == {"volume.a": (A.identity, Status.TAINTED)}


def test_what_was_deleted_or_let_go_of_since_is_recorded_again() -> None:
    assert with_younger(state(A, B), state(A)) == (state(A, B), ())


def test_what_was_made_anew_since_stays_in_its_place() -> None:
    anew = replace(A, identity="anew")
    found, younger = with_younger(state(A), state(anew))
    assert there(found) == {"volume.a": ("anew", Status.PRESENT)}
    assert younger == (anew,) and not found.deposed


def test_what_was_moved_since_goes_back_to_where_it_was() -> None:
    moved = replace(A, address="volume.z")
    assert there(with_younger(state(A), state(moved))[0]) == {"volume.a": (A.identity, Status.PRESENT)}


def test_what_was_moved_since_stays_where_its_earlier_address_was_given_away() -> None:
    moved, after = replace(A, address="volume.z"), replace(B, address="volume.a")
    found, _ = with_younger(state(A), state(moved, after))
    assert there(found) == {"volume.a": (B.identity, Status.PRESENT), "volume.z": (A.identity, Status.PRESENT)}


def test_what_changed_places_since_changes_back() -> None:
    now = state(replace(A, address="volume.b"), replace(B, address="volume.a"))
    assert with_younger(state(A, B), now) == (state(A, B), ())


def test_where_no_place_is_left_the_younger_one_is_left_over() -> None:
    moved, after = replace(A, address="volume.b"), replace(B, identity="after", address="volume.a")
    found, _ = with_younger(state(A, B), state(moved, after))
    assert there(found)["volume.a"] == (A.identity, Status.PRESENT)
    assert set(found.deposed) == {"after"}


def test_what_is_left_over_now_stays_so_and_what_was_left_over_once_is_not_brought_back() -> None:
    once, now = replace(A, identity="once"), replace(A, identity="now")
    found, younger = with_younger(state(A, deposed=[once]), state(A, deposed=[now]))
    assert set(found.deposed) == {"now"} and younger == (now,)


def test_what_is_in_both_is_recorded_as_it_is_now() -> None:
    changed = replace(A, arguments={"size": 2}, digest="d2", writer="run-2", epoch=4)
    assert with_younger(state(A), state(changed))[0].records == {"volume.a": changed}


@pytest.mark.parametrize("status", [Status.PENDING, Status.TAINTED])
def test_what_became_of_something_half_made_is_what_counts(status: Status) -> None:
    for one, other in ((replace(A, status=status), A), (A, replace(A, status=status))):
        assert with_younger(state(one), state(other))[0].records == {"volume.a": other}


def test_a_roster_never_falls_to_an_epoch_that_members_have_heard_of() -> None:
    two, three = ({"name": "a"},), ({"name": "a"}, {"name": "b"})
    now = state(rosters={"cluster.c": Roster(5, three), "cluster.d": Roster(7, two), "cluster.new": Roster(1, two)})
    before = state(rosters={"cluster.c": Roster(3, two), "cluster.d": Roster(2, two)})
    assert with_younger(before, now)[0].rosters == {
        "cluster.c": Roster(6, two),
        "cluster.d": Roster(7, two),
        "cluster.new": Roster(1, two),
    }


def test_states_of_two_lineages_have_nothing_to_do_with_each_other() -> None:
    other = replace(state(B), lineage="another")
    assert with_younger(state(A), other) == (state(A), ())


NAMES = ["volume.a", "volume.b", "volume.c", "volume.d"]
OBJECTS = ["i1", "i2", "i3", "i4", "i5"]


@st.composite
def states(draw: st.DrawFn) -> State:
    identities = draw(st.permutations(OBJECTS))
    addresses = draw(st.lists(st.sampled_from(NAMES), unique=True))
    records = [
        record(address, identity, status=draw(st.sampled_from(list(Status))))
        for address, identity in zip(addresses, identities, strict=False)
    ]
    left = [record(draw(st.sampled_from(NAMES)), one) for one in identities[len(records) :] if draw(st.booleans())]
    return state(*records, deposed=left)


@given(earlier=states(), now=states())
def test_nothing_that_exists_goes_unrecorded_and_nothing_is_recorded_twice(earlier: State, now: State) -> None:
    found, _ = with_younger(earlier, now)
    identities = [one.identity for one in found.records.values()]
    assert all(address == one.address for address, one in found.records.items())
    assert len({*identities, *found.deposed}) == len(identities) + len(found.deposed)
    exist = {one.identity for one in now.records.values() if one.status is not Status.PENDING} | set(now.deposed)
    assert exist <= {*identities, *found.deposed}
    # Neither is anything to be deleted that the state did not want to delete, but where it stands in another's place.
    alive = {one.identity: one for one in now.records.values()}
    for identity in found.deposed.keys() - now.deposed.keys():
        holder = found.records[found.deposed[identity].address]
        assert holder.identity in alive


def test_restoring_keeps_what_was_made_since_and_restoring_again_undoes_that(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run(record("volume.a"), record("volume.m", "old"))
    yard.run(record("volume.b"), record("volume.m", "new"), drops=("old",))
    restored = yard.store.restore(holder(), 1)
    assert restored.since == ("volume.b", "volume.m")
    assert there(yard.state()) == {
        "volume.a": ("id-volume.a", Status.PRESENT),
        "volume.b": ("id-volume.b", Status.KEPT),
        "volume.m": ("new", Status.PRESENT),
    }
    back = yard.store.restore(holder(), 2)
    assert back.since == ()
    assert there(yard.state()) == there(yard.store.version(2))


def test_pushing_an_older_state_keeps_what_was_made_since(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    old = yard.run(record("volume.a"))
    yard.run(record("volume.b"))
    pushed = yard.store.push(holder(), write_snapshot(old), force=True)
    assert pushed.since == ("volume.b",)
    assert there(yard.state())["volume.b"] == ("id-volume.b", Status.KEPT)
