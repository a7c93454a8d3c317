"""What JSON has room for and the language has not: strings that are constants, and names that are none."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import places, problems_of, write

from vwplan.spec import load
from vwplan.values import TupleValue


def test_constants_are_text_as_it_stands(tmp_path: Path) -> None:
    text = '{"variable": {"v": {"default": ["${var.other}"], "description": "of ${x"}}, "vwplan": {}}'
    found = load(write(tmp_path, {"main.vw.json": text})).root.variables["v"]
    assert found.default == TupleValue(("${var.other}",))
    assert found.description == "of ${x"


def test_a_local_value_has_a_name(tmp_path: Path) -> None:
    write(tmp_path, {"main.vw.json": '{"locals": {"a b": 1, "": 2, "c-1": 3}}'})
    assert places(problems_of(tmp_path)) == [("invalid-name", 1, 13), ("invalid-name", 1, 23)]
