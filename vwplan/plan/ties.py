"""What waits for what, between the steps of different resources.

The ties cannot make a circle, because every step has a place in one order: first what must be out of the way (users before what
they use); then, resource by resource in the order of dependency, what is made and changed; then what goes at leisure (users
first again); rosters last. A tie always leads back in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vwplan.kinds.model import Effect
from vwplan.plan.decision import Decision
from vwplan.plan.draft import Draft
from vwplan.plan.model import HostView, StepVerb
from vwplan.plan.planning import without_key
from vwplan.plan.sequence import Making
from vwplan.plan.sight import image_digest
from vwplan.plan.usage import Heirs, Users
from vwplan.state.records import Record

Further = Mapping[tuple[str, str], Draft]
"""What is made of images and networks on further hosts than their own, by the resource's key and the host's."""


def tie_up(making: Making, decided: Sequence[Decision]) -> Further:
    """Let each resource wait for what it depends on."""
    decisions = making.planning.decisions
    stages = _stages(making, decided)
    lists: dict[int, list[Draft]] = {}
    groups: dict[str, list[Draft]] = {}
    for decision in decided:
        resource = decision.resource
        if resource is None or decision.first is None:
            continue
        needed = lists.get(id(resource.depends))
        if needed is None:
            needed = lists[id(resource.depends)] = _lasts(decisions, resource.depends)
        waiting = _waiting(decision)
        if needed:
            making.drafts.wait(waiting, needed)
        for group in resource.groups:
            if group not in groups:
                groups[group] = _lasts(decisions, making.planning.groups.get(group, ()))
            making.drafts.wait(waiting, groups[group])
        if stages:
            waiting.needs.extend(
                stages[key, decision.host] for key in resource.depends if (key, decision.host) in stages
            )
    return stages


def tie_heirs(heirs: Heirs) -> None:
    """Let who takes over a claim wait until the one that holds it is gone, or released from it."""
    for decision, holder in heirs:
        gives = holder.ends if holder.goes else holder.release
        if decision.first is not None and gives is not None:
            _waiting(decision).needs.append(gives)


def _waiting(decision: Decision) -> Draft:
    """The step that needs others: the first, but where the first ones only get the object out of the way."""
    if decision.entry is not None and (decision.release is not None or decision.gone or decision.inherits):
        return decision.entry
    assert decision.first is not None
    return decision.first


def _lasts(decisions: Mapping[str, Decision], keys: Iterable[str]) -> list[Draft]:
    found = (decisions[key].last for key in keys if key in decisions)
    return [last for last in found if last is not None]


def _stages(making: Making, decided: Iterable[Decision]) -> dict[tuple[str, str], Draft]:
    """What images and networks need on further hosts than their own, where their users are: a base, a network over the same bridge."""
    shared = {decision.key: decision for decision in decided if _is_wanted_anywhere(decision)}
    stages: dict[tuple[str, str], Draft] = {}
    if not shared:
        return stages
    world = making.planning.sight.world
    for decision in decided:
        if decision.resource is None or decision.first is None:
            continue
        for key in decision.resource.depends:
            used = shared.get(key)
            if used is None or used.host == decision.host or (key, decision.host) in stages:
                continue
            view = world.get(decision.host)
            there = () if view is None else view.images if used.kind == "image" else view.objects
            if (used.name.removeprefix("vwplan-") if used.kind == "image" else used.identity) in there:
                continue
            last, first, host = used.last, used.first, used.host
            used.last, used.host = None, decision.host
            # Without a record: there is one, of the host that is its own.
            verb = StepVerb.STAGE if used.kind == "image" else StepVerb.CREATE
            stages[key, decision.host] = made = making.draft(used, verb, used.arguments, None)
            used.last, used.first, used.host = last, first, host
            if used.kind == "network" and last is not None:
                # What bears our mark is recorded before it is there.
                made.needs.append(last)
    return stages


def _is_wanted_anywhere(decision: Decision) -> bool:
    """Whether users on other hosts than its own can have it: an image, or a network over a bridge."""
    if decision.resource is None or decision.blocked:
        return False
    return decision.kind == "image" or (decision.kind == "network" and decision.arguments.get("mode") == "bridge")


def tie_further(making: Making, decisions: Iterable[Decision], further: Further) -> None:
    """Let what an image or a network over a bridge has on further hosts go just before it does itself.

    There too what claims the same goes before its successor comes. A base that another image of the stack has is left.
    """
    for decision in decisions:
        ends, record = decision.ends, decision.record
        if ends is None or record is None or ends.verb is not StepVerb.DELETE:
            continue
        for view in making.planning.sight.world.values():
            if view.key == ends.host or not _is_copied(making, record, view):
                continue
            gone = making.drafts.add(replace(ends, host=view.key, drops="", expects=None, needs=list(ends.needs)))
            ends.needs.append(gone)
            successor = further.get((decision.key, view.key))
            if successor is not None and decision.old_first:
                successor.needs.append(gone)


def _is_copied(making: Making, record: Record, view: HostView) -> bool:
    """Whether something of an object that goes is on a further host of its pool."""
    if view.key.rpartition("/")[0] != record.provider:
        return False
    if record.kind == "image":
        return image_digest(record) in view.images and all(name != record.name for _, name in making.bases)
    return record.arguments.get("mode") == "bridge" and record.identity in view.objects


def tie_rolling(decided: Iterable[Decision]) -> None:
    """Let the members of a role that go away for a while do so only so many at a time, each up before the next."""
    roles: dict[tuple[str, str], list[Draft]] = {}
    for decision in decided:
        resource = decision.resource
        if resource is None or not resource.rolling or decision.first is None or decision.last is None:
            continue
        if decision.effect not in (Effect.RESTART, Effect.REPLACE) or decision.inherits or decision.releases:
            continue
        if decision.gone:
            continue
        window = roles.setdefault((resource.cluster, resource.address.role), [])
        if len(window) >= resource.rolling:
            decision.first.needs.append(window[-resource.rolling])
        window.append(decision.last)


def tie_down(decided: Iterable[Decision], users: Users) -> None:
    """Let each old object that has a successor wait, before it goes, for those that refer to it."""
    for decision in decided:
        ends = decision.ends
        if ends is None or ends.verb is not StepVerb.DELETE:
            continue
        for user in users.get(decision, ()):
            ends.needs.extend(_out_of_the_way(decision, user))


def _out_of_the_way(used: Decision, user: Decision) -> list[Draft]:
    if user.goes:
        return [user.ends] if user.ends is not None else []
    if used.handle in user.releases:
        return [user.release] if user.release is not None else []
    return [user.last] if user.last is not None else []


def tie_removals(making: Making, removals: Sequence[Decision], users: Users) -> None:
    """Let each removal wait for those of what depends on it, and for changes of what refers to it."""
    leaving = {d.key: d for d in removals if d.ends is not None and not d.deposed}
    was_at = {source: target for target, source in making.planning.moved.items()}
    dependents: dict[Decision, list[Decision]] = {}
    blocks: dict[str, list[Decision]] = {}
    for key, decision in leaving.items():
        blocks.setdefault(without_key(key), []).append(decision)
    for decision in leaving.values():
        record = decision.record
        assert record is not None
        for key in record.depends:
            used = leaving.get(was_at.get(key, key))
            for one in blocks.get(key, ()) if used is None else (used,):
                if one is not decision:
                    dependents.setdefault(one, []).append(decision)
    place = _places(list(leaving.values()), dependents, users)
    for decision in removals:
        ends = decision.ends
        if ends is None or ends.verb is not StepVerb.DELETE:
            continue
        needed = [
            user.ends
            for user in dependents.get(decision, ())
            if place[user] < place[decision] and (user.early or not decision.early)
        ]
        making.drafts.wait(ends, needed)
        for user in users.get(decision, ()):
            if user in place and decision in place and place[user] > place[decision]:
                continue
            ends.needs.extend(_out_of_the_way(decision, user))


def _places(
    leaving: Sequence[Decision], dependents: dict[Decision, list[Decision]], users: Users
) -> dict[Decision, int]:
    """An order of removals, users before what they use; where the records lead in a circle, one that breaks it."""
    place: dict[Decision, int] = {}
    entered: set[Decision] = set()
    known = set(leaving)
    for start in leaving:
        stack: list[tuple[Decision, bool]] = [(start, False)]
        while stack:
            decision, done = stack.pop()
            if done:
                place[decision] = len(place)
            elif decision not in entered:
                entered.add(decision)
                stack.append((decision, True))
                stack.extend((user, False) for user in dependents.get(decision, ()) if user not in entered)
                stack.extend((user, False) for user in users.get(decision, ()) if user in known and user not in entered)
    return place
