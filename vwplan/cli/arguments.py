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
    }
)


def normalised(arguments: Sequence[str]) -> list[str]:
    """The arguments with two dashes before long names and booleans without values; what follows `--` is left."""
    result: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            return result + list(arguments[index:])
        if argument.lstrip("-").startswith("input=") and not _SILENT.isdisjoint(arguments[:index]):
            continue  # Scripts say it everywhere; these commands never ask.
        result.extend(_one(argument))
    return result


def _one(argument: str) -> list[str]:
    dashes = len(argument) - len(argument.lstrip("-"))
    name, equals, value = argument[dashes:].partition("=")
    if dashes not in (1, 2) or len(name) < 2 or not name.replace("-", "").isalpha():
        return [argument]
    if name in BOOLEAN and equals:
        if value == "true":
            return [f"--{name}"]
        if value == "false":
            return [f"--no-{name}"] if name in _WITH_OPPOSITE else []
    return [f"--{name}{equals}{value}"]


_SILENT = frozenset({"init", "plan", "refresh", "validate"})
_WITH_OPPOSITE = frozenset({"refresh", "input", "lock", "write", "list"})
