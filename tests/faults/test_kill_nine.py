"""Real processes, killed with `kill -9` at random moments and at chosen parts: nothing is lost, one more apply finishes.

An ordinary run kills four. By hand, a thousand, eight calls at a time (some twenty minutes on two processors):

    VWPLAN_FAULTS_RUNS=1000 python -m pytest tests/faults/test_kill_nine.py -q -s -k random
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dice import first_seed, how_many
from field import Field, twenty

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from field import Field, twenty
field = Field(Path(sys.argv[1]), {{"slots": 8, "delay": 0.01, "faults": sys.argv[3:]}})
wants = {{"make": twenty(), "fewer": twenty()[:9], "none": []}}[sys.argv[2]]
field.listener = lambda event: print(".", flush=True)
print("go", flush=True)
result = field.run(*wants)
print(result.ok, flush=True)
"""

ROUND = 10
"""How many kills there are before one run is let come to its end."""


def child(root: Path, what: str, *faults: str) -> subprocess.Popen[str]:
    code = CHILD.format(here=str(Path(__file__).parent))
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(root), what, *faults], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "go\n"
    return started


def kill(root: Path, dice: random.Random) -> str:
    """Kill one run after some of its events, and a moment; what it left."""
    running = child(root, dice.choice(["make", "make", "make", "fewer", "none"]))
    assert running.stdout is not None
    for _ in range(dice.choice([0, dice.randrange(12), dice.randrange(90)])):
        running.stdout.readline()
    time.sleep(dice.choice([0, dice.uniform(0, 0.03)]))
    running.kill()
    running.communicate()
    stored = Field(root).store().read()
    if stored is not None and stored.unfinished:
        return "steps begun"
    return "a run begun" if stored is not None and stored.running else "no run under way"


def kill_at_random(root: Path, seed: int, kills: int) -> Counter[str]:
    dice = random.Random(seed)
    root.mkdir(exist_ok=True)
    found: Counter[str] = Counter()
    for _ in range(kills):
        found[kill(root, dice)] += 1
        lost = Field(root).lost()
        assert lost == [], f"seed {seed}: {lost} exist and nothing speaks of them"
    field = Field(root)
    result = field.run(*twenty())
    assert result.ok, (seed, result.diagnostics)
    field.whole(twenty())
    return found


def test_processes_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    found: Counter[str] = Counter()
    left, seed = how_many(4), first_seed()
    while left:
        kills = min(left, ROUND)
        found += kill_at_random(tmp_path / "root", seed, kills)
        shutil.rmtree(tmp_path / "root")
        left, seed = left - kills, seed + 1
        print(f"seed {seed - 1}: killed {sum(found.values())} so far: {dict(found)}", flush=True)


@pytest.mark.parametrize(
    "fault",
    [
        "kill create network *",
        "kill create workspace *w3* after disk",
        "kill create workspace *w3* after seed",
        "kill create workspace *w3* after all",
        "kill power workspace *head1*",
    ],
)
def test_a_process_killed_by_its_own_call_leaves_what_can_be_settled(tmp_path: Path, fault: str) -> None:
    running = child(tmp_path, "make", fault)
    assert running.wait(240) == -signal.SIGKILL
    field = Field(tmp_path)
    assert field.lost() == []
    result = field.run(*twenty())
    assert field.recovered.anything
    assert result.ok, result.diagnostics
    field.whole(twenty())
