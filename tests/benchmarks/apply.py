"""The engine alone: applying plans of any size, with the journal flushed, on a host that does nothing and on the simulator.

    python tests/benchmarks/apply.py [--sizes 100,1000,10000] [--host nothing,simulated]

Machines in clusters of nine, each with a step that makes it and one that starts it. Figures are user and system processor seconds,
for all and per step, the journal's flushes, and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vwplan.engine.apply import Run, apply
from vwplan.graph.identity import Identities
from vwplan.plan import Change, Does, Plan, Step, StepVerb
from vwplan.plan.model import HostSeen
from vwplan.provider import Action, HostConfiguration, HostFacts, Mark, Observed, Outcome, Reporter, find
from vwplan.state import Disk, Holder, LocalStore, Record

LINEAGE = "6f6f3c9e-0000-4000-8000-0000000000be"
UUID = "11111111-2222-4333-8444-555555555555"
HOST = "simulated/default"
PARTS = ("disk", "seed", "domain")


class CountingDisk(Disk):
    flushes = 0

    def flush(self, descriptor: int) -> None:
        self.flushes += 1
        super().flush(descriptor)


class Nothing:
    """A host that does all at once and remembers nothing."""

    def identify(self) -> HostFacts:
        return HostFacts(UUID, 64, 262144)

    def perform(self, action: Action, reporter: Reporter) -> Outcome:
        mark = Mark(LINEAGE, action.identity, "", action.mark.birth, action.mark.digest, action.mark.writer)
        seen = Observed(
            action.kind, action.identity, action.name, mark, action.arguments, {}, action.mark.digest, PARTS
        )
        return Outcome(seen, ready_at=1.0)

    def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
        return None

    def close(self) -> None:
        return


def steps_of(count: int) -> Iterator[Step]:
    identities = Identities(LINEAGE)
    number = 0
    heads: dict[int, str] = {}
    for index in range(count):
        cluster, place = divmod(index, 9)
        role = "head" if place == 0 else f"workers.compute[{place - 1}]"
        key = f'cluster.c["c{cluster}"].{role}'
        identity = identities.identity(key, 0)
        nic = {
            "network": identities.identity(f"network.n{cluster}", 0),
            "mac": f"d6:{index:010x}",
            "address": f"10.{index >> 8}.{index & 255}",
        }
        off: dict[str, Any] = {
            "hostname": f"c-{cluster}-{place}",
            "image": "sha256:" + "ab" * 32,
            "resources": {"cpus": 1, "memory": 512, "disk": 2048},
            "nic": [] if count < 0 else [{"mac": nic["mac"], "address": nic["address"], "network": nic["network"]}],
            "disk": [],
            "user_data": "#!/bin/sh\necho head is 10.0.0.1 >/root/head\n",
            "power": "off",
            "ready": {"agent": True, "timeout": 300},
        }
        context = {"cluster": f"c{cluster}", "members": [{"name": f"m{i}", "address": "10.0.0.1"} for i in range(9)]}
        facts = {"id": identity, "address": nic["address"], "mac": nic["mac"], "host": "default"}
        lifecycle = {"on_destroy": "destroy"}
        head = heads.get(cluster)
        for verb, arguments in ((StepVerb.CREATE, off), (StepVerb.POWER, {**off, "power": "running"})):
            number += 1
            id = f"s{number}"
            needs = (f"s{number - 1}",) if verb is StepVerb.POWER else (head,) if head else ()
            record = Record(
                key,
                "workspace",
                identity,
                0,
                f"default-{index}",
                "simulated",
                "default",
                UUID,
                arguments,
                facts,
                (),
                lifecycle=lifecycle,
            )
            yield Step(
                id,
                verb,
                key,
                "workspace",
                identity,
                record.name,
                HOST,
                0,
                needs,
                arguments,
                record=record,
                context=context,
            )
        if place == 0:
            heads[cluster] = f"s{number}"


def plan_of(count: int, uuid: str) -> Plan:
    steps = tuple(steps_of(count))
    changes = tuple(Change(s.key, s.kind, Does.CREATE, s.identity, s.name) for s in steps if s.verb is StepVerb.CREATE)
    return Plan(LINEAGE, 0, "default", 0.0, changes, steps, {}, (), hosts=(HostSeen(HOST, uuid),))


def measure(count: int, host: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        disk = CountingDisk()
        configuration = HostConfiguration("simulated", "default", {}, f"{folder}/worlds")
        uuid = UUID
        if host == "simulated":
            connection = find("simulated").open(configuration)
            uuid = connection.identify().uuid
            connection._world.put_image("ab" * 32, "base")  # type: ignore[attr-defined]
            for cluster in range(count // 9 + 1):
                identity = Identities(LINEAGE).identity(f"network.n{cluster}", 0)
                connection._world.put(_network(identity))  # type: ignore[attr-defined]
        plan = plan_of(count, uuid)
        opener = (lambda _: Nothing()) if host == "nothing" else find("simulated").open
        run = Run("run-1", "apply", {HOST: configuration}, opener, lambda _: 8)
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        with LocalStore(Path(folder) / ".vwplan", disk=disk).lock(
            Holder("1", "w", "h", 1, 0.0, "apply"), lineage=LINEAGE
        ) as session:
            result = apply(plan, session, run, plan_text=b"{}")
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert result.ok, result.diagnostics[:2]
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        sys.stdout.write(
            f"{host:10} {count:7} machines {len(plan.steps):7} steps  user {user:6.2f} s  system {system:5.2f} s  "
            f"per step {user / len(plan.steps) * 1000:5.2f} ms  flushes {disk.flushes:6}  "
            f"wall {time.monotonic() - started:6.2f} s  peak {after.ru_maxrss // 1024} MB\n"
        )


def _network(identity: str) -> Any:
    from vwplan_simulated.world import Thing

    return Thing(identity, "network", identity, None, {}, ("network",), "", "present", 0, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--host", default="nothing,simulated")
    options = parser.parse_args()
    for host in options.host.split(","):
        for size in options.sizes.split(","):
            measure(int(size), host)


if __name__ == "__main__":
    main()
