"""A stack in a database is given a new key: whoever shares it must have that one, and all goes on under it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import HEAD, Asked, Desk, halted

from vwplan.state.postgres import open_store

pytestmark = pytest.mark.server

SPEC = (
    HEAD
    + """
variable "word" {
  type      = string
  sensitive = true
  default   = "hush"
}

image "base" {
  source = "./base.raw"
}

workspace "w" {
  image     = image.base
  user_data = "word=${var.word}"
}

volume "v" {
  size = "8 MiB"
}
"""
)


def desk_in(folder: Path, database: str, delay: float = 0) -> Desk:
    desk = Desk(folder, database, delay, SPEC)
    (folder / "base.raw").write_bytes(bytes(512))
    return desk


def key(desk: Desk) -> Path:
    return desk.folder / ".vwplan" / "keys" / "default.key"


def key_id(desk: Desk, database: str) -> str:
    stored = open_store(database, desk.folder / ".vwplan").read()
    assert stored is not None
    return stored.state.key_id


def test_a_new_key_is_everybodys_and_what_was_sealed_counts_as_changed_once(database: str, tmp_path: Path) -> None:
    desk, other = desk_in(tmp_path / "one", database), desk_in(tmp_path / "two", database)
    desk.run("apply", "--auto-approve")
    key(other).parent.mkdir(parents=True)
    shutil.copy(key(desk), key(other))
    old = key_id(desk, database)
    told = desk.run("state", "rekey", "--auto-approve")
    assert "back it up" in told
    new = key_id(desk, database)
    assert new not in ("", old)
    planned = desk.run("plan", "--detailed-exitcode", code=2)
    assert "user_data" in planned and "hush" not in planned
    refused = " ".join(other.run("plan", code=1).split())
    assert "The stack key is another one" in refused, "the other has the key before"
    shutil.copy(key(desk), key(other))
    desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan", "--detailed-exitcode")
    assert desk.run("state", "list").split() == ["image.base", "volume.v", "workspace.w"]


def test_a_key_that_is_lost_is_told_and_another_takes_its_place(database: str, tmp_path: Path) -> None:
    desk = desk_in(tmp_path, database)
    desk.run("apply", "--auto-approve")
    lost = key_id(desk, database)
    key(desk).unlink()
    assert "vwplan state rekey" in " ".join(desk.run("plan", code=1).split())
    desk.run("state", "rekey", "--auto-approve")
    assert key_id(desk, database) != lost
    desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan", "--detailed-exitcode")


def test_nobody_gets_a_new_key_while_another_works_under_the_old_one(database: str, tmp_path: Path) -> None:
    desk = desk_in(tmp_path, database, delay=0.5)
    desk.run("apply", "--auto-approve", "--target=volume.v")
    busy = desk.start("apply", "--auto-approve")
    assert busy.stdout is not None
    for line in busy.stdout:
        if "Creating" in line:
            break
    with halted(busy):
        refused = desk.run("state", "rekey", "--auto-approve", code=1)
    assert "lock" in refused.lower()
    assert list(key(desk).parent.glob("default.key.*")) == [], "none was put aside"
    rest, _ = busy.communicate(timeout=240)
    assert busy.returncode == 0, rest
    desk.run("state", "rekey", "--auto-approve")
    assert key_id(desk, database) != ""


def test_a_plan_that_was_agreed_to_under_the_old_key_is_made_again(database: str, tmp_path: Path) -> None:
    desk = desk_in(tmp_path, database)
    desk.run("apply", "--auto-approve")
    desk.run("plan", "--var=word=louder", "--out=saved")
    asked = Asked(desk, "apply", "--var=word=louder")
    asked.wait()
    desk.run("state", "rekey", "--auto-approve")
    refused = " ".join(desk.run("apply", "--var=word=louder", "saved", code=1).split())
    assert "out of date" in refused and "workspace.w" in refused
    asked.answer("yes")
    asked.wait(2)
    assert "state was changed while you were asked (image.base, workspace.w)" in " ".join(asked.said.split())
    asked.answer("yes")
    assert "1 changed" in asked.end()
    assert "No changes" in desk.run("plan", "--var=word=louder", "--detailed-exitcode")
