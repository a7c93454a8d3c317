"""Locks between real processes: one at a time, whoever dies lets go.

An ordinary run lets two processes race 25 times; by hand, a thousand: `VWPLAN_FAULTS_RUNS=1000`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dice import how_many
from field import LINEAGE, Field

from vwplan.diagnostics import DiagnosticError

RACER = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from field import Field, LINEAGE
from vwplan.state import Holder, RunEnded
field, counter = Field(Path(sys.argv[1])), Path(sys.argv[1]) / "counter"
print("go", flush=True)
sys.stdin.readline()
for turn in range(int(sys.argv[2])):
    holder = Holder(f"{{os.getpid()}}-{{turn}}", "racer", "here", os.getpid(), time.time(), "race")
    with field.store().lock(holder, lineage=LINEAGE, timeout=120) as session:
        count = int(counter.read_text() or 0)
        session.start(f"run-{{os.getpid()}}-{{turn}}", time.time(), "race")
        counter.write_text(str(count + 1))
        if sys.argv[3:] and turn == 3:
            print("held", flush=True)
            time.sleep(60)
        session.finish(RunEnded(f"run-{{os.getpid()}}-{{turn}}", time.time(), "done"))
"""


def racer(root: Path, turns: int, *more: str) -> subprocess.Popen[str]:
    code = RACER.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", code, str(root), str(turns), *more]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "go\n"
    return started


def start(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


def test_two_processes_that_race_for_the_lock_never_have_it_both(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    turns = how_many(25)
    racers = [racer(tmp_path, turns), racer(tmp_path, turns)]
    for running in racers:
        start(running)
    assert [running.wait(600) for running in racers] == [0, 0]
    assert int((tmp_path / "counter").read_text()) == 2 * turns
    field = Field(tmp_path)
    assert field.look().serial == 2 * turns
    assert field.store().holder() is None


def test_a_lock_whose_holder_died_is_free_at_once_and_its_run_is_known_to_be_dead(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    dying = racer(tmp_path, 10, "stop")
    start(dying)
    assert dying.stdout is not None and dying.stdout.readline() == "held\n"
    field = Field(tmp_path)
    holder = field.store().holder()
    assert holder is not None and holder.pid == dying.pid
    with pytest.raises(DiagnosticError) as refused:
        field.lock()
    assert refused.value.diagnostics[0].code == "state-locked"
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    assert field.store().holder() is None
    with field.store().lock(field.holder(), lineage=LINEAGE) as session:
        assert [run.run for run in session.dead_runs] == [f"run-{dying.pid}-3"]
