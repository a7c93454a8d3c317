"""The program itself with its state in a database, several processes at a time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import Desk, halted, records

from vwplan.state.postgres import open_store

pytestmark = pytest.mark.server


def test_the_ordinary_commands_work_on_a_shared_state(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    assert "6 to add" in desk.run("plan")
    assert "Apply complete" in desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan")
    assert json.loads(desk.run("state", "list", "--json"))[0] == "network.n"
    assert desk.run("output", "size").strip() == "2"
    desk.run("plan", "--var=size=3", "--out=saved")
    assert "1 added" in desk.run("apply", "saved")
    assert "out of date" in desk.run("apply", "saved", code=1)
    assert not (tmp_path / ".vwplan" / "stacks" / "default" / "snapshot").exists()
    assert "Destroy complete" in desk.run("destroy", "--auto-approve")
    assert records(database, desk) == set()


def test_two_processes_apply_disjoint_parts_at_once(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database, delay=7)
    # Each of three steps at a time takes 7 s, so that either alone takes about that, and one after the other twice.
    first = desk.start("apply", "--auto-approve", "--target=volume.a", "--lock-timeout=120s")
    second = desk.start("apply", "--auto-approve", "--target=volume.b", "--lock-timeout=120s")
    overlapped = False
    store = open_store(database, tmp_path / ".vwplan")
    while first.poll() is None or second.poll() is None:
        stored = store.read()
        overlapped |= stored is not None and len({step.run for step in stored.unfinished}) == 2
        time.sleep(0.05)
    outs = [process.communicate()[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outs
    assert overlapped
    assert records(database, desk) == {*(f"volume.a[{n}]" for n in range(2)), *(f"volume.b[{n}]" for n in range(3))}
    assert "1 to add, 0 to change, 0 to destroy" in desk.run("plan")


def test_overlapping_applies_are_refused_or_wait_and_plan_again(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database, delay=4)
    first = desk.start("apply", "--auto-approve", "--target=volume.a")
    store = open_store(database, tmp_path / ".vwplan")
    while (stored := store.read()) is None or not stored.unfinished:
        assert first.poll() is None
        time.sleep(0.05)
    with halted(first):
        refused = desk.run("apply", "--auto-approve", code=1)
    assert "holds it since" in " ".join(refused.split())
    assert "changing the same" in refused
    waited = desk.run("apply", "--auto-approve", "--lock-timeout=120s")
    assert "4 added, 0 changed" in waited
    assert first.wait(120) == 0
    assert len(records(database, desk)) == 6


def test_a_process_killed_in_the_middle_is_settled_by_the_next_of_any_folder(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "one", database, delay=30)
    killed = desk.start("apply", "--auto-approve")
    store = open_store(database, tmp_path / "one" / ".vwplan")
    while (stored := store.read()) is None or not stored.unfinished:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    desk = Desk(tmp_path / "one", database)
    out = desk.run("apply", "--auto-approve")
    assert "cut short" in out
    assert len(records(database, desk)) == 6
    assert "No changes" in desk.run("plan")


def test_a_state_in_another_store_is_not_passed_over_and_migrates_both_ways(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    spec = tmp_path / "lab.vw.hcl"
    shared = spec.read_text()
    local = shared.replace('state "postgres"', 'state "local"').replace(f'    conninfo = "{database}"\n', "")
    spec.write_text(local)
    desk.run("apply", "--auto-approve")
    spec.write_text(shared)
    assert "another store" in " ".join(desk.run("plan", code=1).split())
    desk.run("state", "migrate", "--from=local")
    assert "No changes" in desk.run("plan")
    assert len(records(database, desk)) == 6
    spec.write_text(local)
    assert "another store" in " ".join(desk.run("plan", code=1).split())
    spec.write_text(shared)
    desk.run("state", "migrate", "--to=local")
    spec.write_text(local)
    assert "No changes" in desk.run("plan")


def test_a_pretended_world_needs_no_server(tmp_path: Path) -> None:
    desk = Desk(tmp_path, f"host={tmp_path} dbname=x")
    assert "cannot be reached" in desk.run("plan", code=1)
    assert "Apply complete" in desk.run("apply", "--simulate", "--auto-approve")
