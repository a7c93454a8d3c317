"""The real program, killed with `kill -9` at random moments while real domains are made, changed and taken away.

After each kill: nothing exists that the state does not speak of; the next apply settles what was begun and finishes the work; what
`virsh list --all`, `vol-list` and `net-list` tell is what is recorded, nothing doubled and nothing orphaned; and there is nothing
left to do. The machines have nothing to boot, so that a kill takes seconds. An ordinary run kills three times. By hand, fifty
(some five minutes):

    VWPLAN_FAULTS_RUNS=50 VWPLAN_TEST_LIBVIRT_URI=… python -m pytest tests/endtoend/test_killed_program.py -q -s
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
sys.path.insert(0, str(Path(__file__).parent))
from boxes import Yard
from dice import first_seed, how_many
from machines import LibvirtHands, needs_a_host

pytestmark = [*needs_a_host, pytest.mark.slow]

EVENT = re.compile(r"(workspace|network|volume|image)\S+: ")
"""A line that tells of a step while it is carried out."""

STACK = f"kill{os.getpid()}"


class Gambler:
    """Somebody who wants something else all the time, and kills what is under way."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._dice = random.Random(first_seed())
        self._home = 4

    def chance(self, share: float) -> bool:
        """Whether the dice fall so."""
        return self._dice.random() < share

    def want_something_else(self) -> None:
        """More machines or fewer, a restart, a larger volume, others in place of all machines."""
        self._home += self._dice.choice([0, 0, 4])
        boxes, memory, tag = self._dice.randrange(4), self._dice.choice([32, 48]), self._dice.choice("aab")
        self._yard.stack.let(boxes=boxes, memory=memory, tag=tag, home=self._home)

    def kill(self) -> list[str]:
        """Begin an apply, or now and then a destroy, and kill it; what it left, or nothing where it was done before."""
        verb = self._dice.choice(["apply", "apply", "apply", "destroy"])
        running = self._yard.stack.start(verb, "--auto-approve")
        assert running.stdout is not None
        if self.chance(0.85):
            events = self._dice.randrange(1, 9)
            for line in running.stdout:
                events -= EVENT.match(line) is not None
                if events == 0:
                    break
        time.sleep(self._dice.choice([0, self._dice.uniform(0, 0.05), self._dice.uniform(0, 0.5)]))
        running.kill()
        running.communicate()
        assert self._yard.lost() == set()
        if running.returncode == 0:
            return []
        stored = self._yard.stored()
        if stored is not None and stored.unfinished:
            return ["steps begun"]
        return ["a run begun" if stored is not None and stored.running else "no run under way"]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    hands = LibvirtHands(STACK)
    yield Yard.at(tmp_path / "yard", hands)
    hands.clear()


def test_what_a_killed_program_left_is_finished_by_the_next(yard: Yard) -> None:
    gambler = Gambler(yard)
    found: Counter[str] = Counter()
    settled = 0
    while found.total() < how_many(3):
        gambler.want_something_else()
        found.update(gambler.kill())
        if gambler.chance(0.3):
            # Another one is killed before anybody has finished the work of the first; perhaps while it settles that.
            found.update(gambler.kill())
        if gambler.chance(0.5):
            gambler.want_something_else()
        ran = yard.stack.run("apply", "--auto-approve")
        assert ran.code == 0, ran
        settled += "What its begun steps left:" in ran.out + ran.err
        yard.stack.settled()
        yard.whole()
        print(f"killed {found.total()}: {dict(found)}; {settled} applies had something to settle", flush=True)
    yard.stack.do("destroy", "--auto-approve")
    assert (yard.hands.objects(), yard.hands.volumes()) == (set(), [])
