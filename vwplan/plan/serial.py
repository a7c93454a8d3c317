"""Plans as JSON text: all that carrying one out needs, but no secret, no URI, and no place in a file.

Arguments and contexts are told once each, in tables, and named by their place; of a context what a whole cluster shares is a row
of its own, so that its roster is told once and not once for each member. What is late is written as
`{"$unknown": …}`, a secret as `{"$sensitive": HMAC}` (a late one as `{"$secret": …}`), a number that is no whole one as
`{"$number": "1/3"}`. Fields that have
their ordinary value are left out. `schemas/plan.v1.json` describes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError, Severity
from vwplan.graph.model import Cause, CheckResult, Later, Moved, WantedOutput
from vwplan.kinds.model import Effect
from vwplan.plan.checking import check
from vwplan.plan.late import late_from_plain, late_to_plain
from vwplan.plan.model import OWN, Basis, Change, Difference, Does, Drift, HostSeen, Plan, Step, StepVerb
from vwplan.plan.plain import SECRET, Seal, has_late, is_secret
from vwplan.provider.api import Expectation
from vwplan.state.wire import record_from_plain, record_to_plain, roster_from_plain, roster_to_plain
from vwplan.values import Sensitive, Unknown

Plain = Any

FORMAT = "vwplan-plan"
VERSION = 1


def to_text(plan: Plan, seal: Seal) -> str:
    """The plan as one line of JSON; `seal` turns a secret into its HMAC under the stack's key."""

    def leaf(value: object) -> object:
        if isinstance(value, Sensitive):
            if not has_late(value.value):
                return {SECRET: seal(value.value)}
            if isinstance(value.value, Unknown):
                return {"$secret": {"$unknown": late_to_plain(value.value, seal, secret=True)}}
            return _marked_within(value)
        if isinstance(value, Unknown):
            return {"$unknown": late_to_plain(value, seal)}
        if isinstance(value, Fraction):
            return {"$number": f"{value.numerator}/{value.denominator}"}
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, frozenset):
            return sorted(value)
        raise TypeError(f"{type(value).__name__} cannot be saved in a plan")

    writer = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=leaf)
    return writer.encode(_plan(plan)) + "\n"


def _marked_within(value: Sensitive) -> Plain:
    """A secret that is late in part, with each part a secret by itself, so that none is told and the late ones are carried."""
    inner = value.value
    if isinstance(inner, Sensitive):
        return inner
    if isinstance(inner, Mapping):
        return {key: Sensitive(item, value.marks) for key, item in inner.items()}
    assert isinstance(inner, list | tuple)
    return [Sensitive(item, value.marks) for item in inner]


class _Table:
    """Mappings told once each: gives the place of one, by which object it is."""

    __slots__ = ("_places", "_shared", "rows")

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Plain]] = []
        self._places: dict[int, int] = {}
        self._shared: dict[tuple[int, ...], int] = {}

    def place(self, row: Mapping[str, Plain]) -> int:
        place = self._places.get(id(row))
        if place is None:
            place = self._places[id(row)] = len(self.rows)
            self.rows.append(row)
        return place

    def context(self, row: Mapping[str, Plain]) -> int | list[int]:
        """The place of a context, or the places of what it shares with others and of the rest."""
        if OWN not in row:
            return self.place(row)
        shared = {name: item for name, item in row.items() if name != OWN}
        alike = tuple(map(id, shared.values()))
        place = self._shared.get(alike)
        if place is None:
            place = self._shared[alike] = len(self.rows)
            self.rows.append(shared)
        return [place, self._own(row)]

    def _own(self, row: Mapping[str, Plain]) -> int:
        place = self._places.get(id(row))
        if place is None:
            place = self._places[id(row)] = len(self.rows)
            self.rows.append({OWN: row[OWN]})
        return place


def _plan(plan: Plan) -> dict[str, Plain]:
    table = _Table()
    return {
        "format": FORMAT,
        "version": VERSION,
        "lineage": plan.lineage,
        "state_serial": plan.state_serial,
        "stack": plan.stack,
        "made_at": plan.made_at,
        "incomplete": plan.incomplete,
        "destroy": plan.destroy,
        "refresh_only": plan.refresh_only,
        "spec_digest": plan.spec_digest,
        "variables": plan.variables,
        "hosts": [{"key": h.key, "uuid": h.uuid, "problem": h.problem, "memory": h.memory} for h in plan.hosts],
        "rosters": {key: roster_to_plain(roster) for key, roster in plan.rosters.items()},
        "outputs": [_output(output) for output in plan.outputs],
        "output_changes": {name: [before, after] for name, (before, after) in plan.output_changes.items()},
        "checks": [_check(result) for result in plan.checks],
        "moved": [[move.source, move.target] for move in plan.moved],
        "warnings": [_warning(warning) for warning in plan.warnings],
        "drift": [
            {"key": d.key, "sentence": d.sentence, "differences": [_difference(one) for one in d.differences]}
            for d in plan.drift
        ],
        "adopted": [record_to_plain(record) for record in plan.adopted],
        "changes": [_change(change, table) for change in plan.changes],
        "steps": [_step(step, table) for step in plan.steps],
        "tables": table.rows,
        **({} if plan.basis is None else {"basis": {"rows": plan.basis.rows, "rosters": plan.basis.rosters}}),
    }


