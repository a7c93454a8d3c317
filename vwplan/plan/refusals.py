"""What planning refuses to do: problems of single resources, each told with its place in the spec."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vwplan.diagnostics import Diagnostic, Problems, Range
from vwplan.kinds.model import Effect
from vwplan.plan.decision import Decision
from vwplan.plan.drift import measured
from vwplan.plan.sight import Sight
from vwplan.provider.api import Observed
from vwplan.state.records import State


class Refusals:
    """The refusals of one planning: collected, and told all together at the end."""

    __slots__ = ("_macs", "_strangers", "_world", "lineage", "problems")

    def __init__(self, problems: Problems, state: State, sight: Sight, wanted: Collection[str]) -> None:
        """`wanted` are the identities of what is wanted: of those, something may be there that is not recorded."""
        self.problems = problems
        self.lineage = state.lineage
        self._world = sight.world
        self._strangers: dict[tuple[str, str, str], Observed] = {}
        self._macs: dict[tuple[str, str], Observed] = {}
        known = {record.identity for record in state.records.values()} | state.deposed.keys() | set(wanted)
        for view in sight.world.values():
            for observed in (*view.objects.values(), *view.strangers.values()):
                ours = observed.mark is not None and observed.mark.lineage == state.lineage
                if not ours or observed.identity not in known:
                    self._strangers[view.key, observed.kind, observed.name] = observed
                    for mac in _macs(observed.arguments):
                        self._macs[view.key, mac] = observed

    def say(self, decision: Decision, code: str, summary: str, detail: str) -> None:
        """Refuse something of one resource."""
        at: Range | None = decision.resource.range if decision.resource is not None else None
        self.problems.add(Diagnostic(code, summary, detail, subject=at, address=decision.key))

    def taken(self, decision: Decision) -> None:
        """A name, a MAC or an address that an object which is not recorded has on the host already."""
        if not self._strangers:
            return
        stranger = self._strangers.get((decision.host, decision.kind, decision.name))
        if stranger is not None and stranger.identity != decision.identity:
            self.say(
                decision,
                "name-taken",
                "Name is taken",
                f'The host {decision.host} has a {decision.kind} named "{decision.name}" already, {self._whose(stranger)}. It is '
                f"left alone. Give {decision.key} another name, or leave the name out.",
            )
        if self._macs and decision.kind == "workspace":
            for nic in decision.arguments.get("nic") or ():
                self._nic_taken(decision, nic)

    def _nic_taken(self, decision: Decision, nic: Mapping[str, Any]) -> None:
        mac, address, network = (nic.get(name) for name in ("mac", "address", "network"))
        holder = self._macs.get((decision.host, mac)) if isinstance(mac, str) else None
        if holder is not None and holder.identity != decision.identity:
            detail = f"{holder.name} on {decision.host} has the MAC address {mac} already, {self._whose(holder)}. Give another."
            self.say(decision, "mac-taken", "MAC address is taken", detail)
            return
        view = self._world.get(decision.host)
        if view is None or not isinstance(network, str) or not isinstance(address, str):
            return
        kept = view.addresses.get(network, {}).get(address)
        holder = self._macs.get((decision.host, kept)) if kept and kept != mac else None
        if holder is not None:
            detail = f"{holder.name} on {decision.host} has {address} already, {self._whose(holder)}. Give another."
            self.say(decision, "address-taken", "Address is taken", detail)

    def _whose(self, stranger: Observed) -> str:
        if stranger.mark is not None and stranger.mark.lineage == self.lineage:
            return "which this stack made and records no more (`vwplan orphans` adopts or deletes it)"
        return "which is not this stack's"

    def foreign(self, decision: Decision, observed: Observed) -> None:
        """An object under our identity that bears no mark of ours."""
        mark = observed.mark
        if mark is None and observed.complete and observed.kind != "volume":
            whose = "bears no mark of vwplan"
        elif mark is not None and mark.lineage != self.lineage:
            whose = f"bears the mark of another state (lineage {mark.lineage})"
        else:
            return
        self.say(
            decision,
            "foreign-object",
            "Object is not ours any more",
            f"{observed.kind} {observed.name} on {decision.host} is recorded as {decision.key}, but it {whose}. Nothing "
            "is done to it. If it is to be managed again, put the mark back; if not, take the resource out of the state.",
        )

    def replacing(self, decision: Decision) -> None:
        """What must not be destroyed to be made anew."""
        resource = decision.resource
        assert resource is not None
        why = decision.reason or "its arguments changed"
        if resource.lifecycle.prevent_destroy:
            self.say(
                decision,
                "prevent-destroy",
                "Resource must not be destroyed",
                f"{decision.key} would have to be made anew ({why}), and lifecycle.prevent_destroy forbids to destroy "
                "it. Undo the change, or set prevent_destroy = false.",
            )
        elif resource.lifecycle.replace == "never":
            self.say(
                decision,
                "replace-never",
                "Resource must not be replaced",
                f'{decision.key} would have to be made anew ({why}), and lifecycle.replace is "never". Undo the change, '
                'or set replace = "allow".',
            )
        elif decision.kind == "volume" and decision.arguments.get("keep"):
            self.say(
                decision,
                "replace-kept",
                "Kept volume would be replaced",
                f"{decision.key} would have to be made anew ({why}), which would lose what is on it, and keep = true "
                "asks to keep it. Undo the change, or set keep = false.",
            )

    def import_anew(self, decision: Decision, *, asked: bool) -> None:
        """What exists and is to be imported, and would have to be made anew to be as the spec says."""
        assert decision.imported is not None
        those = [d for d in decision.differences if d.effect is Effect.REPLACE]
        told = ", ".join(
            f"{d.path} is {measured(decision.kind, d.path, d.before)}, not {measured(decision.kind, d.path, d.after)}"
            for d in those[:3]
        )
        why = f"it was asked to be replaced by --replace={decision.key}" if asked else told
        self.problems.add(
            Diagnostic(
                "import-replace",
                "Imported object would be made anew",
                f'"{decision.imported.id}" cannot be imported to {decision.key}, because {why}, and nothing that somebody else '
                "made is destroyed in the same breath. Say in the spec what is so; edit it later, once it is imported.",
                subject=decision.imported.range or (decision.resource.range if decision.resource is not None else None),
                address=decision.key,
            )
        )

    def destroying(self, decision: Decision) -> None:
        """What must not be destroyed."""
        record = decision.record
        assert record is not None
        if not record.lifecycle.get("prevent_destroy"):
            return
        at = decision.resource.range if decision.resource is not None else None
        self.problems.add(
            Diagnostic(
                "prevent-destroy",
                "Resource must not be destroyed",
                f"{decision.key} would be destroyed, and lifecycle.prevent_destroy was set when it was last applied. Keep "
                "it in the spec; or set prevent_destroy = false and apply that first.",
                subject=at,
                address=decision.key,
            )
        )

    def shrinking(self, decision: Decision) -> None:
        """Disks that would become smaller."""
        for difference in decision.differences:
            before, after = difference.before, difference.after
            if difference.path not in ("size", "resources.disk"):
                continue
            if isinstance(before, int) and isinstance(after, int) and after < before:
                was, wanted = (measured(decision.kind, difference.path, value) for value in (before, after))
                self.say(
                    decision,
                    "shrinking-disk",
                    "Disk would shrink",
                    f"{difference.path} of {decision.key} is {was} and cannot become {wanted}: what lies at its end "
                    f"would be lost. Say {was} or more, or replace it with --replace={decision.key}.",
                )

    def in_use(self, decision: Decision, users: list[str], why: str) -> None:
        """What others, which stay as they are, refer to."""
        self.say(
            decision,
            "still-in-use",
            "Object is still in use",
            f"{decision.key} would be destroyed, but {', '.join(users[:3])} {why}.",
        )


def _macs(arguments: Mapping[str, Any]) -> Iterator[str]:
    """The MAC addresses of a machine's nics."""
    for nic in arguments.get("nic") or ():
        mac = nic.get("mac")
        if isinstance(mac, str):
            yield mac.lower()
