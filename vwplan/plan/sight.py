"""What of the state could be seen: each record beside what was observed of it, and whether the world is the one recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Problems, Severity
from vwplan.graph.model import Resource
from vwplan.plan.model import HostSeen, HostView, ObservedWorld
from vwplan.provider.api import Limits, Observed
from vwplan.state.folder import command_line
from vwplan.state.records import Record, State, Status


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What was seen of one record.

    `host` is the key of the host that it is on, `uuid` the hypervisor's own name. `problem` is why it could not be seen, else
    empty. `gone` tells that its host was seen and that nothing of it is there.
    """

    host: str
    uuid: str
    observed: Observed | None = None
    problem: str = ""
    gone: bool = False


class Sight:
    """All hosts as observed, and what of the state is to be found on them. `refresh` false: nothing was looked at."""

    __slots__ = ("_hosts", "by_uuid", "refresh", "world")

    def __init__(self, world: ObservedWorld, refresh: bool) -> None:
        self.world = world
        self.refresh = refresh
        self.by_uuid = {view.uuid: view for view in world.values() if view.uuid and not view.problem}
        self._hosts: dict[tuple[str, str, str], tuple[str, HostView | None, str]] = {}

    def host_problem(self, key: str) -> str:
        """Why a host could not be seen; empty when it was, or when nothing was to be looked at."""
        if not self.refresh:
            return ""
        view = self.world.get(key)
        return "it was not looked at" if view is None else view.problem

    def of(self, record: Record) -> Glimpse:
        """What was seen of a record."""
        place = (record.provider, record.host, record.host_uuid)
        found = self._hosts.get(place)
        if found is None:
            found = self._hosts[place] = self._find(record)
        key, view, problem = found
        if view is None:
            return Glimpse(key, record.host_uuid, None, problem)
        if record.kind == "image":
            return Glimpse(key, view.uuid, None, "", image_digest(record) not in view.images)
        # One that lost its mark is a stranger now, and no less there.
        observed = view.objects.get(record.identity) or view.strangers.get(record.identity)
        return Glimpse(key, view.uuid, observed, "", observed is None)

    def _find(self, record: Record) -> tuple[str, HostView | None, str]:
        key = f"{record.provider}/{record.host}"
        if not self.refresh:
            return key, None, ""
        view = self.world.get(key)
        if record.host_uuid and (view is None or view.uuid != record.host_uuid):
            view = self.by_uuid.get(record.host_uuid, view)
        if view is None:
            return key, None, f"{key} is not a host of this configuration"
        return view.key, None if view.problem else view, view.problem

    def hosts(self, limits: Mapping[str, Limits]) -> tuple[HostSeen, ...]:
        """Each host as it was when planning, by key. Of its memory, no more is told than its owner allows (`limits`, by key)."""
        return tuple(
            HostSeen(key, view.uuid, view.problem, _memory(view, limits.get(key)))
            for key, view in sorted(self.world.items())
        )


def _memory(view: HostView, limits: Limits | None) -> int:
    known = (0 if view.facts is None else view.facts.memory, 0 if limits is None else limits.memory)
    return min(filter(None, known), default=0)


def image_digest(record: Record) -> str:
    """The digest of a recorded image, as hosts list it: hexadecimal digits."""
    return record.name.removeprefix("vwplan-")


def check_world(state: State, sight: Sight, problems: Problems) -> None:
    """Stop where the world is not this state's: another hypervisor under a label, or marks that another copy wrote."""
    _check_hosts(state, sight, problems)
    _check_pools(sight, problems)
    known = {record.identity: record for record in state.records.values()}
    known.update(state.deposed)
    for view in sight.world.values():
        if not view.problem:
            _check_marks(state, known, view, problems)


