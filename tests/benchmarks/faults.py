"""What goes wrong, line by line: each fault is done to vwplan on the simulator, and what became of it is told with a verdict.

    python tests/benchmarks/faults.py [--kills 13] [--things 1500] [--seed 1] [--terraform] [--only disk,cycle]

With `--terraform` the same is done to the terraform on the PATH, whose things are empty files made by `terraform_data`. Filling a disk
needs root (a small tmpfs is mounted). The seed of the random moments is printed first; the exit code is 1 if vwplan failed anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Verdict = tuple[bool, str]


@dataclass
class Done:
    """What a command came to, its output without colours and line breaks."""

    code: int
    text: str

    @property
    def headline(self) -> str:
        """Its first problem, in one line."""
        found = re.search(r"Error: .{0,70}", self.text)
        return f"exit {self.code}" + (f", {found[0]}" if found else "")

    @property
    def to_add(self) -> int:
        """How many things the plan would make; -1 if it says nothing of that."""
        if "No changes" in self.text:
            return 0
        found = re.search(r"(\d+) to add", self.text)
        return int(found[1]) if found else -1


class Tool:
    """A program and one folder that it works in."""

    name = ""
    program: tuple[str, ...] = ()
    suffix = ""
    world = ""
    """Where what exists lies, in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)

    def spec(self, *texts: str) -> None:
        """Write the spec."""
        (self.folder / f"main.{self.suffix}").write_text("\n".join(texts))

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command in a group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            [*self.program, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *words: str, typed: str = "") -> Done:
        """Let a command come to its end."""
        ended = subprocess.run(
            [*self.program, *words], cwd=self.folder, input=typed, capture_output=True, text=True, timeout=900
        )
        text = re.sub(r"\x1b\[[0-9;]*m|[│╷╵]", "", ended.stdout + ended.stderr)
        return Done(ended.returncode, " ".join(text.split()))

    def things(self, count: int, seconds: float = 0.0) -> str:
        """A spec of so many things, each of which takes so long to make."""
        raise NotImplementedError

    def exist(self) -> set[str]:
        """What exists."""
        raise NotImplementedError

    def known(self) -> set[str]:
        """What of it the state speaks of; of a state that cannot be read, nothing."""
        raise NotImplementedError

    @property
    def state(self) -> Path:
        """The file with the state."""
        raise NotImplementedError

    def reset(self) -> None:
        """As if nothing had ever been done."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()


class Vwplan(Tool):
    """This program, on its simulator."""

    name = "vwplan"
    program = (sys.executable, "-c", "from vwplan.cli.main import main; main()")
    suffix = "vw.hcl"
    world = ".vwplan/hosts"

    def things(self, count: int, seconds: float = 0.0) -> str:
        volumes = f'volume "v" {{\n  count = {count}\n  size  = "1 MiB"\n}}\n' if count else ""
        provider = f'provider "simulated" {{\n  alias = "sim"\n  delay = {seconds}\n}}\n'
        return provider + "vwplan {\n  provider = simulated.sim\n}\n" + volumes

    def exist(self) -> set[str]:
        from vwplan_simulated.world import World

        if not (self.folder / ".vwplan" / "hosts").exists():
            return set()
        world = World(self.folder / ".vwplan" / "hosts", "simulated.sim/default")
        try:
            return {thing.identity for thing in world.things()}
        finally:
            world.close()

    def known(self) -> set[str]:
        from vwplan.diagnostics import DiagnosticError
        from vwplan.state import LocalStore

        try:
            stored = LocalStore(self.folder / ".vwplan").read()
        except DiagnosticError:
            return set()
        if stored is None:
            return set()
        records = [*stored.state.records.values(), *stored.state.deposed.values()]
        return {record.identity for record in records} | {begun.identity for begun in stored.unfinished}

    @property
    def state(self) -> Path:
        return self.folder / ".vwplan" / "stacks" / "default" / "snapshot"


class Terraform(Tool):
    """Terraform, whose things are files."""

    name = "terraform"
    program = ("terraform",)
    suffix = "tf"
    world = "things"

    def spec(self, *texts: str) -> None:
        super().spec(*texts)
        if not (self.folder / ".terraform.lock.hcl").exists() and not (self.folder / ".terraform").exists():
            self.run("init", "-input=false")

    def things(self, count: int, seconds: float = 0.0) -> str:
        (self.folder / "things").mkdir(exist_ok=True)
        command = f'command = "sleep {seconds}; touch things/${{self.input}}"'
        made = f'provisioner "local-exec" {{\n {command}\n }}'
        return (
            f'resource "terraform_data" "v" {{\n count = {count}\n input = count.index\n {made}\n}}\n' if count else ""
        )

    def exist(self) -> set[str]:
        return {path.name for path in (self.folder / "things").glob("*")}

    def known(self) -> set[str]:
        try:
            found = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return set()
        those = [one for resource in found["resources"] for one in resource["instances"]]
        return {str(one["index_key"]) for one in those}

    @property
    def state(self) -> Path:
        return self.folder / "terraform.tfstate"


APPLY = ("apply", "-auto-approve", "-input=false")


@dataclass
class Faults:
    """All faults, done to one program."""

    tool: Tool
    options: argparse.Namespace
    dice: random.Random

    def random_kills(self) -> Verdict:
        """`kill -9` at a random moment, while some of many exist."""
        tool, things = self.tool, self.options.things
        lost = wrong = 0
        most = 0
        for _ in range(self.options.kills):
            tool.reset()
            tool.spec(tool.things(things, 0.05))
            wanted = self.dice.randrange(60, 180)
            with killed(tool.begin(*APPLY)) as running:
                while running.poll() is None and len(tool.exist()) < min(wanted, things - 1):
                    time.sleep(self.dice.random() * 0.02)
            exist = tool.exist()
            orphans = len(exist - tool.known())
            planned = tool.run("plan")
            lost, most = lost + (orphans > 0), max(most, orphans)
            wrong += planned.code != 0 or planned.to_add > things - len(exist) + 16
        words = f"{self.options.kills} kills: something lost in {lost} (at most {most}), a wrong plan next in {wrong}"
        if lost or self.options.short:
            return not lost and not wrong, words
        ended = tool.run(*APPLY)
        whole = ended.code == 0 and len(tool.exist()) == things and not tool.exist() - tool.known()
        return not wrong and whole, f"{words}; one more apply: {'converged' if whole else ended.headline}"

    def kill_in_flight(self) -> Verdict:
        """`kill -9` with 5 steps in flight."""
        tool = self.tool
        tool.spec(tool.things(15, 1))
        with killed(tool.begin(*APPLY, "-parallelism=5")) as running:
            while running.poll() is None and len(tool.exist()) < 5:
                time.sleep(0.02)
            time.sleep(self.dice.uniform(0.2, 0.7))
        time.sleep(1)
        exist, known = tool.exist(), tool.known()
        again = tool.run(*APPLY)
        after = tool.exist()
        ok = not exist - known and again.code == 0 and len(after) == 15 and not after - tool.known()
        words = f"{len(exist)} existed, {len(exist - known)} unknown to the state; next apply: {again.headline}"
        return ok, f"{words}, {len(after)} exist, {len(after - tool.known())} unknown to the state"

    def state_damaged(self) -> Iterator[tuple[str, Verdict]]:
        """The state cut, overwritten, emptied, deleted, and one value in it altered."""
        tool = self.tool
        ways: dict[str, Callable[[bytes], bytes | None]] = {
            "cut": lambda text: text[: len(text) // 2],
            "garbage": lambda text: self.dice.randbytes(len(text)),
            "empty": lambda text: b"",
            "missing": lambda text: None,
            "one value altered": lambda text: re.sub(rb'("size":|"value": )\d', rb"\g<1>7", text, count=1),
        }
        tool.spec(tool.things(100))
        for _ in range(2):
            tool.run(*APPLY, "-replace=volume.v[0]" if tool.name == "vwplan" else "-replace=terraform_data.v[0]")
        good = {path: path.read_bytes() for path in tool.state.parent.rglob("*") if path.is_file()}
        for what, change in ways.items():
            text = change(good[tool.state])
            tool.state.unlink() if text is None else tool.state.write_bytes(text)
            told = tool.run("plan")
            ok, words = (
                told.code == 1,
                f"{told.headline}{', which says how to restore' if 'restore' in told.text else ''}",
            )
            if told.code == 0:
                words += f', plans "{told.to_add} to add"'
            elif tool.name == "vwplan":
                restored = tool.run("state", "restore")
                next = tool.run("plan", "-detailed-exitcode")
                ok = ok and restored.code == 0 and next.code == 0
                words += f"; after `state restore` the plan is {'empty' if next.code == 0 else next.headline}"
            yield f"state {what}", (ok, words)
            for path in set(tool.state.parent.rglob("*")) - good.keys():
                if path.is_file():
                    path.unlink()
            for path, before in good.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(before)

    def disk_full(self) -> Verdict:
        """The disk with the state is full while 400 are made."""
        if os.geteuid() != 0:
            return True, "left out: mounting needs root"
        tool = self.tool
        kept = tool.folder.parent / "beside"
        kept.mkdir()
        with mounted(tool.folder, "2m"):
            place = tool.folder / tool.world
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(kept)
            tool.spec(tool.things(400, 0.02))
            with killed(tool.begin(*APPLY)) as running:
                while running.poll() is None and len(tool.exist()) < 40:
                    time.sleep(0.01)
                with (tool.folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
                    while file.write(bytes(4096)):
                        pass
                code = running.wait()
            made = len(tool.exist())
            (tool.folder / "ballast").unlink()
            orphans = len(tool.exist() - tool.known())
            words = f"exit {code}, {made} of 400 made"
            if isinstance(tool, Vwplan):
                again = tool.run(*APPLY)
                whole = again.code == 0 and len(tool.exist()) == 400 and not tool.exist() - tool.known()
                words += f"; with room again the next apply: {'whole' if whole else again.headline}"
                return code == 1 and made < 200 and whole, words
            return not orphans, f"{words}, {orphans} unknown to the state"

    def output_of_nothing(self) -> Verdict:
        """An output of `1 / 0`, at planning and at the end of an apply."""
        tool = self.tool
        tool.spec(tool.things(3), 'output "x" {\n  value = 1 / 0\n}\n')
        first = tool.run(*APPLY)
        at_once = len(tool.exist())
        reference = "volume.v[0].path" if tool.name == "vwplan" else "terraform_data.v[0].id"
        tool.reset()
        tool.spec(tool.things(3), f'output "x" {{\n  value = 1 / (length({reference}) - length({reference}))\n}}\n')
        late = tool.run(*APPLY)
        orphans = len(tool.exist() - tool.known())
        ok = first.code == 1 and late.code == 1 and not orphans and "panic" not in (first.text + late.text).lower()
        words = f"{first.headline}, {at_once} made; late: {late.headline}, {len(tool.exist())} made, {orphans} unknown"
        return ok, words

    def locked(self) -> Verdict:
        """`plan` and `console` while another process holds the lock."""
        tool = self.tool
        tool.spec(tool.things(400, 1))
        with killed(tool.begin(*APPLY, "-parallelism=5")) as running:
            while running.poll() is None and not tool.exist():
                time.sleep(0.02)
            plan, console = tool.run("plan"), tool.run("console", typed="1 + 1\n")
            still = running.poll() is None
        return still and plan.code == console.code == 0, f"plan: {plan.headline}; console: {console.headline}"

    def cycle(self) -> Verdict:
        """A cycle, reported five times."""
        tool = self.tool
        tool.spec(tool.things(0), *(f"locals {{\n  {a} = local.{b}\n}}\n" for a, b in ("ab", "bc", "ca")))
        told = [tool.run("validate") for _ in range(5)]
        placed = f"main.{tool.suffix}:" in told[0].text or f"main.{tool.suffix} line" in told[0].text
        same = len({one.text for one in told}) == 1
        words = f"{told[0].headline}; {'with' if placed else 'without'} a place, {'the same' if same else 'another'} each time"
        return all(one.code == 1 for one in told) and placed and same, words

    def no_such_target(self) -> Verdict:
        """`-target` of what does not exist."""
        tool = self.tool
        tool.spec(tool.things(3))
        tool.run(*APPLY)
        kind = "volume" if tool.name == "vwplan" else "terraform_data"
        told = tool.run("plan", f"-target={kind}.w")
        return (
            told.code == 1,
            f"{told.headline or ''}{', No changes' if 'No changes' in told.text else ''}{meant(told)}",
        )

    def missing_variable(self) -> Verdict:
        """A variable without a value, at `validate` and at `plan`."""
        tool = self.tool
        tool.spec(tool.things(0), 'variable "size" {\n  type = number\n}\n', 'output "o" {\n  value = var.size\n}\n')
        told, planned = tool.run("validate"), tool.run("plan")
        return planned.code == 1, f"validate: {told.headline}; plan: {planned.headline}"

    def nearest_name(self) -> Verdict:
        """A resource misspelt."""
        tool = self.tool
        kind = "volume" if tool.name == "vwplan" else "terraform_data"
        tool.spec(tool.things(1).replace('"v"', '"home"'), f'output "o" {{\n  value = {kind}.hone\n}}\n')
        told = tool.run("validate")
        return told.code == 1 and bool(meant(told)), f"{told.headline}{meant(told) or ', no hint'}"


def meant(told: Done) -> str:
    """The hint at the nearest name."""
    found = re.search(r"Did you mean [^?]*\?", told.text)
    return f", {found[0]}" if found else ""


@contextmanager
def killed(running: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A command that is killed with `kill -9`, with all that it started, at the end of the block."""
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A small file system."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=13)
    parser.add_argument("--things", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--short", action="store_true", help="do not let the last one come to its end")
    parser.add_argument("--terraform", action="store_true")
    parser.add_argument("--only", default="", help="parts of the names of the faults to do")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "providers")])
    sys.path[:0] = [str(ROOT), str(ROOT / "providers")]
    tools: list[type[Tool]] = [Vwplan]
    if options.terraform and shutil.which("terraform"):
        tools.append(Terraform)
    failed = False
    for name, fault in vars(Faults).items():
        if name.startswith("_") or not callable(fault):
            continue
        if options.only and not any(part in name for part in options.only.split(",")):
            continue
        for kind in tools:
            failed |= not told(kind, name, options) and kind is Vwplan
    return int(failed)


def told(kind: type[Tool], name: str, options: argparse.Namespace) -> bool:
    """Do one fault to one program, and tell what became of it; whether that was well."""
    with tempfile.TemporaryDirectory(prefix=f"faults-{name}-", ignore_cleanup_errors=True) as root:
        tool = kind(Path(root) / "work")
        faults = Faults(tool, options, random.Random(f"{options.seed} {name}"))
        found = getattr(faults, name)()
        lines = [(name.replace("_", " "), found)] if isinstance(found, tuple) else list(found)
    for line, (ok, words) in lines:
        print(f"{line:24} {tool.name:10} {'well' if ok else 'BADLY'}: {words}", flush=True)
    return all(ok for _, (ok, _) in lines)


if __name__ == "__main__":
    sys.exit(main())
