"""The simulated provider keeps the law."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from suite import Conformance, Stage

from vwplan.provider import HostConfiguration, ProviderError, Unreachable, find
from vwplan_simulated.__main__ import define
from vwplan_simulated.world import World


class TestSimulated(Conformance):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Stage:
        host = HostConfiguration("simulated", "default", {}, str(tmp_path))
        return Stage(
            lambda: find("simulated").open(host),
            {"format": "qcow2"},
            "sha256:" + "ab" * 32,
            foreign=lambda name, address: _foreign(World(tmp_path, host.key), name, address),
        )


def _foreign(world: World, name: str, address: str) -> Callable[[], object]:
    arguments = {"mode": "isolated", "cidr": address.replace(".1", ".0/24"), "bridge": "theirs0"}
    identity = define(world, "network", name, arguments)
    return lambda: world.remove(identity)


def test_a_host_that_is_switched_off_does_not_answer(tmp_path: Path) -> None:
    host = HostConfiguration("simulated", "default", {}, str(tmp_path))
    find("simulated").open(host).close()
    World(tmp_path, host.key).switch(offline=True)
    with pytest.raises(Unreachable):
        find("simulated").open(host)


def test_a_fault_in_the_middle_leaves_the_parts_made_so_far(tmp_path: Path) -> None:
    from suite import Play

    host = HostConfiguration("simulated", "default", {"faults": ["fail create workspace * after disk"]}, str(tmp_path))
    play = Play(Stage(lambda: find("simulated").open(host), {}, "sha256:" + "ab" * 32))
    play.do(play.base())
    machine = play.machine()
    with pytest.raises(ProviderError):
        play.do(machine)
    seen = play.seen(machine)
    assert seen is not None
    assert (seen.parts, seen.complete) == (("disk",), False)
    assert play.delete(machine).observed is None
    assert play.seen(machine) is None
