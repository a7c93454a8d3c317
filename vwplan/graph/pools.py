"""The pools of a build: where what is recorded is now, what the hosts have room for, and what is claimed of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from vwplan.address import Address
from vwplan.diagnostics import Range
from vwplan.graph.objects import Instance
from vwplan.graph.placement import Candidate, Claim, Load, Wish, load_of, total
from vwplan.graph.providers import Place, Placement
from vwplan.graph.world import Surroundings
from vwplan.provider.api import HostConfiguration
from vwplan.state.records import Record, Status


class Pools:
    """The providers that have several hosts.

    `assigned` are the labels chosen for resources, by their keys; None while nothing is chosen yet, and all places are open.
    """

    def __init__(self, given: Surroundings, placement: Placement, assigned: Mapping[str, str] | None) -> None:
        self.hosts = {provider: hosts for provider, hosts in placement.pools.items() if len(hosts) > 1}
        self.all = placement.pools
        self.assigned = assigned
        self._given = given
        self._uuids = {
            key: view.uuid for key, view in (given.seen or {}).items() if self.hosts and view.uuid and not view.problem
        }

    def settle(self, key: str, place: Place, record: Record | None) -> Place:
        """The place of a resource: on the host chosen for it, else where it is, else still open."""
        if not place.is_open or self.assigned is None:
            return place
        label = self.assigned.get(key) or self.home(place.provider, record)
        return Place(place.provider, label) if label else place

    def places(self, place: Place) -> list[Place]:
        """The hosts that a place may come to mean."""
        return [Place(place.provider, host.label) for host in self.all[place.provider]] if place.is_open else [place]

    def home(self, provider: str, record: Record | None) -> str:
        """The label of the host of a pool that a recorded object is on, told by the hypervisor's UUID; empty for none."""
        if record is None:
            return ""
        hosts = self.hosts.get(provider, ())
        if record.host_uuid:
            for host in hosts:
                if self._uuids.get(host.key) == record.host_uuid:
                    return host.label
        for host in hosts:
            uuid = self._uuids.get(host.key, "")
            if (record.provider, record.host) == (provider, host.label) and uuid in ("", record.host_uuid):
                return host.label
        return ""

    def provisional(self, place: Place, record: Record | None) -> str:
        """The label that stands for the host while it is open which it is."""
        return self.home(place.provider, record) or self.all[place.provider][0].label

    def candidates(self) -> dict[str, list[Candidate]]:
        """The hosts of each pool with what is in use there by all that is not this stack's to place."""
        state = self._given.state
        ours = {r.identity for r in state.records.values() if r.kind == "workspace" and r.status is not Status.KEPT}
        return {provider: [self._candidate(host, ours) for host in hosts] for provider, hosts in self.hosts.items()}

    def _candidate(self, host: HostConfiguration, ours: set[str]) -> Candidate:
        seen = (self._given.seen or {}).get(host.key)
        if seen is None or not seen.uuid:
            return Candidate(host, is_seen=seen is None or not seen.problem)
        load = total(
            load_of(one.arguments) if one.mark is not None else replace(load_of(one.arguments), workspaces=0)
            for one in (*seen.objects.values(), *seen.strangers.values())
            if one.kind == "workspace" and one.identity not in ours
        )
        return Candidate(host, 0 if seen.facts is None else seen.facts.memory, load, seen.images, not seen.problem)

    def located(self) -> dict[str, str]:
        """On which host each network of one host and each volume is that was seen, by identity."""
        return {
            one.identity: host.label
            for hosts in self.hosts.values()
            for host in hosts
            if (seen := (self._given.seen or {}).get(host.key)) is not None
            for one in (*seen.objects.values(), *seen.strangers.values())
            if one.kind == "volume" or (one.kind == "network" and one.arguments.get("mode") != "bridge")
        }

    def claims(
        self, made: Iterable[tuple[Instance, str, Place, Range]], records: Mapping[str, Record]
    ) -> Iterator[Claim]:
        """What each resource of a pool asks of the hosts; it is told with its identity, its place, and where that is asked for."""
        there = list(made)
        spanning = {
            identity
            for instance, identity, _, _ in there
            if instance.kind == "network" and instance.arguments.get("mode") == "bridge"
        }
        for instance, identity, place, at in there:
            if place.provider not in self.hosts:
                continue
            arguments = instance.arguments
            is_machine = instance.kind == "workspace"
            yield Claim(
                instance.key,
                place.provider,
                instance.kind,
                identity,
                self.home(place.provider, records.get(instance.key)),
                Wish.of(arguments.get("placement")),
                load_of(arguments) if is_machine else Load(),
                tuple(_ties(arguments, spanning)) if is_machine else (),
                _group(instance.address),
                str(instance.facts["digest"] if instance.kind == "image" else arguments.get("image", "")).removeprefix(
                    "sha256:"
                ),
                at,
            )


def _ties(arguments: Mapping[str, object], spanning: set[str]) -> Iterator[str]:
    """The identities of what a machine must share a host with."""
    for block, name in (("nic", "network"), ("disk", "volume")):
        items = arguments.get(block) or ()
        assert isinstance(items, Sequence)
        for item in items:
            if item[name] not in spanning:
                yield item[name]


def _group(address: Address) -> str:
    """What names all that are alike: the block, or the role of one cluster."""
    return str(replace(address, member=None) if address.role else address.block)
