"""A stack in a folder, worked on through the real program, and the hands of somebody who works on its host meanwhile."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

PROGRAM = (sys.executable, "-c", "from vwplan.cli.main import main; main()")
"""The program that `vwplan` runs, in the interpreter of the tests."""

PATIENCE = 240
"""Seconds that one command may take."""

FLEETING = ("status", "is_ready")
"""Facts that come and go with a machine's power."""


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out}{self.err}"


class Hands(Protocol):
    """What somebody can see and do on a host without vwplan. Machines are named by their identity."""

    def objects(self) -> set[str]:
        """The identities of all machines, networks and volumes of ours on the host."""

    def images(self) -> int:
        """How many bases lie on the host."""

    def boot(self, identity: str) -> str:
        """Which start of a machine this is: another one after each."""

    def memory(self, identity: str) -> int:
        """How much memory a machine has, in MiB."""

    def roster(self, identity: str) -> list[str]:
        """The hostnames of the members of its cluster, as read inside a machine."""

    def kill(self, identity: str) -> None:
        """End a machine as `kill -9` does."""

    def undefine(self, identity: str) -> None:
        """Take a machine away."""

    def cut_off(self) -> None:
        """Let the host not answer any more."""

    def reconnect(self) -> None:
        """Let it answer again."""


@dataclass
class Workshop:
    """A folder with a spec. `words` go with every command that knows stacks; `inside` runs commands in this very process."""

    folder: Path
    words: tuple[str, ...] = ()
    inside: bool = False

    def write(self, text: str, name: str = "main.vw.hcl") -> None:
        """Write a file of the spec."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def let(self, **variables: Any) -> None:
        """Give variables for all commands from now on, over those given before."""
        path = self.folder / "these.auto.vwvars.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**before, **variables}))

    def start(self, *words: str, **rest: Any) -> subprocess.Popen[str]:
        """Begin a command in a process of its own."""
        return subprocess.Popen(
            [*PROGRAM, *words, *self.words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **rest,
        )

    def run(self, *words: str) -> Ran:
        """Run a command to its end, whatever that is."""
        if self.inside:
            return self._run_inside([*words, *self.words])
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Ran(process.returncode, out, err)

    def _run_inside(self, words: list[str]) -> Ran:
        from vwplan.cli.arguments import normalised
        from vwplan.cli.main import run

        out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(normalised(words))
        finally:
            os.chdir(before)
        return Ran(code, out.getvalue(), err.getvalue())

    def do(self, *words: str) -> str:
        """Run a command that must succeed; what it printed."""
        ran = self.run(*words)
        assert ran.code == 0, f"vwplan {' '.join(words)}: {ran}"
        return ran.out

    def refused(self, *words: str) -> str:
        """Run a command that must fail without a traceback; what it told of that."""
        ran = self.run(*words)
        assert ran.code == 1, f"vwplan {' '.join(words)}: {ran}"
        assert "Traceback" not in ran.err
        return ran.err

    def apply(self, **variables: Any) -> str:
        """Apply without asking, after which there must be nothing left to do; what it printed."""
        if variables:
            self.let(**variables)
        told = self.do("apply", "--auto-approve")
        self.settled()
        return told

    def settled(self) -> None:
        """Assert that planning finds nothing to do."""
        ran = self.run("plan", "--detailed-exitcode")
        assert ran.code == 0, ran

    def plan(self) -> Mapping[str, Any]:
        """The plan, as for machines."""
        found: Mapping[str, Any] = json.loads(self.do("plan", "--json"))
        return found

    def actions(self) -> dict[str, list[str]]:
        """What the plan would do to each resource, but for telling those who stay of a new roster."""
        return {
            one["address"]: one["change"]["actions"]
            for one in self.plan()["resource_changes"]
            if one["change"]["actions"] not in (["no-op"], ["deliver"])
        }

    def records(self) -> dict[str, dict[str, Any]]:
        """What is recorded, by address."""
        shown = json.loads(self.do("show", "--json"))
        return {one["address"]: one for one in shown["resources"]}

    def identity(self, address: str) -> str:
        """The identity of what is recorded under an address."""
        return str(self.records()[address]["identity"])

    def lasting(self, address: str) -> dict[str, Any]:
        """What must stay the same over a restart: identity, name, addresses, MAC."""
        record = self.records()[address]
        facts = {name: value for name, value in record["facts"].items() if name not in FLEETING}
        return {"identity": record["identity"], "name": record["name"], "parts": record["parts"], **facts}

    def agrees_with(self, hands: Hands) -> None:
        """Assert that what is recorded is what there is: nothing doubled, nothing orphaned, nothing lost."""
        recorded = {one["identity"] for one in self.records().values() if one["kind"] != "image"}
        assert hands.objects() == recorded
