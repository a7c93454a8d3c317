"""The providers that vwplan knows without looking are those that it ships, and are what looking would find."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from vwplan.provider import registry

PROJECT = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())["project"]


def test_those_known_are_those_declared() -> None:
    declared = PROJECT["entry-points"][registry.GROUP]
    assert {name: f"{package}:provider" for name, package in registry.SHIPPED.items()} == declared


def test_finding_one_gives_the_object_of_its_entry_point() -> None:
    found = {point.name: point.load() for point in registry.entry_points() if point.name in registry.SHIPPED}
    assert {name: registry.find(name) for name in registry.SHIPPED} == found


def test_finding_one_does_not_go_through_all_that_is_installed() -> None:
    program = (
        "import sys\n"
        "from vwplan.provider.registry import find\n"
        "find('simulated')\n"
        "sys.exit('importlib.metadata' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