def warn_of_lost_state(wanted: Iterable[Resource], state: State, sight: Sight, stack: str, problems: Problems) -> None:
    """Warn where nothing is recorded yet and another state's objects look like what is wanted: it may be this one, lost.

    They look like it where they have its address and, but for the identity at the end, its name. A neighbour's stack of the same
    spec looks the same, so this stops nothing.
    """
    if state.serial or state.records or state.deposed:
        return
    others = [
        (mark, observed.name, view.key)
        for view in sight.world.values()
        for observed in (*view.objects.values(), *view.strangers.values())
        if (mark := observed.mark) is not None and mark.lineage != state.lineage
    ]
    if not others:
        return
    names = {(resource.key, _stem(resource.name)) for resource in wanted}
    found: dict[str, list[str]] = {}
    for mark, name, host in others:
        if (mark.address, _stem(name)) in names:
            found.setdefault(mark.lineage, []).append(f"{mark.address} ({name} on {host})")
    for lineage, those in sorted(found.items()):
        shown = ", ".join(sorted(those)[:3]) + (f" and {len(those) - 3} more" if len(those) > 3 else "")
        command = command_line(stack, f"state adopt --from-hosts --lineage={lineage}")
        problems.add(
            Diagnostic(
                "state-lost",
                "Is this a lost state?",
                f"This stack has no state, but another state's objects have its addresses and names: {shown}. If that state was "
                f"this stack's and is lost, apply would make all of it a second time: rebuild it first, with\n{command}\n"
                "If it is somebody else's, go on.",
                severity=Severity.WARNING,
            )
        )


def _stem(name: str) -> str:
    return name.rpartition("-")[0]


def _check_hosts(state: State, sight: Sight, problems: Problems) -> None:
    places = {(r.provider, r.host, r.host_uuid) for r in (*state.records.values(), *state.deposed.values())}
    for provider, host, uuid in sorted(places):
        view = sight.world.get(f"{provider}/{host}")
        if uuid and view is not None and not view.problem and view.uuid != uuid and uuid not in sight.by_uuid:
            problems.add(
                Diagnostic(
                    "other-hypervisor",
                    "Another hypervisor answers",
                    f'What is recorded for the host "{view.key}" was made on the hypervisor {uuid}, but {view.uuid} '
                    "answers there now. Nothing is taken for absent because of that. Correct the host's address, or "
                    "give the new hypervisor a label of its own.",
                )
            )


def _check_pools(sight: Sight, problems: Problems) -> None:
    """Two labels in one pool are two hypervisors: one under both would be thought to have twice the room."""
    known: dict[tuple[str, str], str] = {}
    for key, view in sorted(sight.world.items()):
        if not view.uuid or view.problem:
            continue
        other = known.setdefault((key.rpartition("/")[0], view.uuid), key)
        if other != key:
            problems.add(
                Diagnostic(
                    "host-twice",
                    "One hypervisor under two labels",
                    f"{other} and {key} are the same hypervisor, {view.uuid}. Leave one of them out, or correct its address.",
                )
            )


def _check_marks(state: State, known: dict[str, Record], view: HostView, problems: Problems) -> None:
    strange: list[str] = []
    for identity, observed in view.objects.items():
        mark = observed.mark
        if mark is None or mark.lineage != state.lineage:
            continue
        record = known.get(identity)
        if mark.writer in state.previous_writers and mark.birth <= state.serial:
            continue
        ours = record is not None and (
            not record.writer or not mark.writer or mark.writer == record.writer or record.status is Status.PENDING
        )
        if record is not None and f"{record.provider}/{record.host}" != view.key and observed.kind == "network":
            # What a network over a bridge has on the other hosts that it spans, any run may have written.
            ours = mark.birth == record.birth
        if not ours or mark.birth >= state.serial:
            strange.append(f"{observed.kind} {observed.name} ({mark.address})")
    if strange:
        shown = ", ".join(sorted(strange)[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")
        problems.add(
            Diagnostic(
                "another-copy",
                "Another copy of this state exists",
                f"On the host {view.key}, these bear the mark of this very state, but a run wrote them that it knows "
                f"nothing of: {shown}. So another copy of the state has been applied, and going on from this one could "
                "destroy what that one made. Work from the other copy; leave this one alone.",
            )
        )
