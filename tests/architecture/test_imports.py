"""What a command must not import: each name here costs every start of it, and the command has no use for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "networkx", "jsonschema", "cryptography", "bcrypt", "hcl2", "yaml", "regex", "rich", "prompt_toolkit", "psycopg",
    "libvirt", "socket", "ssl", "asyncio", "logging", "email", "zipfile", "importlib.metadata", "concurrent.futures",
    "vwplan_libvirt", "vwplan_simulated",
}  # fmt: skip
"""Libraries that no command needs to say what the files here say."""

USELESS = {
    "version": {"re2", "vwplan.hcl", "vwplan.spec", "vwplan.kinds", "vwplan.state", "vwplan.values"},
    "fmt -check": {"re2", "vwplan.spec", "vwplan.kinds", "vwplan.state", "vwplan.hcl.functions"},
    "validate": {"vwplan.graph", "vwplan.plan", "vwplan.engine", "vwplan.state"},
    "output": {"re2", "vwplan.spec", "vwplan.graph", "vwplan.plan.model", "vwplan.engine"},
    "state list": {"re2", "vwplan.spec", "vwplan.graph", "vwplan.plan", "vwplan.engine", "vwplan.render"},
}

SPEC = 'variable "size" { default = 1 }\n'

PROGRAM = """
import sys
from vwplan.cli.main import run
run(sys.argv[1:])
sys.stderr.write(" ".join(sys.modules))
"""


@pytest.mark.parametrize("command", USELESS)
def test_a_command_imports_nothing_that_it_has_no_use_for(command: str, tmp_path: Path) -> None:
    (tmp_path / "main.vw.hcl").write_text(SPEC)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    imported = set(ran.stderr.split())
    assert "vwplan.cli.main" in imported
    assert imported & (HEAVY | USELESS[command]) == set()
