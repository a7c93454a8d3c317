"""`vwplan fmt`: lays spec files out in the one canonical way, as `terraform fmt` does."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source

SUFFIXES = (".vw.hcl", ".vwvars.hcl")
DIFFERENT = 3


def fmt(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Files, folders, or - .")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 3 if something differs.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what differs.")] = False,
    recursive: Annotated[bool, typer.Option("--recursive", help="Folders within folders too.")] = False,
    write: Annotated[bool, typer.Option("--write/--no-write", help="Write the files (--write=false: do not).")] = True,
    list_: Annotated[bool, typer.Option("--list/--no-list", help="Name the files that differ.")] = True,
) -> None:
    """Lay out the spec files of this folder, or those given."""
    differing = False
    if paths == ["-"]:
        before = sys.stdin.read()
        after = _formatted("<stdin>", before)
        differing = before != after
        if diff:
            sys.stdout.write(_difference("<stdin>", before, after))
        elif not check:
            sys.stdout.write(after)
    else:
        for path in _files(paths or ["."], recursive):
            before = path.read_text(encoding="utf-8")
            after = _formatted(str(path), before)
            if before == after:
                continue
            differing = True
            if list_:
                sys.stdout.write(f"{path}\n")
            if diff:
                sys.stdout.write(_difference(str(path), before, after))
            if write and not check:
                _replace(path, after)
    if check and differing:
        raise typer.Exit(DIFFERENT)


def _replace(path: Path, text: str) -> None:
    """Put the new text in place, whole or not at all, with the file's own permissions."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _formatted(name: str, text: str) -> str:
    from vwplan.hcl import parse_file
    from vwplan.hcl.format import format_text

    _, problems = parse_file(Source(name, text))
    if problems:
        raise DiagnosticError(problems)
    return format_text(text)


def _files(paths: list[str], recursive: bool) -> Iterator[Path]:
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found = sorted(path.rglob("*") if recursive else path.iterdir())
            yield from (one for one in found if one.name.endswith(SUFFIXES) and one.is_file())
        elif path.is_file():
            yield path
        else:
            raise DiagnosticError(Diagnostic("no-such-file", "No such file or folder", f"{name} does not exist."))


def _difference(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"old/{name}", f"new/{name}"
    )
    return "".join(lines)