def _check(result: CheckResult) -> dict[str, Plain]:
    plain: dict[str, Plain] = {"address": result.address, "passed": result.passed, "message": result.message}
    if result.later is not None:
        what, condition, message, depends = (
            result.later.what,
            result.later.condition,
            result.later.message,
            result.later.depends,
        )
        plain["later"] = {"what": what, "condition": condition, "message": message, "depends": depends}
    return plain


def _output(output: WantedOutput) -> dict[str, Plain]:
    value = Sensitive(output.value) if output.sensitive and not is_secret(output.value) else output.value
    plain = {
        "name": output.name,
        "value": value,
        "type": output.type,
        "sensitive": output.sensitive,
        "depends": output.depends,
    }
    return {**plain, "kept": True} if output.kept else plain


def _warning(warning: Diagnostic) -> dict[str, Plain]:
    return {
        "code": warning.code,
        "summary": warning.summary,
        "detail": warning.detail,
        "address": warning.address,
        "severity": warning.severity.value,
    }


def _difference(difference: Difference) -> list[Plain]:
    return [difference.path, difference.before, difference.after, difference.effect.value]


def _change(change: Change, table: _Table) -> dict[str, Plain]:
    plain: dict[str, Plain] = {
        "key": change.key,
        "kind": change.kind,
        "does": change.does.value,
        "identity": change.identity,
        "name": change.name,
    }
    if change.differences:
        plain["differences"] = [_difference(one) for one in change.differences]
    if change.effect is not None:
        plain["effect"] = change.effect.value
    for name in ("reason", "previous", "outage", "asks", "imported"):
        if getattr(change, name):
            plain[name] = getattr(change, name)
    if change.causes:
        plain["causes"] = [cause.text for cause in change.causes]
    for name in ("before", "after", "facts"):
        if getattr(change, name):
            plain[name] = table.place(getattr(change, name))
    return plain


_STEP_PLAIN = ("identity", "name", "host", "birth", "needs", "changes", "drops", "cluster", "reservations", "epoch")


def _step(step: Step, table: _Table) -> dict[str, Plain]:
    plain: dict[str, Plain] = {"id": step.id, "verb": step.verb.value, "key": step.key, "kind": step.kind}
    for name in _STEP_PLAIN:
        value = getattr(step, name)
        if value:
            plain[name] = value
    if step.arguments:
        plain["arguments"] = table.place(step.arguments)
    if step.before is not None:
        plain["before"] = table.place(step.before)
    if step.context is not None:
        plain["context"] = table.context(step.context)
    if step.expects is not None:
        expects = step.expects
        plain["expects"] = [expects.exists, sorted(expects.writers), expects.digest]
    if step.record is not None:
        record = record_to_plain(step.record)
        record["arguments"] = table.place(step.record.arguments)
        plain["record"] = record
    plain["timeout"] = step.timeout
    plain["cost"] = step.cost
    return plain


def from_text(text: str, name: str = "the plan") -> Plan:
    """The plan that `to_text` wrote, but for places in files; `DiagnosticError` for anything else. `name` is told in problems."""
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise _unreadable(name, "it is not JSON") from problem
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _unreadable(name, "it is no saved plan")
    if found.get("version") != VERSION:
        raise _unreadable(
            name, f"its format is version {found.get('version')}, and this program knows version {VERSION}"
        )
    try:
        plan = _read_plan(_opened(found) if "$unknown" in text or "$number" in text else found)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise _unreadable(name, "it was altered, or cut short") from problem
    wrong = check(plan)
    if wrong:
        raise _unreadable(name, f"its steps make no sense: {wrong[0]}")
    return plan


def _unreadable(name: str, why: str) -> DiagnosticError:
    return DiagnosticError(
        Diagnostic("plan-unreadable", "Cannot read the plan", f"{name}: {why}. Make it again with plan --out.")
    )


