"""Evaluate clusters of 1 network, 1 head and 8 workers into resources, by `for_each` or block by block: CPU and memory.

Run: python tests/benchmarks/graph.py [CLUSTERS ...] [--blocks]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

_COMMON = """
image "base" {
  source = "disk.img"
}
environment "site" {
  image  = image.base
  labels = { site = "here" }
}
"""

_EACH = """
locals {
  # A range has 1024 numbers at most.
  numbers = flatten([for high in range(%d) : [for low in range(100) : high * 100 + low]])
  names   = toset([for number in local.numbers : format("c%%05d", number)])
}
network "fabric" {
  for_each = local.names
}
cluster "c" {
  for_each    = local.names
  environment = environment.site
  resources { memory = "1 GiB" }
  nic { network = network.fabric[each.key] }
  head {
    provides = { nfs = "/export" }
  }
  workers "compute" {
    count     = 8
    requires  = ["nfs"]
    user_data = "head ${parent.head.address}, I am ${count.index}"
  }
}
output "heads" { value = [for name in local.names : cluster.c[name].head.address] }
"""

_BLOCK = """
network "n%(i)d" {
}
cluster "c%(i)d" {
  environment = environment.site
  resources { memory = "1 GiB" }
  nic { network = network.n%(i)d }
  head {
    provides = { nfs = "/export" }
  }
  workers "compute" {
    count     = 8
    requires  = ["nfs"]
    user_data = "head ${parent.head.address}, I am ${count.index}"
  }
}
"""


def spec(clusters: int, blocks: bool) -> str:
    """The text of a spec of that many clusters."""
    if not blocks:
        return _COMMON + _EACH % -(-clusters // 100)
    return _COMMON + "".join(_BLOCK % {"i": number} for number in range(clusters))


def measure(clusters: int, blocks: bool, pipe: multiprocessing.connection.Connection) -> None:
    """Build once from nothing and once again from what that would have recorded; send the figures."""
    from vwplan.graph import build, hosts
    from vwplan.spec.files import LocalFiles
    from vwplan.spec.load import load
    from vwplan.state.records import Record, State

    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "main.vw.hcl").write_text(spec(clusters, blocks))
        (directory / "disk.img").write_bytes(b"disk")
        configuration = load(directory)
        loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        there = hosts(configuration, {}, directory=folder, simulate=True)
        state = State("5b1c0d9e-0000-4000-8000-000000000001", 1)
        start = time.process_time()
        wanted = build(configuration, {}, state=state, hosts=there, files=LocalFiles())
        first = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        records = {
            r.key: Record(
                r.key, r.kind, r.identity, r.birth, r.name, r.provider, r.host, "", r.arguments, r.facts, r.depends
            )
            for r in wanted.resources
        }
        state = State(state.lineage, 2, records, rosters=wanted.rosters)
        start = time.process_time()
        again = build(configuration, {}, state=state, hosts=there, files=LocalFiles())
        second = time.process_time() - start
        assert [r.arguments for r in again.resources] == [r.arguments for r in wanted.resources]
        assert again.rosters == wanted.rosters
        pipe.send((len(wanted.resources), first, second, (peak - loaded) / 1024, peak / 1024))


def main(arguments: list[str]) -> int:
    """Measure each size in a process of its own and print a table."""
    blocks = "--blocks" in arguments
    sizes = [int(argument) for argument in arguments if argument.isdigit()] or [100, 500, 1000, 2000]
    print(
        f"{'clusters':>8} {'resources':>9} {'from empty s':>12} {'recorded s':>10} {'µs each':>8} {'MB more':>8} {'MB':>6}"
    )
    context = multiprocessing.get_context("spawn")
    for size in sizes:
        ours, theirs = context.Pipe()
        process = context.Process(target=measure, args=(size, blocks, theirs))
        process.start()
        theirs.close()
        count, first, second, more, peak = ours.recv()
        process.join()
        print(f"{size:8} {count:9} {first:12.2f} {second:10.2f} {first / count * 1e6:8.0f} {more:8.0f} {peak:6.0f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
