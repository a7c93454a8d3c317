"""Real processes, killed with `kill -9` at random moments and at chosen parts: nothing is lost, one more apply finishes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from field import Field, twenty

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from field import Field, twenty
field = Field(Path(sys.argv[1]), {{"slots": 8, "delay": 0.01, "faults": sys.argv[3:]}})
wants = twenty() if sys.argv[2] == "make" else twenty()[:9]
print("go", flush=True)
result = field.run(*wants)
print(result.ok, flush=True)
"""


def child(root: Path, what: str, *faults: str) -> subprocess.Popen[str]:
    code = CHILD.format(here=str(Path(__file__).parent))
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(root), what, *faults], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "go\n"
    return started


def kill_at_random(root: Path, seed: int, kills: int) -> None:
    dice = random.Random(seed)
    root.mkdir(exist_ok=True)
    for _ in range(kills):
        running = child(root, dice.choice(["make", "make", "fewer"]))
        time.sleep(dice.uniform(0, 0.35))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert Field(root).lost() == [], f"seed {seed}"
    field = Field(root)
    result = field.run(*twenty())
    assert result.ok, (seed, result.diagnostics)
    field.whole(twenty())


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path / "root", 0, 4)


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
    assert running.wait(60) == -signal.SIGKILL
    field = Field(tmp_path)
    assert field.lost() == []
    result = field.run(*twenty())
    assert field.recovered.anything
    assert result.ok, result.diagnostics
    field.whole(twenty())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_killed_processes_lose_nothing(tmp_path: Path, seed: int) -> None:
    kill_at_random(tmp_path / "root", seed, 10)
