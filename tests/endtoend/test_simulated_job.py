"""The main job on pretended machines: the same stories as on real ones, in moments, and crashes at exact points."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stories import CLUSTER, MainJob, names, worker
from workshop import Workshop

from vwplan_simulated.world import Thing, World

SITE = """
variable "delay" {
  type    = number
  default = 0
}
variable "faults" {
  type    = list(string)
  default = []
}

provider "simulated" {
  delay  = var.delay
  faults = var.faults
}

image "tiny" {
  source = "tiny.raw"
  format = "raw"
}
"""


class SimulatedHands:
    """Somebody with a hand in the pretended world."""

    def __init__(self, lab: Workshop) -> None:
        self._lab = lab

    def _world(self) -> World:
        return World(self._lab.folder / ".vwplan" / "hosts", "simulated/default")

    def _thing(self, identity: str) -> Thing:
        thing = self._world().thing(identity)
        assert thing is not None
        return thing

    def objects(self) -> set[str]:
        return {thing.identity for thing in self._world().things()}

    def images(self) -> int:
        return len(self._world().images())

    def boot(self, identity: str) -> str:
        return str(self._thing(identity).boots)

    def memory(self, identity: str) -> int:
        return int(self._thing(identity).arguments["resources"]["memory"])

    def roster(self, identity: str) -> list[str]:
        return [member["hostname"] for member in self._thing(identity).extra["context"]["members"]]

    def kill(self, identity: str) -> None:
        self._world().put(replace(self._thing(identity), power="off", status="crashed"))

    def undefine(self, identity: str) -> None:
        self._world().remove(identity)

    def cut_off(self) -> None:
        self._world().switch(offline=True)

    def reconnect(self) -> None:
        self._world().switch(offline=False)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    for name in ("VW_STACK", "VW_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    lab = Workshop(tmp_path / "lab", inside=True)
    lab.write(SITE + CLUSTER)
    (lab.folder / "tiny.raw").write_bytes(b"tiny" * 1024)
    return lab


@pytest.fixture
def hands(lab: Workshop) -> SimulatedHands:
    return SimulatedHands(lab)


class TestOnPretendedMachines(MainJob):
    """Each story, on the simulator."""

    def share(self, lab: Workshop, copy: Workshop) -> None:
        import shutil

        shutil.rmtree(copy.folder / ".vwplan" / "hosts")
        (copy.folder / ".vwplan" / "hosts").symlink_to(lab.folder / ".vwplan" / "hosts")

    @pytest.fixture(autouse=True)
    def slowly(self, lab: Workshop, request: pytest.FixtureRequest) -> Iterator[None]:
        """Where two run at once, the first must take its time."""
        if "two_applies" in request.node.name:
            lab.apply(workers=1)
            lab.let(delay=2)
        yield


def test_destroy_leaves_nothing(lab: Workshop, hands: SimulatedHands) -> None:
    lab.apply(workers=2)
    assert "Resources: 0 added, 0 changed, 6 destroyed." in lab.do("destroy", "--auto-approve")
    assert (hands.objects(), hands.images(), lab.records()) == (set(), 0, {})
    assert "There is nothing to destroy." in lab.do("destroy", "--auto-approve")


@pytest.mark.parametrize(
    "fault",
    [
        "kill stage image *",
        "kill create network *",
        "kill create network * after network",
        "kill create workspace *head* after disk",
        "kill create workspace *compute-1* after seed",
        "kill create workspace *compute-1* after all",
        "kill power workspace *head*",
        "kill power workspace *compute-0* after power",
    ],
)
def test_vwplan_killed_in_a_call_leaves_what_the_next_apply_finishes(
    lab: Workshop, hands: SimulatedHands, fault: str
) -> None:
    lab.let(workers=2, faults=[fault])
    killed = lab.start("apply", "--auto-approve")
    out, err = killed.communicate(timeout=240)
    assert killed.returncode == -signal.SIGKILL, out + err
    looked = lab.run("plan")
    assert looked.code == 0, looked
    assert "begun with no end recorded" in looked.err
    lab.let(faults=[])
    ran = lab.run("apply", "--auto-approve")
    assert ran.code == 0, ran
    assert "An earlier run was cut short." in ran.err
    lab.settled()
    assert hands.roster(lab.identity(worker(1))) == names(2)
    assert len(hands.objects()) == 5
    lab.agrees_with(hands)


def test_vwplan_killed_in_a_delivery_or_a_deletion_goes_on_from_there(lab: Workshop, hands: SimulatedHands) -> None:
    for before, after, fault in (
        (1, 2, "kill deliver workspace *head*"),
        (3, 1, "kill delete workspace *compute-2* after seed"),
    ):
        lab.apply(workers=before, faults=[])
        lab.let(workers=after, faults=[fault])
        killed = lab.start("apply", "--auto-approve")
        out, err = killed.communicate(timeout=240)
        assert killed.returncode == -signal.SIGKILL, out + err
        lab.apply(faults=[])
        assert hands.roster(lab.identity(worker(0))) == names(after)
        lab.agrees_with(hands)


def test_what_fails_does_not_widen(lab: Workshop, hands: SimulatedHands) -> None:
    lab.let(workers=3, faults=["fail create workspace *compute-1*"])
    ran = lab.run("apply", "--auto-approve")
    assert ran.code == 1, ran
    assert "fails, as asked" in ran.err
    assert "Not all was done. Resources: 6 added, 0 changed, 0 destroyed; 1 step failed, 1 step not begun." in ran.err
    assert set(lab.records()) >= {worker(0), worker(2)}
    lab.apply(faults=[])
    assert hands.roster(lab.identity(worker(0))) == names(3)
    lab.agrees_with(hands)
