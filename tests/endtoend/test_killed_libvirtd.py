"""libvirtd itself, killed with `kill -9` under a real apply, and started again: what was begun is found out, and finished.

The tests have a libvirtd of their own for this, started as .ci/setup starts one where the system has none. An ordinary run kills it
once; with VWPLAN_FAULTS_RUNS=3 at each of the moments below.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
sys.path.insert(0, str(Path(__file__).parent))
from boxes import Yard
from dice import how_many
from machines import LibvirtHands, needs_a_host
from workshop import PATIENCE

ROOT = Path(__file__).parents[2]
NAME = f"vwplan-t{os.getpid()}"

pytestmark = [
    *needs_a_host,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a libvirtd"),
    pytest.mark.skipif(not all(map(shutil.which, ("libvirtd", "virsh", "unshare"))), reason="there is no libvirtd"),
]


class Daemon:
    """A private libvirtd. `pid` is that of its process, known beforehand, so that it can be killed at the very moment."""

    pid = 0

    def _do(self, words: str) -> str:
        script = f". .ci/setup; {words}"
        environment = {**os.environ, "VWPLAN_DEV_NAME": NAME}
        done = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> str:
        """Start it, where it does not run; its URI."""
        uri, pid = self._do('libvirtd_start && echo "$LIBVIRTD_URI" && libvirtd_pid').split()
        self.pid = int(pid)
        return uri

    def kill(self) -> None:
        """End it at once; its machines go on."""
        os.kill(self.pid, signal.SIGKILL)

    def clear(self) -> None:
        """End it, and forget what it knew."""
        self._do("libvirtd_stop")
        for folder in (f"/var/lib/{NAME}", f"/run/{NAME}"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.clear()


def hands_of(daemon: Daemon) -> LibvirtHands:
    """Hands on the host, through a connection that is new."""
    return LibvirtHands(NAME, daemon.start())


MOMENTS = ["network.fabric: Creating", "workspace.box[1]: Creating", "workspace.box[1]: Starting"]


@pytest.mark.parametrize("line", MOMENTS[: how_many(1)])
def test_an_apply_over_a_killed_libvirtd_stops_with_the_truth_recorded(
    daemon: Daemon, tmp_path: Path, line: str
) -> None:
    yard = Yard.at(tmp_path / "yard", hands_of(daemon))
    running = yard.stack.start("apply", "--auto-approve")
    assert running.stdout is not None
    for told in running.stdout:
        if told.startswith(line):
            break
    daemon.kill()
    out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1, out + err
    # Or it was gone before any step had its connection.
    assert "Connection to the host was lost" in err or "Host does not answer" in err, err
    assert "Traceback" not in err

    ran = yard.stack.run("plan")
    assert (ran.code, "Host cannot be seen" in ran.err) == (1, True), ran
    assert "will be created" not in ran.out

    yard.hands = hands_of(daemon)
    assert yard.lost() == set()
    yard.stack.apply()
    yard.whole()
    yard.stack.do("destroy", "--auto-approve")
    assert (yard.hands.objects(), yard.hands.volumes()) == (set(), [])
