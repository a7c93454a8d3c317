"""Broken modules that `terraform validate -json` was asked about: the same problems at the same places here, see `validated.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from broken_modules import modules
from validated import brief, ours

SAID: dict[str, list[Any]] = json.loads((Path(__file__).parent / "validated.json").read_text())
TEXTS = {name: text for name, text in modules() if name in SAID}


@pytest.mark.parametrize("name", SAID)
def test_a_broken_module_is_told_of_where_terraform_tells(name: str, tmp_path: Path) -> None:
    assert [brief(one) for one in ours(tmp_path, TEXTS[name].encode("utf-8", "surrogateescape"))] == SAID[name]
