"""Secrets that are late: carried in a saved plan as what they are, and never told."""

from __future__ import annotations

import json

from vwplan.plan.model import Plan, Step, StepVerb
from vwplan.plan.serial import from_text, to_text
from vwplan.state.records import Record
from vwplan.values import STRING, FactOf, Late, Sensitive

FACT = Late(STRING, FactOf("workspace.z", ("status",)))


def saved(argument: object) -> tuple[str, object]:
    record = Record("workspace.w", "workspace", "1", 0, "w", "sim", "default", "", {})
    step = Step(
        "s1",
        StepVerb.CREATE,
        "workspace.w",
        "workspace",
        "1",
        "w",
        "sim/default",
        arguments={"x": argument},
        record=record,
    )
    plan = Plan("lineage", 1, "default", 0.0, (), (step,), {}, ())
    text = to_text(plan, lambda secret: "mac:" + str(len(json.dumps(secret))))
    return text, from_text(text).steps[0].arguments["x"]


def test_a_late_secret_is_carried_with_its_mark() -> None:
    _, back = saved(Sensitive(FACT))
    assert back == Sensitive(FACT)


def test_a_secret_late_in_part_tells_nothing_of_its_known_parts() -> None:
    text, back = saved(Sensitive({"late": FACT, "known": "hunter2"}))
    assert "hunter2" not in text
    assert back == {"late": Sensitive(FACT), "known": {"$sensitive": "mac:9"}}
