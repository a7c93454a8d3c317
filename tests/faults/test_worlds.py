"""Random worlds with random faults: after any sequence of applies, crashes, drift by hand and edits, the invariants hold.

After each crash every existing object of ours is recorded, pending or kept; one run that is let finish converges; the next plan is empty.
A failing case is printed by hypothesis as the calls that make it, to be copied into a test as they stand; and because a crash hits
threads at moments that nobody chooses, the story is printed besides, with a copy of the folder as it was when it failed. By hand,
`VWPLAN_FAULTS_RUNS=500` tries that many, each longer.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

sys.path.insert(0, str(Path(__file__).parent))
from dice import first_seed, how_many
from field import Field, Want, box, image, network, volume

POINTS = st.integers(1, 90)
NAMES = ("head", "w0", "w1", "w2")


def world(volumes: int, machines: int, memory: int, size: int, mode: str) -> list[Want]:
    """A world from a few numbers: an edit of any of them updates, makes anew, adds or removes."""
    wants = [image(), network("a", cidr="10.0.0.0/24", mode=mode)]
    wants += [volume(f"v{index}", size=size) for index in range(volumes)]
    for index, name in enumerate(NAMES[:machines]):
        disks = (f"volume.v{index}",) if index < volumes else ()
        after = ("workspace.head",) if index else ()
        wants.append(box(name, 2 + index, "a", disks=disks, after=after, resources={"cpus": 1, "memory": memory}))
    return wants


class Worlds(RuleBasedStateMachine):
    """One stack, and everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="worlds-"))
        self.field = Field(self.root)
        self.wants: list[Want] = [image()]
        self.size = 1024
        self.story: list[str] = []

    @contextlib.contextmanager
    def telling(self, what: str, **given: object) -> Iterator[None]:
        """A step of the story: when it fails, all is told up to there."""
        self.story.append(f"state.{what}({', '.join(f'{name}={value!r}' for name, value in given.items())})")
        try:
            yield
        except Exception:
            kept = Path(tempfile.mkdtemp(prefix="failed-world-")) / "world"
            shutil.copytree(self.root, kept)
            print("", *self.story, f"# the folder then: {kept}", sep="\n    ", file=sys.stderr)
            raise

    @initialize(volumes=st.integers(0, 2), machines=st.integers(0, 3))
    def begin(self, volumes: int, machines: int) -> None:
        self.wants = world(volumes, machines, 512, 1024, "nat")
        self.story.append(f"state.begin({volumes=}, {machines=})")

    @rule(
        volumes=st.integers(0, 3),
        machines=st.integers(0, 4),
        memory=st.sampled_from([512, 1024]),
        size=st.sampled_from([1024, 2048]),
        mode=st.sampled_from(["nat", "isolated"]),
    )
    def edit(self, volumes: int, machines: int, memory: int, size: int, mode: str) -> None:
        """The spec changes. Disks only grow: a plan refuses to shrink one."""
        self.size = size = max(self.size, size)
        self.wants = world(volumes, machines, memory, size, mode)
        self.story.append(f"state.edit({volumes=}, {machines=}, {memory=}, {size=}, {mode=})")

    @rule()
    def apply(self) -> None:
        """A run that nothing disturbs does all there is to do."""
        with self.telling("apply"):
            result = self.field.run(*self.wants)
            assert result.ok, result.diagnostics
            self.field.whole(self.wants)

    @rule(at=POINTS, torn=st.booleans())
    def crash(self, at: int, torn: bool) -> None:
        """A run that dies at some write or call."""
        with self.telling("crash", at=at, torn=torn):
            self.field.crash(*self.wants, at=at, torn=torn)
            assert self.field.lost() == []

    @rule(which=st.integers(0, 20))
    def take_away(self, which: int) -> None:
        """Somebody deletes a machine or a volume on the host, by hand, without asking."""
        hosts = self._world()
        gone = [thing for thing in hosts.things() if thing.kind != "network" and not hosts.users(thing.identity)]
        if gone:
            hosts.remove(gone[which % len(gone)].identity)
        hosts.close()
        self.story.append(f"state.take_away({which=})")

    @rule(which=st.integers(0, 20), power=st.sampled_from(["off", "paused"]))
    def switch(self, which: int, power: str) -> None:
        """Somebody switches a machine off."""
        hosts = self._world()
        machines = [thing for thing in hosts.things() if thing.kind == "workspace" and thing.power == "running"]
        if machines:
            hosts.put(replace(machines[which % len(machines)], power=power, status=power))
        hosts.close()
        self.story.append(f"state.switch({which=}, {power=})")

    @rule(serial=st.integers(0, 3))
    def look(self, serial: int) -> None:
        """Readers and the history work at any time."""
        stored = self.field.store().read()
        if stored is not None:
            history = self.field.store().history()
            assert history[0].serial == stored.state.serial
            if history[-1].serial <= serial <= history[0].serial and any(v.serial == serial for v in history):
                assert self.field.store().version(serial).serial == serial

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.field.lost() == []

    def teardown(self) -> None:
        try:
            self.apply()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def _world(self):  # type: ignore[no-untyped-def]
        from vwplan_simulated.world import World

        return World(self.field.worlds, "simulated/default")


TestWorlds = Worlds.TestCase
TestWorlds.settings = settings(
    max_examples=how_many(8),
    stateful_step_count=8 if how_many(0) == 0 else 30,
    deadline=None,
    database=None,
    derandomize=first_seed() == 1,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
