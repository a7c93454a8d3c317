"""The commands, one a file. Each is imported when it is asked for, and what it needs when it runs, so that all start quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import click
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.utils import get_params_from_function

from vwplan.cli import elsewhere

ALL = {
    "init": "init",
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


class _Command(TyperCommand):
    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: they are written beside the options, and newer versions of click would do it once more."""


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
        alone.command(name, cls=_Command)(command)
        return _described(_colourless(typer.main.get_command(alone)), command)

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


def _described(command: click.Command, function: Callable[..., Any]) -> click.Command:
    """The command with what its arguments are, which this typer loses under newer versions of what it builds on."""
    arguments = [one for one in command.params if isinstance(one, TyperArgument) and not one.help]
    if arguments:
        declared = get_params_from_function(function)
        for argument in arguments:
            argument.help = getattr(declared[str(argument.name)].default, "help", None)
    return command


class _Group(TyperGroup):
    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.commands = Commands(self.places)  # type: ignore[assignment]  # It is never written to.

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self.places)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of that name, or what to use where it is known under another one."""
        if args[0] not in self.places:
            told = elsewhere.command(ctx.info_name or "", args[0], STATE)
            if told:
                raise click.UsageError(told, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The names with the first sentence of each command's help, none of it cut off."""
        rows = [(name, _first_sentence(command.help or "")) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_sentence(text: str) -> str:
    return text.partition("\n\n")[0].partition(". ")[0].rstrip(".") + "."


class Program(_Group):
    """What follows `vwplan`."""

    places = ALL


class OfState(_Group):
    """What follows `vwplan state`."""

    places = STATE
