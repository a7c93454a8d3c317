"""Modules that Terraform was asked about: the same outputs, types and failures here, also after a state has kept them.

See `measure.py`.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, Verdict, exact, normal, ours, planned, read_cases

from vwplan.plan.outputs import output_changes
from vwplan.render.outputs import outputs_json
from vwplan.state.records import OutputValue
from vwplan.state.wire import decode, encode, output_from_plain, output_to_plain

CASES = Path(__file__).parent / "cases"

ON_PURPOSE = {
    "sensitive output of a module is sensitive at the root": "Terraform documents that an output's own `sensitive` "
    "follows its value into the calling module; 1.11 loses it, earlier and later versions do not",
    "issensitive follows modules": "the same",
    "check in a module without instances with a wrong operand": "what can never be right is told whether or not there "
    "is an instance, as everywhere else; Terraform looks into a check only where there is one",
    "check in a module without instances with an unknown function": "the same",
}
"""Cases that differ from Terraform, each with its reason."""


def _all() -> list[tuple[str, Files, Verdict]]:
    found = []
    for path in sorted(CASES.glob("*.cases")):
        said = json.loads(path.with_suffix(".json").read_text())
        found += [(name, files, said[name]) for name, files in read_cases(path).items()]
    return found


@pytest.mark.parametrize(("name", "files", "said"), [pytest.param(*each, id=each[0]) for each in _all()])
def test_a_module_gives_what_terraform_gives(name: str, files: Files, said: Verdict, tmp_path: Path) -> None:
    mine = ours(tmp_path, files)
    if name in ON_PURPOSE:
        assert mine.get("outputs") != said.get("outputs"), "it agrees by now: take it off the list"
        return
    assert ("fails" in mine) == ("fails" in said), (mine, said)
    assert mine.get("outputs") == said.get("outputs")


def _shown() -> list[tuple[str, Files, Verdict]]:
    """Those whose outputs the state keeps as they are: no failure, and nothing sensitive."""
    known = [each for each in _all() if each[0] not in ON_PURPOSE and each[2].get("outputs")]
    return [each for each in known if not any(output["sensitive"] for output in each[2]["outputs"].values())]


def _kept(output: OutputValue) -> OutputValue:
    """As it comes back from a state."""
    return output_from_plain(decode(encode(output_to_plain(output)).encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(("files", "said"), [pytest.param(*each[1:], id=each[0]) for each in _shown()])
def test_what_a_state_has_kept_is_told_and_planned_as_it_was(files: Files, said: Verdict, tmp_path: Path) -> None:
    wanted = planned(tmp_path, files).outputs
    kept = {one.name: _kept(OutputValue(one.value, one.type)) for one in wanted}
    told = json.loads(outputs_json(kept), parse_float=Decimal, parse_int=Decimal)
    assert normal({name: {**each, "value": exact(each["value"])} for name, each in told.items()}) == said["outputs"]
    assert output_changes(wanted, kept, str) == {}
