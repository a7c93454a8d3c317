"""A connection to a pretended host: observing, inspecting, and every action, as strict as the law asks."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from vwplan.provider.api import (
    Action,
    Changed,
    Expectation,
    HostFacts,
    Interrupted,
    Mark,
    Observation,
    Observed,
    Outcome,
    Refused,
    Reporter,
    Unreachable,
    Verb,
)
from vwplan.provider.law import arguments_digest, check_expectation
from vwplan_simulated.faults import Fault, strike
from vwplan_simulated.shape import claims_of, facts_of, parts_of, seen_of, uses_of
from vwplan_simulated.world import Thing, World


class SimulatedConnection:
    """One connection to one world, for one thread at a time."""

    def __init__(self, world: World, settings: Mapping[str, Any], faults: tuple[Fault, ...]) -> None:
        self._world = world
        self._settings = settings
        self._faults = faults
        self._answer()

    def _answer(self) -> None:
        if self._world.offline:
            raise Unreachable("Host does not answer", "The simulated host is switched off.")

    def identify(self) -> HostFacts:
        """The pretended size of the host."""
        self._answer()
        return HostFacts(
            self._world.uuid,
            int(self._settings.get("cpus") or 64),
            int(self._settings.get("memory") or 262144),
            "simulated",
        )

    def observe(self) -> Observation:
        """Everything in the world."""
        host = self.identify()
        ours: list[Observed] = []
        strangers: list[Observed] = []
        kept: dict[str, dict[str, str]] = {}
        for thing in self._world.outsides():
            if thing.mark is None:
                strangers.append(_stranger(thing))
            else:
                ours.append(_observed(thing))
            _keep(thing, kept)
        return Observation(
            host,
            tuple(ours),
            frozenset(self._world.images()),
            tuple(self._world.claims("cidr")),
            frozenset(self._world.claims("mac")),
            tuple(strangers),
            kept,
        )

    def volumes(self) -> tuple[Observed, ...]:
        """The volumes in the world that are not ours: observing tells them anyway."""
        return ()

    def idle_bases(self) -> frozenset[str]:
        """The digests of the bases that nothing lies over."""
        self._answer()
        return frozenset(one for one in self._world.images() if not self._world.users(f"sha256:{one}"))

    def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
        """One object; an image is looked up by its digest, which is its `name` behind `vwplan-`."""
        self._answer()
        if kind == "image":
            digest = _digest_of(name)
            return _base(identity, name, digest) if self._world.has_image(digest) else None
        thing = self._world.outside(identity)
        return None if thing is None else _observed(thing)

    def perform(self, action: Action, reporter: Reporter) -> Outcome:
        """Carry an action out, with the delay and the faults that the settings ask for."""
        self._answer()
        strike(self._faults, action, "", reporter)
        delay = float(self._settings.get("delay") or 0)
        if delay and reporter.stop.wait(delay):
            raise Interrupted("Interrupted", "The call was given up.")
        if action.kind == "image":
            return self._image(action, reporter)
        outcome = {
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.POWER: self._power,
            Verb.RELEASE: self._release,
            Verb.ATTACH: self._update,
            Verb.DELIVER: self._deliver,
            Verb.DELETE: self._delete,
            Verb.ADOPT: self._adopt,
        }[action.verb](action, reporter)
        strike(self._faults, action, "all", reporter)
        return outcome

    def close(self) -> None:
        """Close the world's file."""
        self._world.close()

    def _image(self, action: Action, reporter: Reporter) -> Outcome:
        digest = _digest_of(action.name)
        if action.verb is Verb.DELETE:
            users = self._world.users(f"sha256:{digest}")
            if users:
                return Outcome(None, note=f"base {action.name} is left: {len(users)} others use it")
            self._world.remove_image(digest)
            return Outcome(None)
        self._world.put_image(digest, action.name)
        strike(self._faults, action, "all", reporter)
        return Outcome(_base(action.identity, action.name, digest))

    def _create(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._world.outside(action.identity)
            check_expectation(action, None if thing is None else _observed(thing))
            if self._world.bearer(action.kind, action.name) not in (None, action.identity):
                raise Refused("Name is taken", f"The host has another {action.kind} named {action.name}.")
            self._claim(action.kind, action.identity, action.arguments)
            made = thing or Thing(
                action.identity, action.kind, action.name, _mark(action), action.arguments, (), "", "", 0, {}
            )
            missing = [part for part in parts_of(action.kind) if part not in made.parts]
            # What an object claims comes with its first part: who dies here leaves both or neither.
            if missing:
                extra = {"context": action.context, "reservations": list(action.reservations)}
                made = dataclasses.replace(_with_part(made, missing[0]), extra=extra)
                self._world.put(made)
        for place, part in enumerate(missing):
            if place:
                made = _with_part(made, part)
                self._world.put_parts(made)
            strike(self._faults, action, part, reporter)
        return Outcome(_observed(made), facts_of(made))

    def _claim(self, kind: str, identity: str, arguments: Mapping[str, Any]) -> None:
        uses = uses_of(kind, arguments)
        for used in uses:
            if used.startswith("sha256:"):
                if not self._world.has_image(used.removeprefix("sha256:")):
                    raise Refused("No such base", f"The base {used} is not on this host.")
            elif not self._world.exists(used):
                raise Refused("Refers to nothing", f"{kind} {identity} refers to {used}, which is not on this host.")
        claims = claims_of(kind, arguments)
        for sort, value in claims:
            holder = self._world.holder(sort, value)
            if holder is not None and holder != identity:
                raise Refused("Already taken", f"The {sort} {value} is held by {holder}.")
        self._world.hold(identity, claims, uses)

    def _existing(self, action: Action) -> Thing:
        thing = self._world.outside(action.identity)
        check_expectation(
            dataclasses.replace(action, expects=action.expects or Expectation(True)),
            None if thing is None else _observed(thing),
        )
        if thing is None:
            raise Changed("Changed since the plan", f"{action.kind} {action.name} is not there any more.")
        return thing

    def _update(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._existing(action)
            if thing.power in ("running", "paused") and "resources.cpus" in action.changes:
                raise Refused("Machine is running", "Processors are changed through a restart only.")
            self._claim(action.kind, action.identity, action.arguments)
            made = dataclasses.replace(thing, mark=_mark(action), arguments=action.arguments)
            self._world.put(made)
        return Outcome(_observed(made), facts_of(made))

    def _release(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._existing(action)
            kept = {**thing.arguments, "nic": [], "disk": []}
            kept.update({name: action.arguments[name] for name in ("nic", "disk") if name in action.arguments})
            self._claim(action.kind, action.identity, kept)
            made = dataclasses.replace(thing, mark=_mark(action), arguments=kept)
            self._world.put(made)
        return Outcome(_observed(made), facts_of(made))

    def _power(self, action: Action, reporter: Reporter) -> Outcome:
        wanted = action.arguments["power"]
        with self._world.transaction():
            thing = self._existing(action)
            boots = thing.boots + (1 if wanted == "running" and thing.power in ("off", "") else 0)
            extra = thing.extra if action.context is None else {**thing.extra, "context": action.context}
            made = dataclasses.replace(thing, mark=_mark(action), power=wanted, status=wanted, boots=boots, extra=extra)
            self._world.put(made)
        strike(self._faults, action, "power", reporter)
        return Outcome(_observed(made), facts_of(made), ready_at=time.time() if wanted == "running" else 0.0)

    def _deliver(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._existing(action)
            if thing.power != "running":
                raise Refused("Machine is not running", f"Nothing can be delivered to {action.name}.")
            made = dataclasses.replace(thing, mark=_mark(action), extra={**thing.extra, "context": action.context})
            self._world.put(made)
        return Outcome(_observed(made), facts_of(made))

    def _adopt(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._existing(action)
            extra = {**thing.extra, "imported": True} if thing.mark is None else thing.extra
            made = dataclasses.replace(
                thing, mark=_mark(action), arguments=_adopted(thing, action.arguments), extra=extra
            )
            self._claim(action.kind, action.identity, made.arguments)
            self._world.put(made)
        return Outcome(_observed(made), facts_of(made))

    def _delete(self, action: Action, reporter: Reporter) -> Outcome:
        with self._world.transaction():
            thing = self._world.outside(action.identity)
            check_expectation(action, None if thing is None else _observed(thing))
            if thing is None:
                return Outcome(None)
            users = self._world.users(action.identity)
            if users:
                raise Refused("Still in use", f"{action.kind} {action.name} is used by {', '.join(sorted(users))}.")
        for part in reversed(thing.parts):
            left = thing.parts[: thing.parts.index(part)]
            if not left:
                self._world.remove(action.identity)
            else:
                self._world.put_parts(dataclasses.replace(thing, parts=left, power="off", status="off"))
            strike(self._faults, action, part, reporter)
        return Outcome(None)


def _mark(action: Action) -> dict[str, Any]:
    mark = action.mark
    return {name: getattr(mark, name) for name in _MARKED}


_MARKED = tuple(field.name for field in dataclasses.fields(Mark))


def _with_part(thing: Thing, part: str) -> Thing:
    """The object with one part more."""
    machine = thing.kind == "workspace"
    power, status = ("off", "off") if machine else ("", "present")
    return dataclasses.replace(thing, parts=(*thing.parts, part), power=power, status=status)


def _digest_of(name: str) -> str:
    return name.removeprefix("vwplan-")


def _base(identity: str, name: str, digest: str) -> Observed:
    return Observed("image", identity, name, None, {}, {}, digest, ("base",), True, "complete")


def _adopted(thing: Thing, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a foreign object is made of, and the addresses that are kept for its nics from now on."""
    nics = thing.arguments.get("nic") or ()
    noted = [
        {**one, "address": nic["address"]} if nic.get("address") else one
        for one, nic in zip(nics, given.get("nic") or (), strict=False)
    ]
    return {**thing.arguments, "nic": noted} if noted else dict(thing.arguments)


def _stranger(thing: Thing) -> Observed:
    """What somebody else made, with the addresses that are noted for it."""
    seen = _observed(thing)
    addresses = [nic.get("address") or "" for nic in thing.arguments.get("nic") or ()]
    return dataclasses.replace(seen, facts={**seen.facts, "addresses": addresses}) if any(addresses) else seen


def _keep(thing: Thing, kept: dict[str, dict[str, str]]) -> None:
    """Note the addresses that networks keep for a machine, with the MACs that they are for."""
    for nic in thing.arguments.get("nic") or () if thing.kind == "workspace" else ():
        if nic.get("address"):
            kept.setdefault(nic["network"], {})[nic["address"]] = nic.get("mac") or ""


def _observed(thing: Thing) -> Observed:
    arguments = seen_of(thing)
    return Observed(
        thing.kind,
        thing.identity,
        thing.name,
        None if thing.mark is None else Mark(**thing.mark),
        arguments,
        facts_of(thing),
        arguments_digest(arguments),
        thing.parts,
        thing.parts == parts_of(thing.kind),
        thing.status,
        f"{thing.identity[:8]}-{thing.boots}" if thing.power in ("running", "paused") else "",
    )
