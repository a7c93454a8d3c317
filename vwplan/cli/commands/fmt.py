"""`vwplan fmt`: lays spec files out in the one canonical way, as `terraform fmt` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.regular import read_regular

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
    """Lay out the spec files of this folder, or those given; what cannot be read is told, and the others are laid out."""
    differing = False
    problems: list[Diagnostic] = []
    for file in _given(paths or ["."], recursive, problems):
        try:
            before = sys.stdin.buffer.read() if file is None else read_regular(file)
            after = _formatted("<stdin>" if file is None else str(file), before)
            differs = before != after
            differing |= differs
            if differs and file is not None:
                if list_:
                    _say(os.fsencode(file) + b"\n")
                if write and not check:
                    _replace(file, after)
            if differs and diff:
                _say(_difference("<stdin>" if file is None else str(file), before, after))
        except DiagnosticError as problem:
            problems.extend(problem.diagnostics)
        except OSError as problem:
            problems.append(_unusable(file, problem))
        else:
            if not check and not diff and (file is None or not (list_ or write)):
                # What reads a text line by line wants its last line ended.
                _say(after if after.endswith(b"\n") else after + b"\n")
    if problems:
        raise DiagnosticError(problems)
    if check and differing:
        raise typer.Exit(DIFFERENT)


def _say(text: bytes) -> None:
    """Print bytes as they are: a file may be in any encoding within its comments, whatever that of the terminal is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def _formatted(name: str, content: bytes) -> bytes:
    from vwplan.hcl.format import format_text

    return format_text(content.decode("utf-8", "surrogateescape"), name).encode("utf-8", "surrogateescape")


def _difference(name: str, before: bytes, after: bytes) -> bytes:
    from vwplan.render.difference import difference

    texts = (text.decode("utf-8", "surrogateescape") for text in (before, after))
    return difference(name, *texts).encode("utf-8", "surrogateescape")


def _given(paths: list[str], recursive: bool, problems: list[Diagnostic]) -> Iterator[Path | None]:
    """The files that the paths are about; None for standard input, which is given alone."""
    if paths[0] == "-":
        if len(paths) > 1:
            detail = "With - the text comes from standard input, and no file or folder is named besides."
            raise DiagnosticError(Diagnostic("invalid-arguments", "Standard input and files at once", detail))
        yield None
        return
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from _within(path, recursive, problems)
        elif not path.exists():
            problems.append(Diagnostic("no-such-file", "No such file or folder", f"{name} does not exist."))
        elif not path.name.endswith(SUFFIXES):
            detail = f"{name} is neither a spec nor values of variables: their names end with {' or '.join(SUFFIXES)}."
            problems.append(Diagnostic("not-a-spec", "Not a file to lay out", detail))
        else:
            yield path


def _within(folder: Path, recursive: bool, problems: list[Diagnostic]) -> Iterator[Path]:
    """The files of a folder in the order of their names, but for hidden ones and what editors leave about.

    Links to folders are not followed, so that nothing is found twice.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - the names alone are wanted.
    except OSError as problem:
        problems.append(_unusable(folder, problem))
        return
    for name in names:
        path = folder / name
        if name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#")):
            continue
        if path.is_dir():
            if recursive and not path.is_symlink():
                yield from _within(path, recursive, problems)
        elif name.endswith(SUFFIXES):
            yield path


def _unusable(path: Path | None, problem: OSError) -> Diagnostic:
    name = "Standard input" if path is None else str(path)
    return Diagnostic("unusable-file", "File that cannot be read or written", f"{name}: {problem.strerror}.")


def _replace(path: Path, content: bytes) -> None:
    """Put the new text in place, whole or not at all, where the links to the file, its owner and its permissions stay.

    A file that has several names, or another's in a folder of another's, is written over where it stands.
    """
    target = path.resolve()
    status = target.stat()
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "it is not ours to write")
    if status.st_nlink > 1:
        target.write_bytes(content)
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.chown(temporary, status.st_uid, status.st_gid)
        temporary.chmod(status.st_mode & 0o7777)
        temporary.replace(target)
    except PermissionError:
        target.write_bytes(content)
    finally:
        with suppress(OSError):
            temporary.unlink()
