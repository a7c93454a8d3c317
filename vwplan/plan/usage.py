"""Who refers to what goes: so that users are taken off, or go themselves, before what they use goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vwplan.plan.decision import Decision
from vwplan.plan.model import Does
from vwplan.plan.plain import strings
from vwplan.plan.planning import Planning
from vwplan.plan.sight import Glimpse
from vwplan.state.records import Record, Status

Users = Mapping[Decision, list[Decision]]
"""For each decision whose object goes, those whose object refers to it."""

Heirs = Sequence[tuple[Decision, Decision]]
"""Who takes over a claim, and from whom."""


def pinned(unseen: Iterable[Record]) -> frozenset[str]:
    """The strings in the arguments of what could not be seen: whatever they refer to must stay."""
    return frozenset(text for record in unseen for text in strings(record.arguments))


def users_of(planning: Planning, decided: Iterable[Decision]) -> Users:
    """Who refers to each object that goes. What is in use by something that is to stay as it is, is refused."""
    decided = list(decided)
    going: dict[str, list[Decision]] = {}
    for decision in decided:
        if decision.goes and not decision.blocked:
            going.setdefault(decision.handle, []).append(decision)
    users: dict[Decision, list[Decision]] = {}
    if not going:
        return users
    known: set[str] = set()
    for decision in decided:
        record = decision.record
        if record is None:
            continue
        known.add(record.identity)
        if record.status is Status.PENDING:
            continue  # It was to use things; there is nothing of it that does.
        for text in _referred(record, decision.glimpse):
            for used in going.get(text, ()):
                if used is not decision:
                    users.setdefault(used, []).append(decision)
    _refuse_kept(planning, going, known)
    for used, those in users.items():
        left = [user.key for user in those if user.blocked]
        if left and used.kind != "image":
            planning.refusals.in_use(used, left, "uses it, and is left out of this plan")
    return users


def _referred(record: Record, glimpse: Glimpse | None) -> Iterable[str]:
    """What an object refers to, by what is recorded of it and by what was seen."""
    seen = () if glimpse is None or glimpse.observed is None else strings(glimpse.observed.arguments)
    return dict.fromkeys((*strings(record.arguments), *seen))


def _refuse_kept(planning: Planning, going: Mapping[str, list[Decision]], known: set[str]) -> None:
    """Kept objects have no decision, and may use what goes."""
    for address, record in planning.records.items():
        if record.identity in known:
            continue
        for text in _referred(record, planning.sight.of(record)):
            for used in going.get(text, ()):
                if used.kind != "image":
                    planning.refusals.in_use(used, [address], "is kept, and uses it")


def heirs_of(planning: Planning, decided: Iterable[Decision], removals: Iterable[Decision]) -> Heirs:
    """Who takes over a claim, such as an address or a volume, from what goes, or from what gives it up.

    What goes is to go early, then; what only gives the claim up is to be released from it.
    """
    changing = [d for d in decided if d.does in (Does.UPDATE, Does.REPLACE) and d.record is not None and not d.gone]
    going = [d for d in removals if d.does is Does.DELETE and not d.gone]
    held: dict[tuple[str, str, str, object], Decision] = {}
    for decision in (*changing, *going):
        if not decision.blocked:
            for claim in _held(planning, decision) - _wanted(planning, decision):
                held[decision.host, decision.kind, *claim] = decision
    heirs: list[tuple[Decision, Decision]] = []
    if not held:
        return heirs
    for decision in decided:
        if decision.blocked or decision.does not in (Does.CREATE, Does.REPLACE, Does.UPDATE):
            continue
        for claim in _wanted(planning, decision):
            holder = held.get((decision.host, decision.kind, *claim))
            if holder is None or holder is decision:
                continue
            heirs.append((decision, holder))
            if holder.does is Does.UPDATE:
                holder.releases.add(str(claim[1]))
                holder.outage = True
            else:
                holder.inherits, holder.old_first = True, True
    return heirs


def _held(planning: Planning, decision: Decision) -> set[tuple[str, object]]:
    record = decision.record
    if record is None:
        return set()
    return planning.shapes.claims(decision.kind, record.name, decision.current or record.arguments)


def _wanted(planning: Planning, decision: Decision) -> set[tuple[str, object]]:
    if decision.does is Does.DELETE:
        return set()
    return planning.shapes.claims(decision.kind, decision.name, decision.arguments)


def spread_early(planning: Planning, decided: Iterable[Decision], users: Users, heirs: Heirs) -> None:
    """Mark what must be out of the way before others are made.

    What goes before its successor comes, or before somebody takes its claims over, needs its users out of the way first: those
    that go too must go early, those that stay are released from it.
    """
    work = [d for d in decided if d.renewed and d.old_first and not d.gone and not d.blocked]
    work = list(dict.fromkeys([*work, *(holder for _, holder in heirs if holder.goes)]))
    for decision in work:
        decision.early = True
    while work:
        used = work.pop()
        for user in users.get(used, ()):
            if user.blocked or user.gone:
                continue
            if user.goes:
                user.inherits = True
                if user.renewed:
                    user.old_first = True
                if not user.early:
                    user.early = True
                    work.append(user)
            elif user.does in (Does.KEEP, Does.FORGET):
                planning.refusals.in_use(used, [user.key], "is to be kept, and uses it")
            else:
                user.releases.add(used.handle)
                user.outage = True
