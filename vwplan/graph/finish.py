"""The last of it: what members wait for, rosters and contexts, and all resources in an order that dependencies allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from vwplan.graph.cluster import Cluster, Member
from vwplan.graph.making import Made, Maker
from vwplan.graph.model import Resource
from vwplan.graph.parts import problem
from vwplan.graph.uses import FEW, NOTHING, Uses
from vwplan.graph.waiting import role_uses
from vwplan.graph.world import World
from vwplan.state.records import Roster

Plain = Any


class Society:
    """What follows from a cluster as a whole: whom each role waits for, the roster, the context of each member."""

    def __init__(self, maker: Maker, rosters: Mapping[str, Roster]) -> None:
        self.world = maker.world
        self.rosters: dict[str, Roster] = {}
        self._waits: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], Uses] = {}
        self._shared: dict[str, dict[str, Plain]] = {}
        self._members: dict[str, Member] = {}
        self._entries: dict[str, Mapping[str, Plain]] = {}
        self._provided: dict[str, Mapping[str, list[dict[str, Plain]]]] = {}
        self._names: dict[str, str] = {}
        for cluster in maker.clusters:
            if not cluster.failed:
                self._introduce(cluster, rosters.get(cluster.text))

    def _introduce(self, cluster: Cluster, before: Roster | None) -> None:
        entries = cluster.entries
        provided = cluster.provided()
        hostnames: dict[str, str] = {}
        for member, entry in zip(cluster.members, entries, strict=True):
            key = member.instance.key
            self._members[key] = member
            self._entries[key] = entry
            other = hostnames.setdefault(entry["hostname"], key)
            if other != key:
                detail = f'{key} and {other} have the same host name, "{entry["hostname"]}". Give one of them hostname.'
                self.world.tell(problem("hostname-taken", "Host name given twice", detail, member.instance.range))
        epoch = 1
        if before is not None:
            same = list(before.members) == list(entries) and dict(before.provides) == provided
            epoch = before.epoch + (0 if same else 1)
        self.rosters[cluster.text] = Roster(epoch, entries, provided)
        self._provided[cluster.text] = provided
        hosts: dict[str, list[str]] = {}
        for entry in entries:
            if entry["address"] is not None:
                hosts[entry["address"]] = [entry["hostname"], entry["name"]]
        self._shared[cluster.text] = {
            "cluster": cluster.name,
            "epoch": epoch,
            "members": list(entries),
            "provides": provided,
            "hosts": hosts,
        }

    def context(self, made: Made) -> Mapping[str, Plain] | None:
        """What a member is told of itself and of the others."""
        if made.cluster is None:
            return None
        shared, entry = self._shared.get(made.cluster.text), self._entries.get(made.instance.key)
        if shared is None or entry is None:
            return None
        own = {name: entry[name] for name in ("name", "hostname", "role", "key", "address")}
        return {**shared, "self": own}

    def waits(self, made: Made) -> Uses:
        """Whom a member waits for because of `after` and `requires`."""
        member, cluster = self._members.get(made.instance.key), made.cluster
        if member is None or cluster is None:
            return NOTHING
        place = (cluster.text, member.role, member.after, member.requires)
        found = self._waits.get(place)
        if found is None:
            found = self._waits[place] = self.world.groups.join(self._whom(cluster, member))
        return found

    def _whom(self, cluster: Cluster, member: Member) -> Iterable[Uses]:
        at = member.instance.range
        roles = [each.role for each in cluster.block.members]
        for role in member.after:
            if role == member.role:
                detail = f'{member.instance.key} is to be made after "{role}", which is its own role.'
                self.world.tell(problem("cycle", "Cycle", detail, at))
            elif role not in roles:
                detail = f'{cluster.text} has no role "{role}".{did_you_mean(role, roles)} It has {", ".join(roles)}.'
                self.world.tell(problem("unknown-role", "Unknown role", detail, at))
            else:
                yield role_uses(self.world.groups, cluster, role)
        provided = self._provided[cluster.text]
        by_name = {other.name: other for other in cluster.members}
        for what in sorted(member.requires):
            many = provided.get(what, [])
            others = [by_name[one["member"]] for one in many if by_name[one["member"]].role != member.role]
            if not others:
                why = "only its own role provides it." if many else "nobody in the cluster provides it."
                near = "" if many else did_you_mean(what, provided)
                todo = near or f' Give the head, or another role: provides = {{ {what} = "…" }}.'
                detail = f'{member.instance.key} requires "{what}", and {why}{todo}'
                self.world.tell(problem("nobody-provides", "Nobody provides it", detail, member.required_at))
                continue
            keys = tuple(other.instance.key for other in others)
            yield Uses(keys) if len(keys) <= FEW else Uses((), (self.world.groups.of(keys, f"{cluster.text} {what}"),))


def finished(maker: Maker, society: Society) -> tuple[Resource, ...]:
    """All resources, each after what it depends on. Tells of cycles."""
    resources = [_resource(maker, society, made) for made in maker.made]
    return tuple(_in_order(maker.world, resources))


def _resource(maker: Maker, society: Society, made: Made) -> Resource:
    instance = made.instance
    uses = made.uses
    cluster = made.cluster
    if cluster is not None:
        waits = society.waits(made)
        if waits is not NOTHING:
            uses = _joined(uses, waits)
    key = instance.key
    if key in uses.keys:
        uses = Uses(tuple(each for each in uses.keys if each != key), uses.groups)
    uses = maker.world.groups.compact(uses, key)
    return Resource(
        instance.address,
        key,
        instance.kind,
        made.identity,
        made.birth,
        made.name,
        made.place.provider,
        made.place.host,
        instance.arguments,
        instance.facts,
        uses.keys,
        made.lifecycle,
        made.range,
        made.timeouts,
        "" if cluster is None else cluster.text,
        made.rolling,
        society.context(made),
        made.causes,
        made.unset,
        uses.groups,
    )


def _joined(one: Uses, other: Uses) -> Uses:
    return Uses(tuple(dict.fromkeys(one.keys + other.keys)), tuple(dict.fromkeys(one.groups + other.groups)))


def _in_order(world: World, resources: list[Resource]) -> list[Resource]:
    """The resources sorted so that each comes after what it depends on, and else as they are."""
    table = world.groups.table
    place = {resource.key: at for at, resource in enumerate(resources)}
    last = {name: max((place.get(key, -1) for key in keys), default=-1) for name, keys in table.items()}
    fine = all(
        all(place.get(key, -1) < at for key in resource.depends) and all(last[name] < at for name in resource.groups)
        for at, resource in enumerate(resources)
    )
    return resources if fine else _sorted(world, resources, place)


def _sorted(world: World, resources: list[Resource], place: Mapping[str, int]) -> list[Resource]:
    table = world.groups.table
    # Groups are nodes of their own, behind the resources, so that many waiting for many cost no more than both.
    names = {name: len(resources) + at for at, name in enumerate(table)}
    after: list[list[int]] = [[] for _ in range(len(resources) + len(names))]
    missing = [0] * len(after)
    for name, keys in table.items():
        for key in keys:
            if key in place:
                after[place[key]].append(names[name])
                missing[names[name]] += 1
    for at, resource in enumerate(resources):
        needed = [place[key] for key in resource.depends if key in place]
        needed += [names[name] for name in resource.groups]
        for one in needed:
            after[one].append(at)
        missing[at] += len(needed)
    ready = [at for at, count in enumerate(missing) if not count]
    heapify(ready)
    done: list[Resource] = []
    while ready:
        at = heappop(ready)
        if at < len(resources):
            done.append(resources[at])
        for next_ in after[at]:
            missing[next_] -= 1
            if not missing[next_]:
                heappush(ready, next_)
    if len(done) < len(resources):
        world.tell(_cycle([r for at, r in enumerate(resources) if missing[at]], table))
    return done


def _cycle(left: list[Resource], table: Mapping[str, tuple[str, ...]]) -> DiagnosticError:
    """One cycle among resources of which none can be first."""
    by_key = {resource.key: resource for resource in left}
    at, seen = left[0], {}
    way: list[Resource] = []
    while at.key not in seen:
        seen[at.key] = len(way)
        way.append(at)
        needed = [*at.depends, *(key for name in at.groups for key in table[name])]
        at = next(by_key[key] for key in needed if key in by_key)
    members = way[seen[at.key] :]
    first = min(range(len(members)), key=lambda index: members[index].key)
    members = members[first:] + members[:first]
    lines = ", ".join(f"{each.key} ({each.range})" for each in members)
    detail = f"Each of these waits for the next, and the last for the first, so none can be made first: {lines}."
    return DiagnosticError(Diagnostic("cycle", "Cycle", detail, members[0].range))
