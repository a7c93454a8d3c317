"""A pretended stack for the tests of planning: what is wanted, what is recorded, what exists, and a strict symbolic apply.

No engine, no provider, no spec: resources are told as kind, name, arguments and references; the graph's part is played here in its
simplest form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vwplan.address import Address
from vwplan.graph.identity import Identities, default_name
from vwplan.graph.model import Lifecycle, Moved, Resource, Wanted, WantedOutput
from vwplan.kinds import KINDS
from vwplan.plan import HostView, Plan, PlanOptions, Step, StepVerb, check, make
from vwplan.provider.api import Mark, Observed
from vwplan.provider.law import arguments_digest
from vwplan.state.entries import Ended, Result, Rosters, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.records import OutputValue, Ready, Record, Roster, State, Status

LINEAGE = "6f6f3c9e-0000-4000-8000-0000000000aa"
HOST = "simulated/default"
UUID = "11111111-2222-4333-8444-555555555555"
PARTS = {"network": ("network",), "volume": ("volume",), "workspace": ("disk", "seed", "domain")}


def seal(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


@dataclass
class Want:
    """One resource as a test tells it. A string argument `@ADDRESS` is a reference."""

    key: str
    arguments: dict[str, Any]
    depends: tuple[str, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    rolling: int = 0
    host: str = "default"
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    digest: str = ""


def image(name: str = "base", content: str = "a", **arguments: Any) -> Want:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Want(f"image.{name}", {"source": "base.img", **arguments}, digest=digest)


def network(name: str = "fabric", **arguments: Any) -> Want:
    return Want(f"network.{name}", {"mode": "nat", "cidr": "10.0.0.0/24", **arguments})


def volume(name: str = "home", size: int = 1024, **arguments: Any) -> Want:
    return Want(f"volume.{name}", {"size": size, "format": "qcow2", "keep": False, **arguments})


def machine(
    key: str, *, on: str | None = None, disks: tuple[str, ...] = (), after: tuple[str, ...] = (), **more: Any
) -> Want:
    rest = {name: more.pop(name) for name in ("lifecycle", "rolling", "host", "name") if name in more}
    number = int(hashlib.sha256(key.encode()).hexdigest()[:2], 16)
    arguments = {
        "image": "@image.base",
        "resources": {"cpus": 1, "memory": 512, **more.pop("resources", {})},
        "nic": [{"network": f"@{on}", "mac": f"d6:00:00:00:00:{number:02x}", "address": f"10.0.0.{number}"}]
        if on
        else [],
        "disk": [{"volume": f"@{disk}"} for disk in disks],
        "power": "running",
        "on_destroy": "destroy",
        **more,
    }
    return Want(key, arguments, after, **rest)


class Strict(AssertionError):
    """A step that a strict hypervisor would refuse."""


class Site:
    """A stack with one state and one world, which tests change between plans."""

    def __init__(self) -> None:
        self.state = State(LINEAGE, 1)
        self.objects: dict[str, Observed] = {}
        self.full: dict[str, Mapping[str, Any]] = {}
        self.images: set[str] = set()
        self.problem = ""
        self.uuid = UUID
        self.runs = 0
        self.now = 1000.0
        self.delivered: list[tuple[str, int]] = []
        self.stages = 0

    # The graph's part.

    def wanted(
        self,
        *wants: Want,
        outputs: Mapping[str, Any] | None = None,
        moved: tuple[tuple[str, str], ...] = (),
        **rest: Any,
    ) -> Wanted:
        identities = Identities(self.state.lineage)
        source = {target: origin for origin, target in moved}
        chosen: dict[str, tuple[str, int]] = {}
        for want in wants:
            record = self.state.records.get(source.get(want.key, want.key))
            birth = self.state.serial if record is None else record.birth
            identity = identities.identity(want.key, birth) if record is None else record.identity
            chosen[want.key] = identity, birth
        by_key = {want.key: want for want in wants}
        resources = []
        rosters = self._rosters(wants)
        for want in wants:
            identity, birth = chosen[want.key]
            used: dict[str, None] = dict.fromkeys(want.depends)
            arguments = self._resolved(want.arguments, chosen, by_key, used)
            record = self.state.records.get(source.get(want.key, want.key))
            address = Address.parse(want.key)
            name = want.name or (record.name if record is not None else default_name("t", address.name, identity))
            if want.digest:
                name = f"vwplan-{want.digest}"
            cluster = str(address.cluster) if address.role else ""
            resources.append(
                Resource(
                    address,
                    want.key,
                    "workspace" if address.role else address.kind,
                    identity,
                    birth,
                    name,
                    "simulated",
                    want.host,
                    arguments,
                    dict(want.facts),
                    tuple(used),
                    want.lifecycle,
                    None,
                    {},
                    cluster,
                    want.rolling,
                    {"cluster": cluster} if cluster else None,
                    (),
                    want.unset,
                )
            )
        found = tuple(WantedOutput(n, v, "dynamic", False, (), None) for n, v in (outputs or {}).items())
        moves = tuple(Moved(origin, target, None) for origin, target in moved)
        return Wanted(tuple(resources), rosters, found, moved=moves, **rest)

    def _resolved(
        self, value: Any, chosen: Mapping[str, Any], by_key: Mapping[str, Want], used: dict[str, None]
    ) -> Any:
        if isinstance(value, dict):
            return {key: self._resolved(item, chosen, by_key, used) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item, chosen, by_key, used) for item in value]
        if isinstance(value, str) and value.startswith("@"):
            key = value[1:]
            used[key] = None
            want = by_key[key]
            return f"sha256:{want.digest}" if want.digest else chosen[key][0]
        return value

    def _rosters(self, wants: tuple[Want, ...]) -> dict[str, Roster]:
        members: dict[str, list[dict[str, Any]]] = {}
        for want in wants:
            address = Address.parse(want.key)
            if address.role:
                members.setdefault(str(address.cluster), []).append({"name": want.key})
        rosters = {}
        for cluster, those in members.items():
            old = self.state.rosters.get(cluster)
            same = old is not None and list(old.members) == those
            rosters[cluster] = Roster(old.epoch + (0 if same else 1) if old else 1, tuple(those))
        return rosters

    # The world.

    def world(self) -> dict[str, HostView]:
        return {HOST: HostView(HOST, self.uuid, dict(self.objects), frozenset(self.images), problem=self.problem)}

    def observed(self, key: str) -> Observed:
        return self.objects[self.state.records[key].identity]

    def change(self, key: str, **fields: Any) -> None:
        """Something is changed by hand: `status`, or arguments."""
        old = self.observed(key)
        status = fields.pop("status", old.status)
        arguments = {**old.arguments, **fields}
        boot = old.boot if arguments.get("power") == "running" else ""
        self.objects[old.identity] = replace(
            old, arguments=arguments, digest=arguments_digest(arguments), status=status, boot=boot
        )

    def lose(self, key: str) -> None:
        """Something is deleted by hand."""
        del self.objects[self.state.records[key].identity]

    # Planning and applying.

    def plan(self, *wants: Want, options: PlanOptions | None = None, **rest: Any) -> Plan:
        plan = self.plan_of(self.wanted(*wants, **rest), options)
        assert check(plan) == []
        return plan

    def plan_of(self, wanted: Wanted, options: PlanOptions | None = None) -> Plan:
        world = {} if options is not None and not options.refresh else self.world()
        return make(
            wanted,
            self.state,
            world,
            kinds=KINDS,
            stack="t",
            now=self.now,
            options=options or PlanOptions(),
            seal=seal,
            begun=self.begun(),
        )

    def begun(self) -> set[str]:
        """The identities of steps that are not settled."""
        return set()

    def apply(self, plan: Plan, stop_after: int | None = None) -> None:
        """Do the steps as a strict hypervisor would, recording as the engine does."""
        assert plan.state_serial == self.state.serial
        self.runs += 1
        run = f"run-{self.runs}"
        ledger = Ledger(self.state)
        ledger.take(RunStarted(run, self.state.serial + 1, self.now, "t", 1, "apply"))
        gone = tuple(key for key in self.state.rosters if key not in plan.rosters)
        ledger.take(Rosters(run, dict(plan.rosters), gone))
        done: set[str] = set()
        for count, step in enumerate(plan.steps):
            if count == stop_after:
                break
            assert done.issuperset(step.needs)
            done.add(step.id)
            if step.verb is StepVerb.BARRIER:
                continue
            record = self._do(step, run, ledger.find(step.identity))
            if record is not None:
                record = replace(record, arguments=json.loads(json.dumps(record.arguments)))
            ledger.take(Ended(run, step.id, Result.DONE, record, step.drops))
        ledger.running.clear()
        ledger.unfinished.clear()
        outputs = {o.name: OutputValue(o.value, o.type) for o in plan.outputs}
        state = ledger.state()
        self.state = replace(state, outputs=outputs if stop_after is None else state.outputs)

    def _do(self, step: Step, run: str, current: Record | None) -> Record | None:
        now = self.objects.get(step.identity)
        if step.verb is StepVerb.RECORD:
            return step.record
        if step.kind == "image":
            (self.images.add if step.verb is StepVerb.STAGE else self.images.discard)(step.name.removeprefix("vwplan-"))
            self.stages += step.verb is StepVerb.STAGE
            return None if step.record is None else replace(step.record, writer=run)
        self._expect(step, now)
        if step.verb is StepVerb.DELETE:
            users = [
                o.name
                for i, o in self.objects.items()
                if step.identity in json.dumps(self.full[i]) and i != step.identity
            ]
            if users and now is not None:
                raise Strict(f"{step.name} is in use by {users}")
            self.objects.pop(step.identity, None)
            return None
        if now is None and step.verb is not StepVerb.CREATE:
            raise Strict(f"{step.verb} of {step.key}, which is not there")
        return self._write(step, now, run, current)

    def _expect(self, step: Step, now: Observed | None) -> None:
        if step.expects is None:
            return
        if not step.expects.exists and now is not None:
            raise Strict(f"{step.key} exists")
        if not step.expects.exists or now is None or now.mark is None:
            return
        digest = step.expects.digest
        if now.mark.writer not in step.expects.writers or (digest and now.digest != digest):
            raise Strict(f"{step.key} has changed since the plan")

    def _write(self, step: Step, now: Observed | None, run: str, current: Record | None) -> Record:
        assert step.record is not None
        arguments = dict(step.arguments)
        if now is not None and step.verb in (StepVerb.POWER, StepVerb.DELIVER):
            arguments = {**self.full[step.identity], "power": arguments.get("power")}
        if step.verb is StepVerb.UPDATE and step.kind == "workspace":
            running = now is not None and now.arguments["power"] == "running"
            if running and {"resources.cpus", "resources.memory", "nic", "disk"}.intersection(step.changes):
                raise Strict(f"{step.key} runs, and {step.changes} are changed")
        self._claims(step, arguments)
        power = arguments.get("power", "")
        seen = self._seen(step.kind, arguments)
        boot = (
            ""
            if power not in ("running", "paused")
            else (now.boot if now is not None and now.boot else f"{run}-{step.id}")
        )
        if step.verb is StepVerb.DELIVER:
            if power != "running":
                raise Strict(f"{step.key} does not run, so nothing can be delivered")
            self.delivered.append((step.key, step.epoch))
        self.full[step.identity] = arguments
        made = Observed(
            step.kind,
            step.identity,
            step.name,
            Mark(LINEAGE, step.identity, step.key, step.birth, "", run),
            seen,
            {},
            arguments_digest(seen),
            PARTS[step.kind],
            True,
            power or "present",
            boot,
        )
        self.objects[step.identity] = made
        ready = None
        if step.verb is StepVerb.POWER:
            ready = Ready(self.now, boot) if power == "running" else None
        elif current is not None and current.ready is not None and current.ready.boot == boot:
            ready = current.ready
        return replace(step.record, writer=run, digest=made.digest, parts=made.parts, ready=ready)

    def _claims(self, step: Step, arguments: Mapping[str, Any]) -> None:
        for used in self._uses(arguments):
            there = used.removeprefix("sha256:") in self.images if used.startswith("sha256:") else used in self.objects
            if not there:
                raise Strict(f"{step.verb} of {step.key} refers to {used}, which is not there")
        for identity, other in self.objects.items():
            if identity == step.identity or other.kind != step.kind:
                continue
            if other.name == step.name:
                raise Strict(f"{step.key}: the name {step.name} is taken")
            for mine in arguments.get("nic", ()):
                if mine.get("mac") in [nic.get("mac") for nic in self.full[identity].get("nic", ())]:
                    raise Strict(f"{step.key}: the MAC {mine['mac']} is taken by {other.name}")
            mine_disks = {disk["volume"] for disk in arguments.get("disk", ())}
            if mine_disks.intersection(disk["volume"] for disk in self.full[identity].get("disk", ())):
                raise Strict(f"{step.key}: a volume is attached to {other.name} already")
            if step.kind == "network" and arguments["cidr"] == self.full[identity]["cidr"]:
                raise Strict(f"{step.key}: the range {arguments['cidr']} is taken")

    @staticmethod
    def _uses(arguments: Mapping[str, Any]) -> list[str]:
        used = [arguments["image"]] if arguments.get("image") else []
        used += [nic["network"] for nic in arguments.get("nic", ())]
        return used + [disk["volume"] for disk in arguments.get("disk", ())]

    @staticmethod
    def _seen(kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if kind == "network":
            return {name: arguments[name] for name in ("cidr", "mode", "domain") if arguments.get(name)}
        if kind == "volume":
            return {"size": arguments["size"], "format": arguments["format"]}
        return {
            "power": arguments["power"],
            "resources": dict(arguments["resources"]),
            "nic": [{"network": nic["network"], "mac": nic["mac"]} for nic in arguments["nic"]],
            "disk": [dict(disk) for disk in arguments["disk"]],
        }

    def converge(self, *wants: Want, **rest: Any) -> Plan:
        """Plan, apply, and plan again, which must find nothing to do."""
        plan = self.plan(*wants, **rest)
        self.apply(plan)
        again = self.plan(*wants, **rest)
        assert again.empty, [(s.verb.value, s.key) for s in again.steps] + list(again.output_changes)
        assert not again.changes and not again.drift
        assert not self.state.deposed
        self.consistent()
        return plan

    def consistent(self) -> None:
        """Every object of ours is recorded, and every record that says so has an object."""
        known = {r.identity for r in self.state.records.values()} | set(self.state.deposed)
        assert set(self.objects) <= known
        for record in self.state.records.values():
            if record.status is Status.PRESENT and record.kind != "image":
                assert record.identity in self.objects


def told(plan: Plan) -> list[str]:
    """The steps as a small program: verb, address, and what each waits for."""
    names = {step.id: f"{step.verb.value} {step.key}".strip() for step in plan.steps}
    return [names[s.id] + (" < " + ", ".join(sorted(names[n] for n in s.needs)) if s.needs else "") for s in plan.steps]


def doing(plan: Plan) -> dict[str, str]:
    """What is done to each resource that changes."""
    return {change.key: change.does.value for change in plan.changes}
