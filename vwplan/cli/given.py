"""Values of variables on the command line: `--var` and `--var-file` in the one order in which they stand there, as the later wins.

The parser of options gathers each option by itself, so the order of the two is kept by writing one as the other: a file
becomes a `--var` whose text begins with a character that no argument can have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from vwplan.diagnostics import Diagnostic, DiagnosticError

_FILE = "\0"


def in_one_order(arguments: Sequence[str]) -> list[str]:
    """The arguments, with each `--var-file FILE` as a `--var` in its place."""
    made: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == "--":
            return [*made, argument, *rest]
        if name == "--var-file" and (equals or (value := next(rest, ""))):
            made.append(f"--var={_FILE}{value}")
        elif argument == "--var":
            made += [argument, *(each for each in [next(rest, None)] if each is not None)]
        else:
            made.append(argument)
    return made


def read_given(texts: Sequence[str], files: Sequence[Path] = ()) -> Iterator[Path | tuple[str, str]]:
    """What the texts of `--var` give, and before them `files`: the path of a file of values, or a name and its text."""
    yield from files
    for text in texts:
        if text.startswith(_FILE):
            yield Path(text[1:])
            continue
        name, equals, value = text.partition("=")
        if not equals or not name or name != name.rstrip():
            near = f" The name ends with a space: write --var '{name.rstrip()}=…'." if name.strip() and equals else ""
            detail = f"{text!r} gives no variable: write --var name=value.{near}"
            raise DiagnosticError(Diagnostic("bad-var-option", "Unreadable --var", detail))
        yield name, value
