"""How fast files are parsed: processor seconds, lines per second and peak memory, at 10,000 and 100,000 blocks.

Run by hand: `python tests/benchmarks/parse.py [BLOCKS…]`.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

from vwplan.diagnostics import Source
from vwplan.hcl import parse_file

_BLOCK = """\
workspace "w{n}" {{
  hostname = "node-${{var.site}}-{n}"
  nic {{ network = network.fabric.id }}
  resources {{
    cpus   = {cpus} # of 8
    memory = "{memory} GiB"
  }}
}}
"""
_HEAD = """\
# {blocks} workspaces on one network
network "fabric" {{
  cidr = "10.0.0.0/8"
}}

variable "site" {{
  default = "a"
}}
"""


def module(blocks: int) -> str:
    """A module of so many workspaces, eight lines each, with eight lines before them."""
    parts = [_HEAD.format(blocks=blocks)]
    parts.extend(_BLOCK.format(n=n, cpus=n % 8 + 1, memory=n % 64 + 1) for n in range(blocks))
    return "".join(parts)


def _measure(blocks: int) -> None:
    text = module(blocks)
    lines = text.count("\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    body, problems = parse_file(Source("bench.vw.hcl", text))
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert not problems and len(body.blocks) == blocks + 2
    print(
        f"{blocks:>8,} blocks  {lines:>8,} lines  {len(text) / 1e6:5.1f} MB   "
        f"{seconds:6.3f} s CPU  {lines / seconds:>9,.0f} lines/s   peak {peak / 1024:6.1f} MB "
        f"(before {before / 1024:.1f})",
        flush=True,
    )


def main() -> None:
    """Measure each size in a process of its own, so that peaks do not mix."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]
    for blocks in sizes:
        for _ in range(3 if blocks <= 10_000 else 1):
            process = multiprocessing.get_context("spawn").Process(target=_measure, args=(blocks,))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
