"""Functions on files and paths. What is on disk is told by the scope's `Files`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from vwplan.hcl.evaluation.scope import FileProblem, Scope
from vwplan.hcl.functions.arguments import text
from vwplan.hcl.functions.encoding import base64_text
from vwplan.hcl.functions.globs import GlobError, compile_glob
from vwplan.hcl.functions.hashing import DIGESTS, Digest
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, Parameter, pure
from vwplan.values import BOOL, STRING, Marks, SetType, Type, Value, mark, set_value, unmark
from vwplan.values.text import normal
from vwplan.values.value import NOT_NULL

_PATH = Parameter("path", STRING)
_MARKED_PATH = Parameter("path", STRING, marked=True)
LARGEST_FILE = 64 << 20
"""Bytes that a file may have to be read into a value."""


def _problem(reason: object, path: str, marks: Marks) -> ArgumentProblem:
    return ArgumentProblem(0, f"{reason}" if marks else f"{path}: {reason}")


def read_bytes(argument: Value, scope: Scope) -> tuple[bytes, Marks]:
    """The content of the file that an argument names, and the argument's marks."""
    value, marks = unmark(argument)
    path = text(value)
    try:
        content = scope.files.read(path)
    except FileProblem as problem:
        raise _problem(problem, path, marks) from None
    if len(content) > LARGEST_FILE:
        raise _problem("the file is too large", path, marks)
    return content, marks


def read_text(argument: Value, scope: Scope) -> tuple[str, Marks]:
    """The text of the file that an argument names, and the argument's marks."""
    content, marks = read_bytes(argument, scope)
    try:
        return normal(content.decode()), marks
    except UnicodeDecodeError:
        path = text(unmark(argument)[0])
        raise _problem("the file is no UTF-8 text; filebase64 reads any file", path, marks) from None


def _file(arguments: Arguments, _: Type, scope: Scope) -> Value:
    content, marks = read_text(arguments[0], scope)
    return mark(content, marks)


def _filebase64(arguments: Arguments, _: Type, scope: Scope) -> Value:
    content, marks = read_bytes(arguments[0], scope)
    return mark(base64_text(content), marks)


def _file_digest(digest: Digest) -> Callable[[Arguments, Type, Scope], Value]:
    return lambda arguments, _, scope: digest(read_bytes(arguments[0], scope)[0])


def _fileexists(arguments: Arguments, _: Type, scope: Scope) -> Value:
    value, marks = unmark(arguments[0])
    path = text(value)
    try:
        return mark(scope.files.exists(path), marks)
    except FileProblem as problem:
        raise _problem(problem, path, marks) from None


def _fileset(arguments: Arguments, _: Type, scope: Scope) -> Value:
    (path, marks), (pattern, own) = unmark(arguments[0]), unmark(arguments[1])
    marks |= own
    # As if the two were joined: a slash in front means nothing, and `..` leads out of the folder.
    rest = posixpath.normpath("/".join(filter(None, text(pattern).split("/")))) if text(pattern) else ""
    out = ""
    while rest.startswith("../"):
        out, rest = f"{out}../", rest[3:]
    try:
        glob = compile_glob(rest)
    except GlobError as error:
        raise ArgumentProblem(1, str(error)) from None
    try:
        top = _clean(posixpath.join(text(path), out)) if out else text(path)
        names = [name for name in scope.files.below(top) if glob.fullmatch(name)]
        found = [normal(_seen_from(text(path), posixpath.join(top, name)) if out else name) for name in names]
    except FileProblem as problem:
        raise _problem(problem, text(path), marks) from None
    return mark(set_value(STRING, found), marks)


def _seen_from(folder: str, file: str) -> str:
    """A file's path as seen from a folder, by the text of both alone."""
    here = [] if _clean(folder) == "." else _clean(folder).split("/")
    there = _clean(file).split("/")
    while here and there and here[0] == there[0]:
        del here[0], there[0]
    return "/".join([".."] * len(here) + there)


def _abspath(arguments: Arguments, _: Type, scope: Scope) -> Value:
    try:
        return normal(scope.files.absolute(text(arguments[0])))
    except FileProblem as problem:
        raise _problem(problem, text(arguments[0]), frozenset()) from None


def _pathexpand(arguments: Arguments, _: Type, scope: Scope) -> Value:
    if text(arguments[0])[:1] == "~" and text(arguments[0])[1:2] not in ("", "/", "\\"):
        raise ArgumentProblem(0, "only the own home folder, `~`, can be expanded, not another's")
    try:
        return normal(scope.files.expand(text(arguments[0])))
    except FileProblem as problem:
        raise _problem(problem, text(arguments[0]), frozenset()) from None


def _clean(path: str) -> str:
    """The path without `.`, `..` and doubled slashes where they can be resolved by the text alone."""
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def basename(path: str) -> str:
    """The last part of a path; of nothing a dot, of slashes one."""
    stripped = path.rstrip("/")
    if not stripped:
        return "/" if path else "."
    return stripped.rsplit("/", 1)[-1]


def dirname(path: str) -> str:
    """The path without its last part, cleaned."""
    head = path[: path.rfind("/") + 1]
    return _clean(head)


def _scoped(
    name: str, body: Callable[[Arguments, Type, Scope], Value], result: Type, *parameters: Parameter
) -> Function:
    return Function(name, parameters, result, scoped=body, refinement=NOT_NULL)


FUNCTIONS = [
    _scoped("abspath", _abspath, STRING, _PATH),
    pure("basename", [_PATH], STRING, lambda arguments, _: basename(text(arguments[0]))),
    pure("dirname", [_PATH], STRING, lambda arguments, _: dirname(text(arguments[0]))),
    _scoped("file", _file, STRING, _MARKED_PATH),
    _scoped("filebase64", _filebase64, STRING, _MARKED_PATH),
    *(_scoped(f"file{name}", _file_digest(digest), STRING, _PATH) for name, digest in DIGESTS.items()),
    _scoped("fileexists", _fileexists, BOOL, _MARKED_PATH),
    _scoped("fileset", _fileset, SetType(STRING), _MARKED_PATH, Parameter("pattern", STRING, marked=True)),
    _scoped("pathexpand", _pathexpand, STRING, _PATH),
]
