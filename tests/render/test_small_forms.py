"""Outputs, values and progress as text."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.events import Remaining, RunStarted, StepEnded, StepProgress, StepResult, StepStarted
from vwplan.render.outputs import output_json, output_raw, outputs_json, outputs_text
from vwplan.render.progress import elapsed_text, event_line
from vwplan.render.words import value_text
from vwplan.state.records import OutputValue
from vwplan.values import STRING, Sensitive, Unknown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('q"', '"q\\""'),
        ("${x}", '"$${x}"'),
        ("one\n", '"one\\n"'),
        ("one\ntwo\n", "<<-EOT\n  one\n  two\nEOT"),
        (True, "true"),
        (None, "null"),
        (Fraction(1, 2), "0.5"),
        ([], "[]"),
        ({}, "{}"),
        ([1, [2]], "[\n  1,\n  [\n    2,\n  ],\n]"),
        ({"a": 1, "b c": 2}, '{\n  a     = 1\n  "b c" = 2\n}'),
        (Unknown(STRING), "(known after apply)"),
        (Sensitive("x"), "(sensitive value)"),
        ({"$sensitive": "ab"}, "(sensitive value)"),
        ("\x1b[0m", '"\\u001b[0m"'),
    ],
    ids=str,
)
def test_values_are_written_in_the_language(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_outputs_in_all_forms() -> None:
    outputs = {
        "b": OutputValue([1], ["list", "number"]),
        "a": OutputValue("x", "string"),
        "secret": OutputValue({"$sensitive": "ab"}, "string", True),
    }
    assert outputs_text(outputs) == 'a      = "x"\nb      = [\n  1,\n]\nsecret = (sensitive value)\n'
    assert '"sensitive": true' in outputs_json(outputs)
    assert output_json(outputs["b"]) == "[\n  1\n]"
    assert output_raw("a", outputs["a"]) == "x"
    assert output_raw("n", OutputValue(3, "number")) == "3"
    for name in ("b", "secret"):
        with pytest.raises(DiagnosticError):
            output_raw(name, outputs[name])


def test_progress_says_what_how_long_and_how_far() -> None:
    remaining = Remaining(3, 12, 2)
    assert event_line(RunStarted("r1", 4, 12)) == "Run r1 begins: 12 steps."
    assert event_line(StepStarted("s1", "create", "network.a", "network", "h", remaining)) == "network.a: Creating..."
    assert (
        event_line(StepProgress("s1", "workspace.a", "waiting for the guest agent", 65))
        == "workspace.a: still at it: waiting for the guest agent [1m05s]"
    )
    done = StepEnded("s1", "delete", "network.a", "network", StepResult.OK, 0.31, "", remaining)
    assert event_line(done) == "network.a: Destroyed after 0.3s [3/12]"
    failed = StepEnded("s1", "create", "network.a", "network", StepResult.FAILED, 12.4, "taken", remaining)
    assert event_line(failed) == "network.a: create failed after 12s (taken) [3/12]"
    assert "\x1b" in event_line(failed, colour=True)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (9.96, "10.0s"), (59.4, "59s"), (60, "1m00s"), (3725, "62m05s")]
)
def test_elapsed_time_for_people(seconds: float, text: str) -> None:
    assert elapsed_text(seconds) == text
