"""A folder with a spec whose state is in a database, and the program run there."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vwplan.state.postgres import open_store

PROGRAM = (sys.executable, "-c", "from vwplan.cli.main import main; main()")

PATIENCE = 240
"""Seconds that one command may take, on the busiest of machines."""

HEAD = """
vwplan {
  provider = simulated
  state "postgres" {
    conninfo = "%s"
  }
}

provider "simulated" {
  delay = %s
}
"""
"""How a spec begins: where its state is, and how long each call to the pretended hosts takes."""

SPEC = (
    HEAD
    + """
variable "size" {
  default = 2
}

volume "a" {
  count = var.size
  size  = "1 GiB"
}

volume "b" {
  count = 3
  size  = "1 GiB"
}

network "n" {}

output "size" {
  value = var.size
}
"""
)


class Desk:
    """Several may share one folder, or one database from several folders."""

    def __init__(self, folder: Path, database: str, delay: float = 0, spec: str = SPEC) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lab.vw.hcl").write_text(spec % (database, delay))

    def start(self, *words: str, asked: bool = False) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, out
        return out


@contextmanager
def halted(process: subprocess.Popen[str]) -> Iterator[None]:
    """A command stands still in the midst of its work, however long others take meanwhile."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


class Asked:
    """A command that asks; what it says is read as it comes."""

    def __init__(self, desk: Desk, *words: str) -> None:
        self.process = desk.start(*words, asked=True)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while piece := self.process.stdout.read(1):
            self.said += piece

    def wait(self, times: int = 1) -> None:
        """Wait until it has asked so often."""
        until = time.monotonic() + PATIENCE
        while self.said.count("Enter a value:") < times:
            assert self.process.poll() is None and time.monotonic() < until, self.said
            time.sleep(0.02)

    def answer(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def end(self, code: int = 0) -> str:
        """What it has said, once it is over."""
        assert self.process.wait(PATIENCE) == code, self.said
        self._reader.join(PATIENCE)
        return self.said


def records(database: str, desk: Desk) -> set[str]:
    stored = open_store(database, desk.folder / ".vwplan").read()
    assert stored is not None
    assert (stored.running, stored.unfinished) == ((), ())
    return set(stored.state.records)
