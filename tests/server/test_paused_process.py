"""A real process that stands still beyond its lease (SIGSTOP), and goes on afterwards: it acts no more."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stores import lock, record, store_of

from vwplan.state import Ended, Record, Result, RunEnded
from vwplan.state.claims import Claims

pytestmark = pytest.mark.server

WORKER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from stores import *
from vwplan.state import Ended, Result
from vwplan.state.claims import Claims
from vwplan.state.problems import WriteFailed

session = lock(store_of(sys.argv[2], Path(sys.argv[3]), lease=float(sys.argv[4])))
session.claim(Claims(frozenset({"network.a"}), longest=0.5))
session.start("run-w", 1.0, "apply")
for number in range(1000):
    one = record("network.a", digest=str(number))
    try:
        session.write([begun("run-w", f"s{number}", one, "update")])
    except WriteFailed as refused:
        print("refused", refused.diagnostics[0].code, flush=True)
        break
    print("acts", number, flush=True)
    session.write([Ended("run-w", f"s{number}", Result.DONE, one)])
    print("rests", flush=True)
    sys.stdin.readline()
session.close()
"""


def test_a_stopped_process_is_taken_over_after_its_lease_and_acts_no_more_when_it_goes_on(
    database: str, tmp_path: Path
) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(Path(__file__).parent), database, str(tmp_path), "6"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None and worker.stdin is not None
    try:
        for line in worker.stdout:
            if line == "rests\n":
                break
        worker.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        # Whatever it is told now, it hears when it goes on.
        worker.stdin.write("\n")
        worker.stdin.flush()
        store = store_of(database, tmp_path / "other")
        while True:
            with lock(store, timeout=60) as taker:
                if taker.dead_runs:
                    waited = time.monotonic() - stopped
                    settled(taker, record("network.a", digest="taker's"))
                    break
            time.sleep(0.05)
        # Nobody can tell a stopped process from a dead one elsewhere: here its lease is waited for, no less.
        assert waited > 3.0
        worker.send_signal(signal.SIGCONT)
        rest = worker.stdout.read()
        assert worker.wait(120) == 0
    finally:
        worker.kill()
        worker.wait()
    assert "acts" not in rest
    assert "refused lock-lost" in rest
    stored = store.read()
    assert stored is not None
    assert stored.state.records["network.a"].digest == "taker's"
    assert (stored.running, stored.unfinished) == ((), ())


def settled(taker: object, one: Record) -> None:
    """What whoever takes over does: end the dead run, then a run of its own."""
    from vwplan.state.postgres.session import PostgresSession

    assert isinstance(taker, PostgresSession)
    assert [run.run for run in taker.dead_runs] == ["run-w"]
    taker.start("run-r", 5.0, "recover")
    taker.write([RunEnded("run-w", 5.0, "settled")])
    taker.finish(RunEnded("run-r", 5.0, "done"))
    assert taker.claim(Claims(frozenset({"network.a"})))
    taker.start("run-t", 6.0, "apply")
    taker.write([Ended("run-t", "s", Result.DONE, one)])
    taker.finish(RunEnded("run-t", 7.0, "done"))


def test_a_process_that_stood_still_within_its_lease_goes_on(database: str, tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            WORKER.replace("range(1000)", "range(4)"),
            str(Path(__file__).parent),
            database,
            str(tmp_path),
            # Long enough for a machine so busy that the process stands still by itself.
            "20",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None and worker.stdin is not None
    try:
        for line in worker.stdout:
            if line == "rests\n":
                break
        worker.send_signal(signal.SIGSTOP)
        worker.stdin.write("\n" * 4)
        worker.stdin.flush()
        time.sleep(0.5)
        worker.send_signal(signal.SIGCONT)
        rest = worker.stdout.read()
        assert worker.wait(120) == 0
    finally:
        worker.kill()
        worker.wait()
    assert rest.count("acts") == 3
