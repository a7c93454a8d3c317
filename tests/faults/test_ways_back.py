"""Ways back by chance: `rollback`, `state restore` and `state push` in any order, with crashes between; nothing is ever unrecorded.

`VWPLAN_FAULTS_RUNS=200` takes as many by hand.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dice import seeds
from field import Field, Want, box, image, network, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.recover import recover
from vwplan.engine.rollback import wanted_of
from vwplan.state import Status, write_snapshot


def world(dice: random.Random) -> list[Want]:
    """Some volumes and some machines, on a network that is made anew now and then."""
    wants = [image(), network("a", cidr="10.0.0.0/24", mode=dice.choice(["nat", "nat", "isolated"]))]
    wants += [volume(name) for name in ("u", "v", "w") if dice.random() < 0.6]
    names = [number for number in range(4) if dice.random() < 0.6]
    return [*wants, *(box(f"m{n}", 2 + n, "a", resources={"memory": dice.choice([512, 1024])}) for n in names)]


def back(field: Field, dice: random.Random, *, crash: bool) -> None:
    """Go back to some earlier state, one way or another."""
    store = field.store()
    serial = dice.choice([version.serial for version in store.history()])
    how = dice.choice(["rollback", "restore", "push"])
    if how == "restore":
        store.restore(field.holder(), serial)
    elif how == "push":
        store.push(field.holder(), write_snapshot(store.version(serial)), force=True)
    else:
        with field.lock() as session:
            recover(session, field.new_run())
        wanted = wanted_of(store.version(serial), field.look())
        if crash:
            field.crash(at=dice.randrange(1, 60), wanted=wanted)
        else:
            assert field.run(wanted=wanted).ok


@pytest.mark.parametrize("seed", seeds(8))
def test_on_no_way_back_does_anything_that_exists_go_unrecorded(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    field = Field(tmp_path)
    assert field.run(*world(dice)).ok
    for _ in range(6):
        wants = world(dice)
        try:
            if dice.random() < 0.4:
                field.crash(*wants, at=dice.randrange(1, 60), torn=dice.random() < 0.5)
            elif dice.random() < 0.5:
                assert field.run(*wants).ok
            else:
                back(field, dice, crash=dice.random() < 0.4)
        except DiagnosticError as refused:
            # What was kept may hold on to what a plan wants to make anew: that is said, and nothing is done.
            assert {one.code for one in refused.diagnostics} <= {"still-in-use", "address-taken"}, (seed, refused)
        assert field.lost() == [], f"seed {seed}"
        state = field.look()
        known = [*(one.identity for one in state.records.values()), *state.deposed]
        assert len(set(known)) == len(known), f"seed {seed}"
    # All that is kept is taken up again by a spec that declares it: then all converges.
    wants = [image(), network("a", cidr="10.0.0.0/24", mode="nat"), *(volume(name) for name in ("u", "v", "w"))]
    wants += [box(f"m{number}", 2 + number, "a") for number in range(4)]
    result = field.run(*wants)
    assert result.ok, (seed, result.diagnostics)
    field.whole(wants)
    assert not {one.status for one in field.look().records.values()} - {Status.PRESENT}
