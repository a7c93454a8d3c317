"""A folder with a spec, and the program run in it on the pretended hypervisor, as a user would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vwplan.cli.arguments import normalised
from vwplan.cli.main import run
from vwplan.state import LocalStore, Record, State
from vwplan_simulated.world import World

SPEC = """
provider "simulated" {
  alias = "sim"
}

vwplan {
  provider = simulated.sim
}

image "base" {
  source = "./base.raw"
}

network "lan" {
  cidr = "10.9.0.0/24"
}
"""

WHOLE_SPEC = """\
provider "simulated" {}

variable "size" { default = "16 MiB" }

variable "token" {
  type      = string
  default   = "hush"
  sensitive = true
}

image "base" {
  source = "base.raw"
  format = "raw"
}

network "lan" { mode = "isolated" }

volume "home" { size = var.size }

workspace "login" {
  image     = image.base
  user_data = "token ${var.token}"
  nic { network = network.lan }
  disk { volume = volume.home }
}

workspace "other" { image = image.base }

output "address" { value = workspace.login.address }

output "token" {
  value     = var.token
  sensitive = true
}

output "size" { value = var.size }
"""
"""A spec with one of each kind, variables and outputs among them a secret."""

HOSTS = """
provider "simulated" {
  alias = "a"
}

provider "simulated" {
  alias = "b"
}

vwplan {
  provider = simulated.b
}

volume "there" {
  provider = simulated.a
  size     = "8 MiB"
}

volume "here" {
  size = "8 MiB"
}
"""


def volume(name: str, provider: str) -> str:
    return f'\nvolume "{name}" {{\n  provider = simulated.{provider}\n  size     = "8 MiB"\n}}\n'


def machine(name: str, *lines: str, network: str = "lan") -> str:
    nic = f"  nic {{ network = network.{network} }}\n" if network else ""
    body = "".join(f"  {line}\n" for line in lines)
    return (
        f'\nworkspace "{name}" {{\n  image = image.base\n  resources {{\n    cpus = 1\n    memory = "256 MiB"\n  }}\n'
        f"{nic}{body}}}\n"
    )


@dataclass(frozen=True)
class Told:
    """What a command came to: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shop:
    """The folder, and what is done in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def spec(self, *texts: str) -> None:
        (self.folder / "main.vw.hcl").write_text("".join(texts))

    def run(self, *words: str) -> Told:
        self.capsys.readouterr()
        code = run(normalised(words))
        found = self.capsys.readouterr()
        return Told(code, found.out, found.err)

    def do(self, *words: str) -> Told:
        told = self.run(*words)
        assert told.code == 0, told.err + told.out
        return told

    def apply(self, *words: str) -> Told:
        return self.do("apply", "--auto-approve", *words)

    def store(self, stack: str = "default") -> LocalStore:
        return LocalStore(self.folder / ".vwplan", stack)

    def state(self, stack: str = "default") -> State:
        stored = self.store(stack).read()
        assert stored is not None
        return stored.state

    def record(self, address: str, stack: str = "default") -> Record:
        return self.state(stack).records[address]

    def world(self, host: str = "simulated.sim/default") -> World:
        return World(self.folder / ".vwplan" / "hosts", host)

    def empty(self, *words: str) -> bool:
        """Whether a plan finds nothing to do."""
        return self.run("plan", "--detailed-exitcode", *words).code == 0


def shop_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spec: str = SPEC
) -> Shop:
    monkeypatch.chdir(folder)
    for name in ("VW_STACK", "VW_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    (folder / "base.raw").write_bytes(b"b" * 4096)
    shop = Shop(folder, capsys)
    shop.spec(spec)
    return shop


def dying(shop: Shop, monkeypatch: pytest.MonkeyPatch, *words: str, after: Callable[[], None] | None = None) -> None:
    """Run a command that dies as soon as it hands a step out: its begin is written, its end never is."""
    from vwplan.engine.coordinator import Coordinator

    class Dead(BaseException):
        pass

    def die(*_: object) -> None:
        if after is not None:
            after()
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(Coordinator, "_hand_out", die)
        with pytest.raises(Dead):
            run(list(words))
