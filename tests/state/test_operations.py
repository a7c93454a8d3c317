"""`state mv` and `state rm` as pure changes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from yard import LINEAGE, record

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Roster, State, fold
from vwplan.state.operations import move, remove, select


def state() -> State:
    records = [
        record("network.fabric"),
        record('workspace.login["a"]', depends=("network.fabric",)),
        record('workspace.login["b"]', depends=("network.fabric",)),
        record("cluster.c.head"),
        record("cluster.c.workers.compute[0]", depends=("cluster.c.head",)),
        record("module.lab.volume.v"),
    ]
    rosters = {"cluster.c": Roster(3, ({"name": "h"},))}
    return State(LINEAGE, 1, {one.address: one for one in records}, {}, rosters)


def after(source: str, target: str) -> State:
    return fold(state(), move(state(), source, target, "run-m"))


def test_a_record_moves_with_its_identity_and_those_that_need_it_know() -> None:
    moved = after("network.fabric", "network.cloth")
    assert moved.records["network.cloth"].identity == "id-network.fabric"
    assert "network.fabric" not in moved.records
    assert moved.records['workspace.login["a"]'].depends == ("network.cloth",)


def test_a_block_moves_with_all_its_instances_and_a_cluster_with_its_roster() -> None:
    assert {'workspace.gate["a"]', 'workspace.gate["b"]'} <= set(after("workspace.login", "workspace.gate").records)
    moved = after("cluster.c", "cluster.d")
    assert "cluster.d.workers.compute[0]" in moved.records
    assert moved.records["cluster.d.workers.compute[0]"].depends == ("cluster.d.head",)
    assert list(moved.rosters) == ["cluster.d"]


def test_a_module_moves_and_a_workspace_may_become_a_member() -> None:
    assert "module.site.volume.v" in after("module.lab", "module.site").records
    assert "cluster.e.head" in after('workspace.login["a"]', "cluster.e.head").records


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("network.fabrik", "network.x", "no-such-record"),
        ("network.fabric", "volume.x", "other-kind"),
        ('workspace.login["a"]', 'workspace.login["b"]', "address-taken"),
        ("network.fabric", "not an address", "bad-address"),
    ],
)
def test_what_cannot_be_moved_is_refused(source: str, target: str, code: str) -> None:
    with pytest.raises(DiagnosticError) as refused:
        move(state(), source, target, "run-m")
    assert refused.value.diagnostics[0].code == code


def test_the_nearest_address_is_suggested() -> None:
    with pytest.raises(DiagnosticError, match=r'Did you mean "network\.fabric"'):
        select(state(), ["network.fabrik"])


def test_what_is_removed_is_forgotten_with_the_roster_of_a_cluster_that_is_gone() -> None:
    entries, gone = remove(state(), ["cluster.c", 'workspace.login["a"]'], "run-r")
    assert len(gone) == 3
    left = fold(state(), entries)
    assert set(left.records) == {"network.fabric", 'workspace.login["b"]', "module.lab.volume.v"}
    assert left.rosters == {}
