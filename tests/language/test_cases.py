"""Modules that Terraform was asked about: the same outputs, types and failures here. See `measure.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, Verdict, ours, read_cases

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
