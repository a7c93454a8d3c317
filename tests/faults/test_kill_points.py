"""A process that dies at any write of the journal, and at any call, loses nothing: one more apply finishes the work.

Of two hundred resources an ordinary run takes a few points. By hand, every one (some minutes for each hundred of a thousand):

    VWPLAN_FAULTS_STEP=1 python -m pytest tests/faults/test_kill_points.py -q -s -k hundred

With a larger step, every so many; `VWPLAN_FAULTS_FROM` is the first.
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from field import Field, Want, box, image, network, twenty, volume

from vwplan.state.cover import SEALED
from vwplan.state.covered import CoveredDisk
from vwplan.state.encryption import Encryption, KeyFile, Sealed


def few() -> list[Want]:
    wants = [image(), network("a"), volume("v0"), box("head0", 2, "a", disks=("volume.v0",))]
    return [*wants, box("w0", 10, "a", after=("workspace.head0",))]


def changed(size: int = 2048) -> list[Want]:
    """Memory of one changed, one gone, a network replaced under everybody."""
    wants = [image(), network("a", cidr="10.0.0.0/24", mode="isolated"), volume("v0", size=size)]
    wants.append(box("head0", 2, "a", disks=("volume.v0",), resources={"memory": 1024}))
    return wants


def survives(field: Field, wants: Sequence[Want], at: int, *, torn: bool = False) -> bool:
    """Die at one point, then check that nothing is lost and that one more run finishes; whether there was such a point."""
    crashed = field.crash(*wants, at=at, torn=torn)
    assert field.lost() == []
    result = field.run(*wants)
    assert result.ok, result.diagnostics
    assert field.lost() == []
    field.whole(wants)
    return crashed


def kill_everywhere(
    tmp_path: Path, before: Sequence[Want], after: Sequence[Want], step: int = 1, *, torn: bool = False
) -> int:
    start, here = tmp_path / "start", tmp_path / "here"
    here.mkdir()
    if before:
        assert Field(here).run(*before).ok
    here.rename(start)
    at = 1
    while True:
        shutil.copytree(start, here)
        crashed = survives(Field(here), after, at, torn=torn)
        shutil.rmtree(here)
        if not crashed:
            return at
        at += step


EVERY = pytest.param(1, marks=pytest.mark.slow, id="every point")
SOME = pytest.param(3, id="every third point")


@pytest.mark.parametrize("step", [EVERY, SOME])
@pytest.mark.parametrize("torn", [False, True], ids=["whole writes", "torn writes"])
def test_dying_while_a_few_are_made_loses_nothing(tmp_path: Path, torn: bool, step: int) -> None:
    assert kill_everywhere(tmp_path, [], few(), step, torn=torn) > 30


@pytest.mark.parametrize("step", [EVERY, SOME])
def test_dying_while_things_are_changed_replaced_and_deleted_loses_nothing(tmp_path: Path, step: int) -> None:
    assert kill_everywhere(tmp_path, few(), changed(), step) > 30


@pytest.mark.parametrize("step", [EVERY, SOME])
def test_dying_while_all_is_destroyed_loses_nothing(tmp_path: Path, step: int) -> None:
    assert kill_everywhere(tmp_path, few(), [], step) > 15


@pytest.mark.slow
def test_dying_at_each_point_of_making_twenty_loses_nothing(tmp_path: Path) -> None:
    assert kill_everywhere(tmp_path, [], twenty()) > 60


@pytest.mark.parametrize("torn", [False, True], ids=["whole writes", "torn writes"])
@pytest.mark.parametrize("step", [EVERY, pytest.param(7, id="every seventh point")])
def test_dying_over_an_encrypted_state_loses_nothing(tmp_path: Path, step: int, torn: bool) -> None:
    """It begins in the clear, so that some die while all is sealed; others while it is changed over to another key."""
    keys = [KeyFile(tmp_path / name) for name in ("old", "new")]
    for key in keys:
        key.path.write_bytes(base64.b64encode(key.path.name.encode().ljust(32)))
        key.path.chmod(0o600)
    covers = [Sealed(Encryption(keys[0])), Sealed(Encryption(keys[1], keys[0]))]
    at, crashed = 1, True
    while crashed:
        root = tmp_path / str(at)
        root.mkdir()
        field = Field(root)
        assert field.run(*few()[:3]).ok
        for cover, wants in zip(covers, (few(), changed()), strict=True):
            field.cover, field.disk = cover, CoveredDisk(cover)
            crashed = survives(field, wants, at, torn=torn)
        folder = field.store().folder
        texts = [
            path.read_bytes() for path in [folder.snapshot, *folder.path.glob("journal.*"), *folder.history.glob("*")]
        ]
        assert all(text.startswith(SEALED) for text in texts)
        at += step
    assert at > 30


def two_hundred() -> list[Want]:
    """A head with its disk and workers on each of two networks."""
    wants = [image(), network("a"), network("b", cidr="10.0.1.0/24")]
    wants += [volume(f"v{index}") for index in range(40)]
    for index in range(157):
        disks = (f"volume.v{index}",) if index < 40 else ()
        after = (f"workspace.m{index % 4}",) if index > 3 else ()
        wants.append(box(f"m{index}", 2 + index, "ab"[index % 2], disks=disks, after=after))
    return wants


def fresh(folder: Path) -> Field:
    (folder / "here").mkdir()
    return Field(folder / "here")


def test_dying_while_two_hundred_are_made_loses_nothing(tmp_path: Path) -> None:
    wants = two_hundred()
    at = int(os.environ.get("VWPLAN_FAULTS_FROM") or 40)
    step = int(os.environ.get("VWPLAN_FAULTS_STEP") or 450)
    tried = 0
    while survives(fresh(tmp_path), wants, at):
        shutil.rmtree(tmp_path / "here")
        at, tried = at + step, tried + 1
        if tried % 10 == 0:
            print(f"{tried} points tried, up to {at - step}", flush=True)
    print(f"{tried} points tried, all below {at}", flush=True)
    assert tried > 1


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40))])
def test_dying_again_and_again_loses_nothing(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    field = Field(tmp_path)
    worlds = [few(), changed(1024), twenty()[:12], []]
    for _ in range(6):
        wants = dice.choice(worlds)
        field.crash(*wants, at=dice.randrange(1, 60), torn=dice.random() < 0.5)
        assert field.lost() == [], f"seed {seed}"
    wants = dice.choice(worlds)
    result = field.run(*wants)
    assert result.ok, (seed, result.diagnostics)
    field.whole(wants)


@pytest.mark.parametrize("dies", ["put", "remove"])
def test_a_pretended_host_leaves_no_claim_that_nobody_holds(
    tmp_path: Path, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses and MACs belong to objects: a process that dies in the middle leaves both or neither, as on a real host."""
    from vwplan_simulated.world import World

    field = Field(tmp_path)
    small = [image(), network("a")]
    machines = [*small, box("w0", 10, "a")]
    assert field.run(*(small if dies == "put" else machines)).ok
    world = World(field.worlds, "simulated/default")

    class Died(Exception):
        pass

    def die(self: World, *given: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(World, dies, die)
        field.run(*(machines if dies == "put" else small))
    claimed = {row[0] for row in world._database.execute("select identity from claim")}
    assert claimed <= {thing.identity for thing in world.things()}
    assert field.run(*machines).ok
    field.whole(machines)
