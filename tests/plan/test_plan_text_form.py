"""Saved plans: what their text holds, what it must not hold, and what is refused as no plan."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import Site, image, machine, network, seal

from vwplan.diagnostics import DiagnosticError
from vwplan.graph.model import Cause, CheckResult, Moved, WantedOutput
from vwplan.plan import Plan
from vwplan.plan.serial import from_text, to_text
from vwplan.render.plan_json import plan_plain
from vwplan.values import NUMBER, STRING, Computed, FactOf, Late, Sealed, Sensitive, Unknown

SCHEMAS = Path(__file__).parents[2] / "schemas"


def rich_plan() -> Plan:
    """A plan with something of everything in it."""
    site = Site()
    spec = [image(), network(), machine("cluster.c.head", on="network.fabric", user_data=Sensitive("hunter2"))]
    site.converge(*spec)
    site.change("cluster.c.head", power="off", status="crashed")
    spec[1] = network(domain="x.test")
    spec[2].arguments["tags"] = {"at": Late(STRING, FactOf("workspace.x", ("status",))), "n": Unknown(NUMBER)}
    spec.append(machine("cluster.c.workers.w[0]", on="network.fabric", tags={"share": Fraction(1, 3)}))
    plan = site.plan(*spec)
    change = replace(plan.changes[0], causes=(Cause("environment.osg"),), previous="network.old", asks=True)
    return replace(
        plan,
        changes=(change, *plan.changes[1:]),
        outputs=(WantedOutput("o", Sensitive("hunter2"), "string", True, ("network.fabric",), None),),
        output_changes={"o": (None, Sensitive("hunter2")), "late": (1, Unknown(STRING))},
        checks=(CheckResult("check.a", None, "m", None),),
        moved=(Moved("workspace.a", "workspace.b", None),),
        variables={"workers": 1},
        adopted=tuple(site.state.records.values())[:1],
    )


def test_the_text_fits_its_schema() -> None:
    schema = json.loads((SCHEMAS / "plan.v1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(to_text(rich_plan(), seal)))


def test_the_output_for_machines_fits_its_schema() -> None:
    schema = json.loads((SCHEMAS / "plan-output.v1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    plain = json.loads(json.dumps(plan_plain(rich_plan()), default=str))
    jsonschema.Draft202012Validator(schema).validate(plain)


def test_no_secret_is_in_any_text() -> None:
    plan = rich_plan()
    assert "hunter2" not in to_text(plan, seal)
    assert "hunter2" not in json.dumps(plan_plain(plan), default=str)
    assert seal("hunter2") in to_text(plan, seal)


def test_what_comes_back_is_what_was_saved_with_secrets_sealed() -> None:
    plan = rich_plan()
    back = from_text(to_text(plan, seal))
    assert back.steps[-1].record == plan.steps[-1].record
    assert [s.needs for s in back.steps] == [s.needs for s in plan.steps]
    assert back.changes[0].causes == plan.changes[0].causes
    assert back.outputs[0].value == {"$sensitive": seal("hunter2")}
    assert to_text(back, seal) == to_text(plan, seal)


def test_a_late_value_keeps_its_expression() -> None:
    site = Site()
    late = Late(
        STRING,
        Computed('"${workspace.b.status}!"', {"workspace.b.status": Late(STRING, FactOf("workspace.b", ("status",)))}),
    )
    plan = site.plan(image(), machine("workspace.a", user_data=late))
    back = from_text(to_text(plan, seal))
    assert back == plan


def test_a_late_value_that_hangs_on_a_secret_comes_back_with_what_stands_for_the_secret() -> None:
    from vwplan.values import Marked

    site = Site()
    late = Late(STRING, Computed("x", {"var.password": Marked("hunter2", frozenset({"sensitive"}))}))
    text = to_text(site.plan(image(), machine("workspace.a", user_data=late)), seal)
    assert "hunter2" not in text
    back = from_text(text).changes[1].after["user_data"]
    assert back == Late(STRING, Computed("x", {"var.password": Sealed(seal("hunter2"))}))


def test_a_roster_is_told_once_and_not_once_for_each_member() -> None:
    site = Site()
    plan = site.plan(image(), machine("cluster.c.head"), *(machine(f"cluster.c.workers.w[{n}]") for n in range(20)))
    shared = {
        "cluster": "c",
        "epoch": 1,
        "members": [{"name": f"w-{n}"} for n in range(21)],
        "hosts": {"10.0.0.1": ["c"]},
    }
    steps = [replace(step, context={**shared, "self": {"name": step.key}}) for step in plan.steps]
    saved = replace(plan, steps=tuple(steps))
    text = to_text(saved, seal)
    assert text.count('"w-7"') == 1
    back = from_text(text)
    assert [step.context for step in back.steps] == [step.context for step in steps]
    members = [step.context["members"] for step in back.steps if step.context is not None]
    assert all(one is members[0] for one in members)
    assert to_text(back, seal) == text
    schema = json.loads((SCHEMAS / "plan.v1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


def test_plans_saved_with_whole_contexts_are_read_as_before() -> None:
    site = Site()
    plan = site.plan(image(), machine("cluster.c.head"))
    whole = {"cluster": "c", "members": [{"name": "head"}]}
    text = to_text(replace(plan, steps=tuple(replace(step, context=whole) for step in plan.steps)), seal)
    assert isinstance(json.loads(text)["steps"][0]["context"], int)
    assert [step.context for step in from_text(text).steps] == [whole] * len(plan.steps)


def cut(plain: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != "steps"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[]", "no saved plan"),
        ('{"format": "vwplan-plan", "version": 2}', "version 2"),
        ('{"format": "vwplan-plan", "version": 1}', "altered, or cut short"),
        (lambda plain: cut(plain), "altered, or cut short"),
        (lambda plain: {**plain, "steps": list(reversed(plain["steps"]))}, "make no sense"),
        (lambda plain: {**plain, "steps": [plain["steps"][0]] * 2}, "twice"),
        (lambda plain: {**plain, "tables": []}, "altered, or cut short"),
    ],
    ids=[
        "empty",
        "a list",
        "a later version",
        "only a head",
        "no steps",
        "steps in reverse",
        "a step twice",
        "no tables",
    ],
)
def test_what_is_no_plan_is_refused_in_words(text: Any, why: str) -> None:
    if callable(text):
        text = json.dumps(text(json.loads(to_text(rich_plan(), seal))))
    with pytest.raises(DiagnosticError) as error:
        from_text(text, "saved.plan")
    [diagnostic] = error.value.diagnostics
    assert diagnostic.code == "plan-unreadable"
    assert why in diagnostic.detail and "saved.plan" in diagnostic.detail
