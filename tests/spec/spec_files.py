"""Files of a spec, written for a test, and what loading them tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.spec import Configuration, load

BASE = """\
image "base" {
  source = "base.qcow2"
}
network "lan" {}
"""
"""An image and a network, which most specs need; four lines."""

MAIN = "main.vw.hcl"


def write(directory: Path, files: Mapping[str, str]) -> Path:
    """Write files below a directory, which is returned."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def load_text(directory: Path, text: str, **more: str) -> Configuration:
    """The configuration of one file (and others, named with `__` for `/` and `_vw_` for `.vw.`)."""
    files = {name.replace("__", "/").replace("_vw_", ".vw."): content for name, content in more.items()}
    return load(write(directory, {MAIN: text, **files}))


def problems_of(directory: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with the spec in a directory; nothing if it loads."""
    try:
        load(directory)
    except DiagnosticError as error:
        return error.diagnostics
    return ()


def places(problems: tuple[Diagnostic, ...]) -> list[tuple[str, int, int]]:
    """Code, line and column of each problem."""
    return [
        (each.code, each.subject.line if each.subject else 0, each.subject.column if each.subject else 0)
        for each in problems
    ]
