"""Deliveries: who must hear of a cluster's new roster, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vwplan.plan.decision import Decision
from vwplan.plan.draft import Draft
from vwplan.plan.model import Does, StepVerb
from vwplan.plan.removal import cluster_of
from vwplan.plan.sequence import Making, expectation
from vwplan.state.records import Roster, Status


def make_deliveries(making: Making, decided: Sequence[Decision], removals: Iterable[Decision]) -> None:
    """A delivery to each running member with an older roster, once all members are up and those that leave are gone.

    Who is made or started by this plan has the new roster in its seed.
    """
    stale: dict[str, list[Decision]] = {}
    for decision in decided:
        resource = decision.resource
        if resource is None or not resource.cluster or decision.blocked or decision.key in making.fresh:
            continue
        roster, record = making.rosters.get(resource.cluster), decision.record
        if roster is None or record is None or decision.renewed:
            continue
        if record.epoch >= roster.epoch and decision.key not in making.seedless:
            continue
        if decision.arguments.get("power") == "running" and record.status is Status.PRESENT:
            stale.setdefault(resource.cluster, []).append(decision)
    if not stale:
        return
    needed: dict[str, list[Draft]] = {cluster: [] for cluster in stale}
    for decision in decided:
        resource = decision.resource
        if resource is not None and resource.cluster in needed and decision.last is not None:
            needed[resource.cluster].append(decision.last)
    for decision in removals:
        if decision.ends is not None and decision.kind == "workspace":
            cluster = cluster_of(decision.key)
            if cluster in needed:
                needed[cluster].append(decision.ends)
    for cluster, members in stale.items():
        for decision in members:
            making.drafts.wait(_deliver(making, decision), needed[cluster])


def keep_rosters(
    wanted: Mapping[str, Roster], recorded: Mapping[str, Roster], alone: Iterable[str], touched: Iterable[str]
) -> Mapping[str, Roster]:
    """The rosters as they will be: of a cluster with members left `alone` and none `touched` by a step, as it is recorded.

    Both are addresses of resources. What nobody is told of must not be noted as told.
    """
    still = set(map(cluster_of, alone)) - set(map(cluster_of, touched))
    found = {key: roster for key, roster in wanted.items() if key not in still}
    return found | {key: recorded[key] for key in still if key in recorded}


def _deliver(making: Making, decision: Decision) -> Draft:
    resource = decision.resource
    assert resource is not None
    roster = making.rosters[resource.cluster]
    before = making.after.get(decision.key)
    if before is None:
        record = making.record(decision, decision.arguments, roster.epoch)
    else:
        record = replace(before, epoch=roster.epoch)
    first, last, decision.last = decision.first, decision.last, None
    draft = making.draft(decision, StepVerb.DELIVER, decision.arguments, record)
    decision.first, decision.last = first, last
    draft.cluster, draft.context, draft.epoch = resource.cluster, resource.context, roster.epoch
    if first is None:
        draft.expects = expectation(decision)
        if decision.does is Does.NOTHING:
            decision.does = Does.DELIVER
            decision.reason = f"the roster of {resource.cluster} has changed"
    return draft
