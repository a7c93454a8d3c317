"""Clusters at any size, timed as whole commands beside Terraform's, in turn in the same run.

    python tests/benchmarks/clusters.py [--sizes 100,1000,10000] [--commands plan,again,apply,destroy] [--no-terraform]

A cluster is one network, one head and eight workers, all by one `for_each`; a size counts workspaces (heads and workers). Terraform
has `terraform_data` of the same shape. Figures are user processor seconds and peak memory (MB) of the one process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORKERS = 8

SPEC = """
variable "clusters" {
  type    = number
  default = %d
}

image "base" {
  source = "${path.module}/base.raw"
  format = "raw"
}

network "fabric" {
  for_each = toset([for i in range_all : "c${i}"])
  mode     = "isolated"
}

cluster "c" {
  for_each = toset([for i in range_all : "c${i}"])
  image    = image.base
  nic { network = network.fabric[each.key] }
  resources {
    cpus   = 1
    memory = "512 MiB"
  }

  head {
    provides = { nfs = "/export" }
  }

  workers "compute" {
    count     = 8
    requires  = ["nfs"]
    user_data = "#!/bin/sh\\necho head is ${parent.head.address} >/root/head\\n"
  }
}

output "heads" {
  value = { for key, c in cluster.c : key => c.head.address }
}
"""

TERRAFORM = """
locals {
  clusters = [for i in range_all : "c${i}"]
}

resource "terraform_data" "network" {
  for_each = toset(local.clusters)
  input    = { name = each.key }
}

resource "terraform_data" "head" {
  for_each = toset(local.clusters)
  input    = { name = "${each.key}-head", network = terraform_data.network[each.key].id, memory = 512 }
}

resource "terraform_data" "worker" {
  for_each = { for pair in setproduct(local.clusters, range(8)) : "${pair[0]}-${pair[1]}" => pair }
  input    = { name = each.key, head = terraform_data.head[each.value[0]].id, memory = 512 }
}
"""


def all_of(count: int) -> str:
    """An expression for the numbers below `count`; `range` alone stops at 1024."""
    rows = -(-count // 1000)
    return f"[for n in flatten([for k in range({rows}) : [for i in range(1000) : k * 1000 + i]]) : n if n < {count}]"


@dataclass(frozen=True)
class Figure:
    """One command: its user CPU seconds, elapsed seconds, peak megabytes and exit code."""

    cpu: float
    wall: float
    peak: float
    code: int


def timed(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Figure:
    """Run a command and take the operating system's own account of it."""
    import time

    started = time.monotonic()
    with open(folder / "output.log", "ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Figure(usage.ru_utime, time.monotonic() - started, usage.ru_maxrss / 1024, process.returncode)


def write_vwplan(folder: Path, workspaces: int) -> None:
    """A root module of that many workspaces."""
    clusters = max(1, workspaces // (WORKERS + 1))
    (folder / "base.raw").write_bytes(b"\0" * 65536)
    (folder / "main.vw.hcl").write_text((SPEC % clusters).replace("range_all", all_of(clusters)))


def write_terraform(folder: Path, workspaces: int) -> None:
    """The same shape as `terraform_data`."""
    clusters = max(1, workspaces // (WORKERS + 1))
    (folder / "main.tf").write_text(TERRAFORM.replace("range_all", all_of(clusters)))


COMMANDS = {
    "validate": (["validate"], ["validate"]),
    "plan": (["plan", "--simulate"], ["plan"]),
    "apply": (["apply", "--simulate", "--auto-approve"], ["apply", "-auto-approve"]),
    "again": (["plan", "--simulate"], ["plan"]),
    "destroy": (["destroy", "--simulate", "--auto-approve"], ["destroy", "-auto-approve"]),
}


def main() -> int:
    """Print one line a size and command; 1 when a command failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000")
    parser.add_argument("--commands", default="validate,plan,apply,again,destroy")
    parser.add_argument("--no-terraform", action="store_true")
    parser.add_argument("--terraform-limit", type=int, default=1000, help="the largest size Terraform is asked for")
    options = parser.parse_args()
    terraform = None if options.no_terraform else shutil.which("terraform")
    environment = {**os.environ, "NO_COLOR": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    vwplan = str(Path(sys.executable).parent / "vwplan")
    print(f"{'workspaces':>10} {'command':10} {'tool':10} {'cpu s':>8} {'wall s':>8} {'peak MB':>8}  exit")
    failed = False
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            write_vwplan(Path(ours), size)
            write_terraform(Path(theirs), size)
            with_terraform = terraform is not None and size <= options.terraform_limit
            if with_terraform:
                timed([terraform or "", "init"], Path(theirs), environment)
            for name in options.commands.split(","):
                mine, peers = COMMANDS[name]
                figures = [("vwplan", timed([vwplan, *mine], Path(ours), environment))]
                if with_terraform:
                    figures.append(("terraform", timed([terraform or "", *peers], Path(theirs), environment)))
                for tool, figure in figures:
                    failed = failed or figure.code not in (0, 2)
                    print(
                        f"{size:>10} {name:10} {tool:10} {figure.cpu:8.2f} {figure.wall:8.2f} {figure.peak:8.0f}"
                        f"  {figure.code}",
                        flush=True,
                    )
            if failed:
                print(Path(ours, "output.log").read_text()[-3000:], file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
