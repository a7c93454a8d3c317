"""A connection to one host: each action looks at its object, checks what it expects, and is carried out."""

from __future__ import annotations

import dataclasses

from vwplan.provider.api import (
    Action,
    Changed,
    Expectation,
    HostConfiguration,
    HostFacts,
    Observation,
    Observed,
    Outcome,
    ProviderError,
    Refused,
    Reporter,
    Verb,
)
from vwplan.provider.law import check_expectation
from vwplan_libvirt.changes import change_workspace
from vwplan_libvirt.deliver import deliver
from vwplan_libvirt.errors import explaining
from vwplan_libvirt.host import Host
from vwplan_libvirt.images import delete_base, idle_bases, look_at_base, stage
from vwplan_libvirt.networks import adopt_network, create_network, delete_network, look_at_network, update_network
from vwplan_libvirt.observe import foreign_objects, observe
from vwplan_libvirt.power import bring_to
from vwplan_libvirt.ready import wait_ready
from vwplan_libvirt.volumes import adopt_volume, create_volume, delete_volume, look_at_volume, update_volume
from vwplan_libvirt.workspaces import adopt_workspace, create_workspace, delete_workspace, look_at_workspace, write_mark


def open_connection(configuration: HostConfiguration) -> LibvirtConnection:
    """A connection to a host; `Unreachable` when it does not answer."""
    return LibvirtConnection(Host(configuration))


class LibvirtConnection:
    """One connection to one host, for one thread at a time."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def identify(self) -> HostFacts:
        """What the host says of itself; the first time on a host, KVM is put to the proof, which takes seconds."""
        return self._host.facts()

    def observe(self) -> Observation:
        """Everything of ours on the host, in bulk."""
        return observe(self._host)

    def volumes(self) -> tuple[Observed, ...]:
        """The volumes on the host that are not ours."""
        self._host.pool.refresh()
        with explaining("listing volumes"):
            return foreign_objects(self._host)

    def idle_bases(self) -> frozenset[str]:
        """The digests of the bases that nothing lies over."""
        self._host.pool.refresh()
        return idle_bases(self._host)

    def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
        """One object with all of its parts, as it is now; None when no part of it exists."""
        self._host.pool.refresh()
        return self._look(kind, identity, name)

    def _look(self, kind: str, identity: str, name: str) -> Observed | None:
        with explaining(f"looking at the {kind} {name}"):
            if kind == "image":
                return look_at_base(self._host, identity, name)
            if kind == "network":
                return look_at_network(self._host, identity)
            if kind == "volume":
                return look_at_volume(self._host, identity)
            if kind == "workspace":
                return look_at_workspace(self._host, identity)
        raise _unknown(kind)

    def perform(self, action: Action, reporter: Reporter) -> Outcome:
        """Carry an action out."""
        if action.kind == "image":
            return _IMAGE[action.verb](self._host, action, reporter)
        self._check(action)
        if action.kind == "workspace" and action.verb is Verb.POWER:
            return self._power(action, reporter)
        if action.kind == "workspace" and action.verb is Verb.DELIVER:
            note = deliver(self._host, action, reporter)
            return dataclasses.replace(self._marked(action), note=note)
        perform = _PERFORM.get((action.kind, action.verb))
        if perform is None:
            raise _unknown(f"{action.verb.value} of {action.kind}")
        return perform(self._host, action, reporter)

    def _check(self, action: Action) -> None:
        observed = self._look(action.kind, action.identity, action.name)
        if action.verb not in (Verb.CREATE, Verb.DELETE):
            action = dataclasses.replace(action, expects=action.expects or Expectation(True))
        check_expectation(action, observed)
        if observed is not None and observed.mark is None and action.verb not in (Verb.CREATE, Verb.DELETE, Verb.ADOPT):
            raise Changed(
                "Changed since the plan",
                f"Of the {action.kind} {action.name} only parts are there: {', '.join(observed.parts)}. Plan again.",
            )

    def _power(self, action: Action, reporter: Reporter) -> Outcome:
        domain = bring_to(self._host, action, reporter)
        write_mark(domain, action.mark)
        if action.arguments["power"] != "running":
            return Outcome(self._look("workspace", action.identity, action.name))
        ready_at = wait_ready(self._host, domain, action, reporter)
        observed = self._look("workspace", action.identity, action.name)
        return Outcome(observed, ready_at=ready_at)

    def _marked(self, action: Action) -> Outcome:
        domain = self._host.domain(action.identity)
        if domain is None:
            raise Changed("Changed since the plan", f"The machine {action.name} is not there any more. Plan again.")
        write_mark(domain, action.mark)
        return Outcome(self._look("workspace", action.identity, action.name))

    def close(self) -> None:
        """Let go of the host."""
        self._host.close()


def _unknown(what: str) -> ProviderError:
    return Refused("Not known to this provider", f"There is no {what} on a libvirt host.")


_IMAGE = {Verb.STAGE: stage, Verb.CREATE: stage, Verb.DELETE: delete_base}

_PERFORM = {
    ("network", Verb.CREATE): create_network,
    ("network", Verb.UPDATE): update_network,
    ("network", Verb.DELETE): delete_network,
    ("volume", Verb.CREATE): create_volume,
    ("volume", Verb.UPDATE): update_volume,
    ("volume", Verb.DELETE): delete_volume,
    ("network", Verb.ADOPT): adopt_network,
    ("volume", Verb.ADOPT): adopt_volume,
    ("workspace", Verb.ADOPT): adopt_workspace,
    ("workspace", Verb.CREATE): create_workspace,
    ("workspace", Verb.UPDATE): change_workspace,
    ("workspace", Verb.RELEASE): change_workspace,
    ("workspace", Verb.ATTACH): change_workspace,
    ("workspace", Verb.DELETE): delete_workspace,
}
