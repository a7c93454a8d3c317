"""The table knows what each family declares before it imports it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from vwplan.hcl.functions.table import FAMILIES, FUNCTIONS, is_pure


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_declares_what_the_table_says(family: str) -> None:
    declared = [function.name for function in import_module(f"vwplan.hcl.functions.{family}").FUNCTIONS]
    assert FAMILIES[family].split() == sorted(declared)


def test_no_name_is_in_two_families() -> None:
    assert len(FUNCTIONS) == sum(len(names.split()) for names in FAMILIES.values())


def test_what_reads_files_or_the_clock_is_not_pure() -> None:
    assert [name for name in ("timestamp", "uuid", "file", "upper", "jsonencode", "unknown") if is_pure(name)] == [
        "upper",
        "jsonencode",
        "unknown",
    ]


def test_a_name_is_looked_up_without_importing_its_family() -> None:
    program = (
        "import sys\n"
        "from vwplan.hcl.functions.table import FUNCTIONS\n"
        "assert 'sha256' in FUNCTIONS and 'sha257' not in FUNCTIONS and len(list(FUNCTIONS)) > 100\n"
        "sys.exit('vwplan.hcl.functions.hashing' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
