"""Decisions as they are shown: one change for each resource that will differ, or of which nothing can be done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vwplan.graph.model import Cause
from vwplan.kinds.model import Effect
from vwplan.plan.decision import Decision
from vwplan.plan.model import Change, Does
from vwplan.plan.plain import within
from vwplan.state.records import IMPORTED

Plain = Any

_TOP = re.compile(r"[.\[]")


def change_of(decision: Decision) -> Change | None:
    """The change of one resource; None where there is none to show."""
    resource, record = decision.resource, decision.record
    if decision.blocked:
        if decision.blocked == "not among the targets":
            return None
        return Change(
            decision.key,
            decision.kind,
            Does.NOTHING,
            decision.identity,
            decision.name,
            reason=decision.blocked,
            range=resource.range if resource is not None else None,
        )
    if decision.does is Does.NOTHING and not decision.releases:
        return None
    before = decision.current or record.arguments if record is not None and decision.does is not Does.CREATE else {}
    after = {} if decision.does in (Does.DELETE, Does.FORGET) else decision.arguments
    effect = decision.effect
    if decision.does is Does.UPDATE and decision.outage and effect is not Effect.REPLACE:
        effect = Effect.RESTART
    return Change(
        decision.key,
        decision.kind,
        decision.does,
        decision.identity,
        decision.name,
        tuple(decision.differences),
        effect,
        decision.reason,
        _causes(decision),
        before,
        after,
        _facts(decision),
        decision.previous,
        decision.outage or decision.does is Does.REPLACE or effect is Effect.RESTART,
        decision.asks,
        resource.range if resource is not None else None,
        decision.imported.id if decision.imported is not None else "",
    )


def _facts(decision: Decision) -> Mapping[str, Plain]:
    """The facts to be shown: those chosen for what is made, and those seen of what is imported."""
    if decision.does is Does.IMPORT and decision.record is not None:
        seen = {name: value for name, value in decision.record.facts.items() if name != IMPORTED}
        return {**seen, **decision.facts}
    return decision.facts if decision.does in (Does.CREATE, Does.REPLACE) else {}


def _causes(decision: Decision) -> tuple[Cause, ...]:
    """Where else in the spec the changed arguments are said; nothing for what changed outside."""
    if not decision.causes or not decision.differences:
        return ()
    outside = [d.path for d in decision.drift.differences] if decision.drift is not None else []
    names = {
        _TOP.split(d.path, maxsplit=1)[0]
        for d in decision.differences
        if not any(within(d.path, path) or within(path, d.path) for path in outside)
    }
    return tuple(cause for cause in decision.causes if not cause.paths or not cause.paths.isdisjoint(names))
