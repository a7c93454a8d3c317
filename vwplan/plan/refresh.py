"""Refreshing only: the state brought up to what exists, and nothing done to the world."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vwplan.plan.compare import drifted
from vwplan.plan.draft import Draft, Drafts
from vwplan.plan.drift import drift_of
from vwplan.plan.model import Drift, StepVerb
from vwplan.plan.plain import overlaid
from vwplan.plan.planning import Planning
from vwplan.plan.sight import Glimpse
from vwplan.state.records import Record, Status


def refresh(planning: Planning) -> dict[str, Any]:
    """The drift, and the steps that record it, as fields of a plan.

    What is gone is recorded as tainted: its left-over parts, if any, are cleared when it is made anew.
    """
    drafts = Drafts()
    found: list[Drift] = []
    unseen = False
    for address, record in planning.records.items():
        if planning.picked is not None and address not in planning.picked:
            continue
        glimpse = planning.sight.of(record)
        unseen = unseen or bool(glimpse.problem)
        if glimpse.problem or record.status in (Status.PENDING, Status.TAINTED):
            continue
        drift, seen = _seen(planning, record, glimpse)
        if drift is not None:
            found.append(drift)
        if seen is not None:
            drafts.add(
                Draft(
                    StepVerb.RECORD,
                    address,
                    record.kind,
                    record.identity,
                    record.name,
                    glimpse.host,
                    record.birth,
                    record=seen,
                    cost=0.0,
                )
            )
    return {"drift": tuple(found), "steps": drafts.steps(), "incomplete": unseen}


def _seen(planning: Planning, record: Record, glimpse: Glimpse) -> tuple[Drift | None, Record | None]:
    observed = glimpse.observed
    if glimpse.gone or (observed is not None and not observed.complete):
        parts = observed.parts if observed is not None else ()
        gone = glimpse.gone or observed is None or observed.mark is None
        return drift_of(record, observed, (), gone=gone), replace(record, status=Status.TAINTED, parts=parts)
    if observed is None:
        return None, None
    found = drifted(record.arguments, observed.arguments, planning.shapes.of(record.kind))
    if not found:
        return None, None
    arguments = overlaid(record.arguments, observed.arguments)
    seen = replace(record, arguments=arguments, digest=observed.digest, facts={**record.facts, **observed.facts})
    return drift_of(record, observed, found, gone=False), seen
