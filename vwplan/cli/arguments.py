"""The command line as people and scripts write it, turned into what the parser of options understands.

Terraform's long options have one dash (`-auto-approve`, `-chdir=DIR`, `-refresh=false`); both spellings are taken, and a
boolean option may be given `=true` or `=false`.
"""

from __future__ import annotations

from collections.abc import Sequence

BOOLEAN = frozenset(
    {
        "refresh",
        "input",
        "lock",
        "json",
        "no-color",
        "auto-approve",
        "detailed-exitcode",
        "refresh-only",
        "simulate",
        "destroy",
        "raw",
        "check",
        "diff",
        "recursive",
        "write",
        "list",
        "steps",
        "force",
        "kept",
        "json-lines",
        "upgrade",
        "reconfigure",
        "backend",
        "get",
    }
)


def normalised(arguments: Sequence[str]) -> list[str]:
    """The arguments with two dashes before long names and booleans without values; what follows `--` is left."""
    result: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            return result + list(arguments[index:])
        if _is_idle(argument, arguments[:index]):
            continue  # Scripts say it everywhere.
        result.extend(_one(argument))
    return result


def _one(argument: str) -> list[str]:
    dashes = len(argument) - len(argument.lstrip("-"))
    name, equals, value = argument[dashes:].partition("=")
    if dashes not in (1, 2) or len(name) < 2 or not name.replace("-", "").isalpha():
        return [argument]
    if name in BOOLEAN and equals:
        if value in _TRUE:
            return [f"--{name}"]
        if value in _FALSE:
            return [f"--no-{name}"] if name in _WITH_OPPOSITE else []
    return [f"--{name}{equals}{value}"]


def _is_idle(argument: str, before: Sequence[str]) -> bool:
    """Whether it changes nothing for the command that stands before it: one that never asks, or takes no lock anyway."""
    name, _, value = argument.lstrip("-").partition("=")
    if not argument.startswith("-"):
        return False
    if name == "input":
        return _ASKING.isdisjoint(before)
    return name == "lock" and (value not in _FALSE or not _LOCKLESS.isdisjoint(before))


_TRUE = frozenset({"true", "True", "TRUE", "t", "T", "1"})
_FALSE = frozenset({"false", "False", "FALSE", "f", "F", "0"})
_LOCKLESS = frozenset({"init", "plan", "validate", "show", "output", "graph", "console"})
_ASKING = frozenset({"plan", "import", "apply", "destroy", "orphans", "rollback", "fork", "rekey"})
_WITH_OPPOSITE = frozenset({"refresh", "input", "lock", "write", "list", "backend", "get"})
