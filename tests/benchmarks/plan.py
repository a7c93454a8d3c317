"""Planning alone, at any size: user CPU seconds of `make` from empty, with nothing to change, with one change, and of destroy.

    python tests/benchmarks/plan.py [WORKSPACES ...]

Clusters of one network, one head and eight workers each, beside one image. The plan's text and its file are timed too.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vwplan.address import Address
from vwplan.garbage import collect_rarely
from vwplan.graph.identity import Identities, default_name
from vwplan.graph.model import Lifecycle, Resource, Wanted
from vwplan.kinds import KINDS
from vwplan.plan import HostView, Plan, PlanOptions, StepVerb, make
from vwplan.plan.serial import from_text, to_text
from vwplan.provider.api import Mark, Observed
from vwplan.provider.law import arguments_digest
from vwplan.render.plan_text import plan_text
from vwplan.state.records import Ready, Record, Roster, State

LINEAGE = "6f6f3c9e-0000-4000-8000-0000000000bb"
HOST = "simulated/default"
UUID = "11111111-2222-4333-8444-555555555555"
DIGEST = "ab" * 32


class Spec:
    """Resources of so many workspaces, with the identities that a state has, or new ones."""

    def __init__(self, workspaces: int, state: State) -> None:
        self.state = state
        self.identities = Identities(LINEAGE)
        self.resources: list[Resource] = []
        self.rosters: dict[str, Roster] = {}
        self.add("image.base", {"source": "base.raw", "format": "raw"}, (), name=f"vwplan-{DIGEST}")
        for index in range(max(1, workspaces // 9)):
            self.cluster(f"c{index}", index)

    def add(self, key: str, arguments: dict[str, Any], depends: tuple[str, ...], **rest: Any) -> str:
        record = self.state.records.get(key)
        birth = self.state.serial if record is None else record.birth
        identity = self.identities.identity(key, birth) if record is None else record.identity
        address = Address.parse(key)
        kind = "workspace" if address.role else address.kind
        name = rest.pop("name", "") or default_name("b", address.name, identity)
        self.resources.append(
            Resource(
                address, key, kind, identity, birth, name, "simulated", "default", arguments, {"id": identity},
                depends, _LIFECYCLE, None, _NO_TIMEOUTS, **rest,
            )
        )  # fmt: skip
        return identity

    def cluster(self, name: str, number: int) -> None:
        network = f'network.fabric["{name}"]'
        fabric = self.add(network, {"mode": "isolated", "cidr": f"10.{number >> 8}.{number & 255}.0/24"}, ())
        cluster = f'cluster.c["{name}"]'
        head = f"{cluster}.head"
        members = [head, *(f"{cluster}.workers.compute[{i}]" for i in range(8))]
        record = self.state.rosters.get(cluster)
        roster = Roster(1 if record is None else record.epoch, tuple({"name": m} for m in members))
        self.rosters[cluster] = roster
        context = {"cluster": cluster}
        for index, member in enumerate(members):
            arguments = {
                "image": f"sha256:{DIGEST}",
                "hostname": f"c-{name}-{index}",
                "resources": {"cpus": 1, "memory": 512},
                "nic": [
                    {
                        "network": fabric,
                        "address": f"10.{number >> 8}.{number & 255}.{index + 2}",
                        "mac": f"d6:{number >> 8:02x}:{number & 255:02x}:00:00:{index:02x}",
                    }
                ],
                "disk": [],
                "power": "running",
                "on_destroy": "destroy",
                "ready": {"agent": True, "timeout": 300},
                "user_data": f"#!/bin/sh\necho head is 10.{number >> 8}.{number & 255}.2 >/root/head\n",
            }
            depends = ("image.base", network) if member is head else ("image.base", network, head)
            self.add(member, arguments, depends, cluster=cluster, context=context)

    def wanted(self) -> Wanted:
        return Wanted(tuple(self.resources), self.rosters, ())


_LIFECYCLE = Lifecycle()
_NO_TIMEOUTS: dict[str, int] = {}


def applied(plan: Plan, wanted: Wanted) -> tuple[State, HostView]:
    """The state and the world after a plan, all at once."""
    records: dict[str, Record] = {}
    objects: dict[str, Observed] = {}
    for step in plan.steps:
        if step.record is not None:
            records[step.key] = step.record
    for key, record in records.items():
        if record.kind == "image":
            continue
        seen = {
            name: record.arguments[name] for name in ("cidr", "mode", "power", "resources") if name in record.arguments
        }
        if "nic" in record.arguments:
            seen["nic"] = [{n: nic[n] for n in ("network", "mac")} for nic in record.arguments["nic"]]
            seen["disk"] = []
        digest = arguments_digest(seen)
        mark = Mark(LINEAGE, record.identity, key, record.birth, digest, "run")
        boot = "b" if record.arguments.get("power") == "running" else ""
        objects[record.identity] = Observed(
            record.kind, record.identity, record.name, mark, seen, {}, digest, ("domain",), True, "running", boot
        )
        records[key] = replace(record, writer="run", digest=digest, ready=Ready(0.0, "b") if boot else None)
    state = State(LINEAGE, 2, records, {}, dict(wanted.rosters), {})
    return state, HostView(HOST, UUID, objects, frozenset({DIGEST}))


def timed(label: str, size: int, what: Callable[[], Any]) -> Any:
    """Run once, and print the user CPU seconds that it took."""
    gc.collect()
    before = time.process_time()
    result = what()
    spent = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{size:7} {label:24} {spent:7.3f} s  {spent / size * 1e6:7.1f} µs each  peak {peak} MB\n")
    return result


def run(size: int) -> None:
    """All figures of one size."""
    empty = State(LINEAGE, 1)
    blank = {HOST: HostView(HOST, UUID, {})}
    common: dict[str, Any] = {"kinds": KINDS, "stack": "b", "now": 0.0}
    wanted = Spec(size, empty).wanted()
    plan = timed("plan from empty", size, lambda: make(wanted, empty, blank, **common))
    text = timed("text of it", size, lambda: plan_text(plan, colour=False))
    file = timed("to a file", size, lambda: to_text(plan, repr))
    timed("from a file", size, lambda: from_text(file))
    sys.stdout.write(f"        {len(plan.steps)} steps, text {len(text) >> 10} KB, file {len(file) >> 10} KB\n")
    state, view = applied(plan, wanted)
    world = {HOST: view}
    again = Spec(size, state).wanted()
    nothing = timed("nothing to change", size, lambda: make(again, state, world, **common))
    assert nothing.empty, nothing.steps[:3]
    head = next(r for r in again.resources if r.address.role == "head")
    other = replace(head, arguments={**head.arguments, "resources": {"cpus": 2, "memory": 512}})
    one = replace(again, resources=tuple(other if r is head else r for r in again.resources))
    changed = timed("one head changed", size, lambda: make(one, state, world, **common))
    assert len(changed.steps) == 3
    gone = timed(
        "destroy", size, lambda: make(Wanted((), {}, ()), state, world, options=PlanOptions(destroy=True), **common)
    )
    assert sum(s.verb is StepVerb.DELETE for s in gone.steps) == len(again.resources)


if __name__ == "__main__":
    collect_rarely()
    for count in [int(argument) for argument in sys.argv[1:]] or [1000, 10000, 20000]:
        run(count)
