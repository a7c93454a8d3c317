"""Plans that wait, for a yes or in a file: nobody waits for whoever thinks, and what has changed since is never passed over."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import SPEC, Asked, Desk, records

pytestmark = pytest.mark.server


def test_who_is_asked_keeps_nobody_waiting_and_is_asked_again_about_what_has_changed(
    database: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, database)
    asked = Asked(desk, "apply")
    asked.wait()
    assert "3 added" in desk.run("apply", "--auto-approve", "--target=volume.b")
    asked.answer("yes")
    asked.wait(2)
    assert "state was changed while you were asked" in asked.said
    assert "3 to add" in asked.said.rpartition("while you were asked")[2]
    asked.answer("yes")
    assert "3 added, 0 changed, 0 destroyed" in asked.end()
    assert len(records(database, desk)) == 6


def test_what_was_agreed_to_is_carried_out_when_others_have_changed_other_things(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    asked = Asked(desk, "apply", "--target=volume.a")
    asked.wait()
    assert "3 added" in desk.run("apply", "--auto-approve", "--target=volume.b")
    asked.answer("yes")
    assert "2 added" in asked.end()
    assert asked.said.count("Enter a value") == 1
    assert "No changes" in desk.run("plan", "--target=volume.a", "--target=volume.b")


def test_a_no_leaves_everything_and_nobody_in_the_gate(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    asked = Asked(desk, "apply")
    asked.wait()
    asked.answer("no")
    assert "Nothing was done" in asked.end(code=1)
    assert records(database, desk) == set()
    assert "6 added" in desk.run("apply", "--auto-approve")


def test_a_rollback_asks_without_holding_anything_too(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    desk.run("apply", "--auto-approve", "--target=volume.a")
    desk.run("apply", "--auto-approve", "--var=size=4", "--target=volume.a")
    asked = Asked(desk, "rollback")
    asked.wait()
    assert "2 to destroy" in asked.said
    desk.run("apply", "--auto-approve", "--target=volume.b")
    asked.answer("yes")
    assert "2 destroyed" in asked.end()
    assert records(database, desk) == {*(f"volume.a[{n}]" for n in range(2)), *(f"volume.b[{n}]" for n in range(3))}


def test_a_saved_plan_holds_while_what_it_is_about_is_as_it_was(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    desk.run("apply", "--auto-approve", "--target=network.n")
    desk.run("plan", "--target=volume.a", "--out=saved")
    desk.run("plan", "--target=volume.b", "--out=other")
    desk.run("plan", "--out=all")
    assert "3 added" in desk.run("apply", "other")
    assert "2 added" in desk.run("apply", "saved")
    refused = " ".join(desk.run("apply", "all", code=1).split())
    assert "out of date" in refused
    assert "volume.a[0], volume.a[1], volume.b[0] and 2 more" in refused
    assert len(records(database, desk)) == 6


def test_what_was_made_and_taken_away_since_is_not_made_under_the_same_identity(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database)
    desk.run("apply", "--auto-approve", "--target=volume.b")
    desk.run("plan", "--target=volume.a", "--out=saved")
    desk.run("apply", "--auto-approve", "--target=volume.a")
    desk.run("destroy", "--auto-approve", "--target=volume.a")
    # The rows are as they were: not there. But the plan's identities have been given since.
    assert "out of date" in desk.run("apply", "saved", code=1)


OUTPUTS = (
    SPEC
    + """
output "names" {
  value = volume.b[*].id
}
output "first" {
  value = volume.a[0].id
}
"""
)


def test_outputs_that_others_have_changed_since_stay_changed(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database, spec=OUTPUTS)
    desk.run("apply", "--auto-approve")
    before = json.loads(desk.run("output", "--json"))
    desk.run("plan", "--target=volume.a", "--replace=volume.a[0]", "--out=saved")
    desk.run("apply", "--auto-approve", "--target=volume.b", "--replace=volume.b[0]")
    between = json.loads(desk.run("output", "--json"))
    assert between["names"] != before["names"]
    desk.run("apply", "saved")
    after = json.loads(desk.run("output", "--json"))
    assert after["names"] == between["names"]
    assert after["first"] != between["first"]
    assert "No changes" in desk.run("plan")


def test_with_files_too_nothing_is_held_while_somebody_is_asked(tmp_path: Path) -> None:
    local = SPEC.replace('state "postgres" {\n    conninfo = "%s"\n  }', "# %s")
    desk = Desk(tmp_path, "", spec=local)
    asked = Asked(desk, "apply")
    asked.wait()
    assert "3 added" in desk.run("apply", "--auto-approve", "--target=volume.b")
    asked.answer("yes")
    asked.wait(2)
    asked.answer("yes")
    assert "3 added" in asked.end()
    assert "No changes" in desk.run("plan")
