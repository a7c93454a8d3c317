"""What the console sees: the scope of its expressions, and the names that there are in it.

In a folder without a spec there are functions, `path` and `vwplan.stack` alone; what references and files take is then
imported when the first is used, because most questions have neither.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.stack import Stack
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.hcl.evaluate import Chance, Files, Reference, Scope
from vwplan.values import Unknown, Value

if TYPE_CHECKING:
    from vwplan.graph.console import ConsoleScope
    from vwplan.spec import Configuration
    from vwplan.state import State

SPEC = (".vw.hcl", ".vw.json")


@dataclass(frozen=True, slots=True)
class Sight:
    """The scope, the spec behind it (None where there is none), and what is wrong with the values of variables."""

    scope: Scope
    configuration: Configuration | None
    problems: tuple[Diagnostic, ...] = ()

    @property
    def names(self) -> Sequence[str]:
        """Dotted names that may be written, sorted."""
        from vwplan.cli.console.names import names

        return names(self.configuration)


def sight(stack: Stack) -> Sight:
    """What is to be seen of a stack. `DiagnosticError` for a spec that cannot be read, or values that do not fit."""
    if not _has_spec(stack.directory):
        return Sight(_Outside(stack), None)
    stack = _open(stack)
    stored = stack.stored
    scope = _scope(stack, stack.configuration, stack.variables, stored.state if stored is not None else None)
    return Sight(scope, stack.configuration, (*stack.configuration.warnings, *scope.validate()))


def _has_spec(directory: Path) -> bool:
    try:
        return any(name.endswith(SPEC) and not name.startswith(".") for name in os.listdir(directory))  # noqa: PTH208
    except OSError:
        return False


def _open(stack: Stack) -> Stack:
    """The stack with its spec and variables read; those variables that were not given a value are unknown."""
    configuration = stack.configuration
    try:
        _ = stack.variables
    except DiagnosticError as error:
        other = [each for each in error.diagnostics if each.code != "missing-variable"]
        if other:
            raise DiagnosticError(other) from None
    else:
        return stack
    variables = {
        name: variable if variable.has_default else replace(variable, has_default=True, default=Unknown(variable.type))
        for name, variable in configuration.root.variables.items()
    }
    opened = Stack(stack.given, stack.directory)
    opened.configuration = replace(configuration, root=replace(configuration.root, variables=variables))
    return opened


def _scope(
    stack: Stack, configuration: Configuration, variables: Mapping[str, Value], state: State | None
) -> ConsoleScope:
    from vwplan.graph.console import ConsoleScope
    from vwplan.spec import LocalFiles

    return ConsoleScope(
        configuration,
        variables,
        state=state,
        hosts=lambda: stack.hosts,
        files=LocalFiles(stack.directory, stack.root / "cache"),
        chance=Now(),
        stack=stack.name,
        directory=str(stack.directory),
        public_key=_public_key(stack, state) if state is not None else None,
    )


def _public_key(stack: Stack, state: State) -> Callable[[str], str] | None:
    """What tells the SSH host key of an identity; None without a stack key, as none is made here."""
    from vwplan.state import load_key

    path = Path(os.environ.get("VW_KEY_FILE") or stack.store.folder.key)
    if not path.exists():
        return None
    key = load_key(path, known=state.key_id)
    return None if key is None else key.ssh_public_key


class Now:
    """The time and chance of each question: known, as nothing is planned here."""

    def timestamp(self) -> Value:
        """The present time."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def plan_timestamp(self) -> Value:
        """The present time: a plan made now would have it."""
        return self.timestamp()

    def uuid(self) -> Value:
        """A random UUID."""
        return str(uuid.uuid4())

    def salt(self) -> bytes | None:
        """16 random bytes."""
        return os.urandom(16)


class _Outside:
    """The scope of a folder without a spec."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.chance: Chance = Now()

    @cached_property
    def files(self) -> Files:
        """The files of this machine."""
        from vwplan.spec import LocalFiles

        return LocalFiles(self._stack.directory)

    @cached_property
    def _inner(self) -> ConsoleScope:
        from vwplan.spec import Configuration, Module, Settings

        root = Module((), "", {}, {}, {}, {}, {}, {}, {})
        return _scope(self._stack, Configuration(root, Settings(), ""), {}, None)

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference."""
        return self._inner.resolve(reference)
