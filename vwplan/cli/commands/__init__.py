"""The commands, one a file. Each is imported when it is asked for, and what it needs when it runs, so that all start quickly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import click
import typer
from typer.core import TyperGroup

ALL = {
    "validate": "validate",
    "plan": "plan",
    "apply": "apply",
    "destroy": "destroy",
    "import": "import_.import_",
    "show": "show",
    "output": "output",
    "graph": "graph",
    "console": "console",
    "fmt": "fmt",
    "schema": "schema",
    "version": "version",
    "orphans": "orphans",
    "recover": "recover",
    "rollback": "rollback",
    "force-unlock": "unlock.force_unlock",
    "state": "state.commands",
}
"""Each command's module here, and the name in it where it is not the command's own."""

STATE = {
    "list": "state_show.list_",
    "show": "state_show.show",
    "mv": "state_records.mv",
    "rm": "state_records.rm",
    "pull": "state_versions.pull",
    "push": "state_versions.push",
    "history": "state_versions.history",
    "restore": "state_versions.restore",
    "fork": "state_versions.fork",
    "adopt": "state_adopt.adopt",
    "rekey": "state_rekey.rekey",
    "migrate": "state_migrate.migrate",
}
"""The same of what follows `state`."""


class Commands(Mapping[str, click.Command]):
    """Commands by name, each imported when it is looked up."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = self._places[name].partition(".")
        command = getattr(import_module(f"{__name__}.{module}"), attribute or name)
        if isinstance(command, typer.Typer):
            group = typer.main.get_command(command)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(command)
        return _colourless(typer.main.get_command(alone))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _colourless(command: click.Command) -> click.Command:
    """The command with `--no-color`, also where only its problems have colours: scripts give it to all alike."""
    if not any("--no-color" in parameter.opts for parameter in command.params):
        command.params.append(
            click.Option(["--no-color"], is_flag=True, expose_value=False, help="Print without colours.")
        )
    return command


class _Group(TyperGroup):
    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.commands = Commands(self.places)  # type: ignore[assignment]  # It is never written to.

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self.places)


class Program(_Group):
    """What follows `vwplan`."""

    places = ALL


class OfState(_Group):
    """What follows `vwplan state`."""

    places = STATE