def _opened(value: Plain) -> Plain:
    """The value with late leaves and numbers as they were."""
    if isinstance(value, dict):
        if len(value) == 1:
            if "$unknown" in value:
                return late_from_plain(value["$unknown"])
            if "$secret" in value:
                return Sensitive(_opened(value["$secret"]))
            if "$number" in value:
                return Fraction(value["$number"])
        return {key: _opened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item) for item in value]
    return value


def _read_plan(found: Mapping[str, Plain]) -> Plan:
    rows = found["tables"]
    return Plan(
        found["lineage"],
        found["state_serial"],
        found["stack"],
        found["made_at"],
        tuple(_read_change(one, rows) for one in found["changes"]),
        tuple(_read_step(one, rows) for one in found["steps"]),
        {key: roster_from_plain(roster) for key, roster in found["rosters"].items()},
        tuple(_read_output(one) for one in found["outputs"]),
        tuple(
            Drift(one["key"], one["sentence"], tuple(_read_difference(d) for d in one["differences"]))
            for one in found["drift"]
        ),
        tuple(HostSeen(one["key"], one["uuid"], one["problem"], one.get("memory", 0)) for one in found["hosts"]),
        tuple(_read_check(one) for one in found["checks"]),
        tuple(Moved(source, target, None) for source, target in found["moved"]),
        tuple(_read_warning(one) for one in found["warnings"]),
        tuple(record_from_plain(one) for one in found["adopted"]),
        found["incomplete"],
        found["destroy"],
        found["refresh_only"],
        found["variables"],
        {name: (before, after) for name, (before, after) in found["output_changes"].items()},
        found["spec_digest"],
        Basis(dict(found["basis"]["rows"]), tuple(found["basis"]["rosters"])) if "basis" in found else None,
    )


def _read_check(found: Mapping[str, Plain]) -> CheckResult:
    later = None
    if "later" in found:
        one = found["later"]
        later = Later(one["what"], one["condition"], one["message"], tuple(one["depends"]))
    return CheckResult(found["address"], found["passed"], found["message"], None, later)


def _read_output(found: Mapping[str, Plain]) -> WantedOutput:
    name, value, kind, sensitive = found["name"], found["value"], found["type"], found["sensitive"]
    return WantedOutput(name, value, kind, sensitive, tuple(found["depends"]), None, found.get("kept", False))


def _read_warning(found: Mapping[str, Plain]) -> Diagnostic:
    return Diagnostic(
        found["code"],
        found["summary"],
        found["detail"],
        address=found["address"],
        severity=Severity(found["severity"]),
    )


def _read_difference(found: list[Plain]) -> Difference:
    path, before, after, effect = found
    return Difference(path, before, after, Effect(effect))


def _read_change(found: Mapping[str, Plain], rows: list[Mapping[str, Plain]]) -> Change:
    def row(name: str) -> Mapping[str, Plain]:
        return rows[found[name]] if name in found else {}

    return Change(
        found["key"],
        found["kind"],
        Does(found["does"]),
        found["identity"],
        found["name"],
        tuple(_read_difference(one) for one in found.get("differences", ())),
        Effect(found["effect"]) if "effect" in found else None,
        found.get("reason", ""),
        tuple(Cause(text) for text in found.get("causes", ())),
        row("before"),
        row("after"),
        row("facts"),
        found.get("previous", ""),
        found.get("outage", False),
        found.get("asks", False),
        imported=found.get("imported", ""),
    )


def _read_context(places: int | list[int], rows: list[Mapping[str, Plain]]) -> Mapping[str, Plain]:
    if isinstance(places, int):
        return rows[places]
    shared, own = places
    return {**rows[shared], **rows[own]}


def _read_step(found: Mapping[str, Plain], rows: list[Mapping[str, Plain]]) -> Step:
    expects = None
    if "expects" in found:
        exists, writers, digest = found["expects"]
        expects = Expectation(exists, frozenset(writers), digest)
    record = None
    if "record" in found:
        record = record_from_plain({**found["record"], "arguments": rows[found["record"]["arguments"]]})
    return Step(
        found["id"],
        StepVerb(found["verb"]),
        found["key"],
        found["kind"],
        found.get("identity", ""),
        found.get("name", ""),
        found.get("host", ""),
        found.get("birth", 0),
        tuple(found.get("needs", ())),
        rows[found["arguments"]] if "arguments" in found else {},
        rows[found["before"]] if "before" in found else None,
        tuple(found.get("changes", ())),
        expects,
        record,
        found.get("drops", ""),
        found.get("cluster", ""),
        _read_context(found["context"], rows) if "context" in found else None,
        tuple(found.get("reservations", ())),
        found.get("epoch", 0),
        found["timeout"],
        found["cost"],
    )
