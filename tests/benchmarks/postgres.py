"""The engine with its state in PostgreSQL: applying plans of any size on a host that does nothing.

    python tests/benchmarks/postgres.py [--sizes 100,1000,10000] [--conninfo ...]

Without a conninfo a server of its own is started in a temporary folder, with its commits flushed, and ended again. Figures are user and
system processor seconds of this process, commits, wall seconds, and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "server"))
from apply import HOST, LINEAGE, UUID, Nothing, plan_of

from conftest import Postgres, binaries
from vwplan.engine.apply import Run, apply
from vwplan.plan.claims import claims_of
from vwplan.provider import HostConfiguration
from vwplan.state import Holder
from vwplan.state.postgres.store import PostgresStore


def measure(conninfo: str, count: int, stack: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_of(count, UUID)
        hosts = {HOST: HostConfiguration("simulated", "default", {}, f"{folder}/worlds")}
        run = Run("run-1", "apply", hosts, lambda _: Nothing(), lambda _: 8)
        store = PostgresStore(conninfo, Path(folder), stack)
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        with store.lock(Holder(stack, "w", "h", 1, 0.0, "apply"), lineage=LINEAGE) as session:
            session.claim(claims_of(plan, session.state()))
            result = apply(plan, session, run, plan_text=b"{}")
            commits = session._link.commits
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - started
        assert result.ok, result.diagnostics[:2]
        started = time.monotonic()
        stored = store.read()
        assert stored is not None
        assert len(stored.state.records) == count
        read = time.monotonic() - started
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        sys.stdout.write(
            f"{count:7} machines {len(plan.steps):7} steps  user {user:6.2f} s  system {system:5.2f} s  "
            f"per step {user / len(plan.steps) * 1000:5.2f} ms  commits {commits:6}  wall {wall:6.2f} s  "
            f"read {read:5.2f} s  peak {after.ru_maxrss // 1024} MB\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--conninfo", default="")
    options = parser.parse_args()
    if options.conninfo:
        for size in options.sizes.split(","):
            measure(options.conninfo, int(size), f"benchmark-{size}")
        return
    programs = binaries()
    if programs is None:
        sys.exit("no PostgreSQL server is installed")
    server = Postgres(programs, fsync=True)
    try:
        server.start()
        for size in options.sizes.split(","):
            measure(server.database(), int(size), "benchmark")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
