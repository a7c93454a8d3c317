"""A plan as JSON, for machines: changes in Terraform's manner, with edit effects and steps besides.

`null` stands where a value is late or secret; `after_unknown` and the `*_sensitive` trees say which. `schemas/plan-output.v1.json`
describes it. For carrying a plan out there is `plan --out`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from vwplan.diagnostics import Severity
from vwplan.plan.model import Change, Difference, Does, Drift, Plan, Step, StepVerb
from vwplan.plan.plain import is_late, is_secret
from vwplan.render.blocks import natural
from vwplan.render.diagnostics_json import diagnostic_plain
from vwplan.render.outputs import to_json

Plain = Any

FORMAT = "1.0"


def plan_json(plan: Plan) -> str:
    """The plan as indented JSON."""
    return to_json(plan_plain(plan))


def plan_plain(plan: Plan) -> dict[str, Plain]:
    """The plan as a JSON-able mapping."""
    add, change, destroy = plan.counts
    made_first = _made_first(plan)
    return {
        "format_version": FORMAT,
        "stack": plan.stack,
        "lineage": plan.lineage,
        "serial": plan.state_serial,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(plan.made_at)),
        "complete": not plan.incomplete,
        "empty": plan.empty,
        "destroy": plan.destroy,
        "refresh_only": plan.refresh_only,
        "variables": {name: {"value": value} for name, value in plan.variables.items()},
        "summary": {"import": plan.imports, "add": add, "change": change, "destroy": destroy},
        "resource_changes": [
            _change(one, one.key in made_first) for one in sorted(plan.changes, key=lambda c: natural(c.key))
        ],
        "resource_drift": [_drift(one) for one in plan.drift],
        "output_changes": {name: _output(*values) for name, values in sorted(plan.output_changes.items())},
        "rosters": {
            key: {"epoch": roster.epoch, "members": roster.members, "provides": roster.provides}
            for key, roster in sorted(plan.rosters.items())
        },
        "steps": [_step(one) for one in plan.steps],
        "hosts": [{"host": one.key, "uuid": one.uuid, "problem": one.problem} for one in plan.hosts],
        "checks": [
            {"address": one.address, "status": _status(one.passed), "message": one.message} for one in plan.checks
        ],
        "diagnostics": [diagnostic_plain(one) for one in plan.warnings if one.severity is Severity.WARNING],
    }


def _made_first(plan: Plan) -> set[str]:
    deleted: set[str] = set()
    found: set[str] = set()
    for step in plan.steps:
        if step.verb is StepVerb.DELETE:
            deleted.add(step.key)
        elif step.verb in (StepVerb.CREATE, StepVerb.STAGE) and step.key not in deleted:
            found.add(step.key)
    return found


def _actions(does: Does, made_first: bool) -> list[str]:
    match does:
        case Does.REPLACE:
            return ["create", "delete"] if made_first else ["delete", "create"]
        case Does.NOTHING | Does.MOVE | Does.IMPORT:
            return ["no-op"]
    return [does.value]


def _change(change: Change, made_first: bool) -> dict[str, Plain]:
    before = change.before or None
    after = change.after or None
    plain: dict[str, Plain] = {
        "address": change.key,
        "kind": change.kind,
        "name": change.name,
        "identity": change.identity,
        "change": {
            "actions": _actions(change.does, made_first),
            "before": told(before),
            "after": told(after),
            "after_unknown": _where(after, is_late) or {},
            "before_sensitive": _where(before, is_secret) or {},
            "after_sensitive": _where(after, is_secret) or {},
        },
        "differences": [_difference(one) for one in change.differences],
        "effect": change.effect.value if change.effect is not None else None,
        "reason": change.reason,
        "causes": [cause.text for cause in change.causes],
        "outage": change.outage,
        "asks": change.asks,
    }
    if change.imported:
        plain["change"]["importing"] = {"id": change.imported}
    if change.previous:
        plain["previous_address"] = change.previous
    if change.facts:
        plain["facts"] = told(change.facts)
    return plain


def _difference(difference: Difference) -> dict[str, Plain]:
    return {
        "path": difference.path,
        "before": told(difference.before),
        "after": told(difference.after),
        "effect": difference.effect.value,
        "late": bool(_where(difference.after, is_late)),
        "sensitive": bool(_where(difference.after, is_secret) or _where(difference.before, is_secret)),
    }


def _drift(drift: Drift) -> dict[str, Plain]:
    return {
        "address": drift.key,
        "sentence": drift.sentence,
        "differences": [_difference(one) for one in drift.differences],
    }


def _output(before: Plain, after: Plain) -> dict[str, Plain]:
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "actions": actions,
        "before": told(before),
        "after": told(after),
        "after_unknown": _where(after, is_late) or False,
        "before_sensitive": _where(before, is_secret) or False,
        "after_sensitive": _where(after, is_secret) or False,
    }


def _step(step: Step) -> dict[str, Plain]:
    plain: dict[str, Plain] = {
        "id": step.id,
        "verb": step.verb.value,
        "address": step.key,
        "kind": step.kind,
        "identity": step.identity,
        "host": step.host,
        "needs": list(step.needs),
        "timeout": step.timeout,
        "cost": step.cost,
    }
    if step.verb is StepVerb.POWER:
        plain["power"] = step.arguments.get("power")
    if step.changes:
        plain["changes"] = list(step.changes)
    if step.cluster:
        plain["cluster"], plain["epoch"] = step.cluster, step.epoch
    return plain


def _status(passed: bool | None) -> str:
    return "unknown" if passed is None else "pass" if passed else "fail"


def told(value: Plain) -> Plain:
    """The value with `null` in place of all that is late or secret."""
    if is_late(value) or is_secret(value):
        return None
    if isinstance(value, Mapping):
        return {key: told(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [told(item) for item in value]
    return value


def _where(value: Plain, is_so: Any) -> Plain:
    """A tree with `true` where a leaf is so, and nothing beside; None where none is."""
    if is_so(value):
        return True
    if isinstance(value, Mapping):
        found = {key: _where(item, is_so) for key, item in value.items()}
        return {key: item for key, item in found.items() if item} or None
    if isinstance(value, list | tuple):
        items = [_where(item, is_so) or False for item in value]
        return items if any(items) else None
    return None
