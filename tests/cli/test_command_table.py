"""The table of commands: each line names what there is, and help and completion tell all of it though nothing is imported before."""

from __future__ import annotations

from collections.abc import Mapping

import click
import pytest
from typer import main
from typer.testing import CliRunner

from vwplan.cli.commands import ALL, STATE, Commands
from vwplan.cli.main import application


@pytest.mark.parametrize("table", [ALL, STATE], ids=["vwplan", "vwplan state"])
def test_every_line_names_a_command_with_help(table: Mapping[str, str]) -> None:
    commands = Commands(table)
    assert list(commands) == list(table)
    for name in table:
        command = commands[name]
        assert command.name == name
        assert command.get_short_help_str(), f"{name} has no line in the help of the program"


@pytest.mark.parametrize(("words", "table"), [((), ALL), (("state",), STATE)], ids=["vwplan", "vwplan state"])
def test_help_lists_every_command_in_the_order_of_the_table(words: tuple[str, ...], table: Mapping[str, str]) -> None:
    told = CliRunner().invoke(application(), [*words, "--help"]).output
    listed = [line.split()[0] for line in told.split("Commands:\n")[1].splitlines() if line.strip()]
    assert listed == list(table)


def test_completion_finds_commands_and_their_options() -> None:
    program = main.get_command(application())
    assert isinstance(program, click.Group)

    def completed(words: list[str], typed: str) -> list[str]:
        shell = click.shell_completion.ShellComplete(program, {}, "vwplan", "_VWPLAN_COMPLETE")
        return [one.value for one in shell.get_completions(words, typed)]

    assert completed([], "state") == ["state"]
    assert completed(["state"], "re") == ["restore", "rekey"]
    assert completed(["plan"], "--refresh-") == ["--refresh-only"]


def test_a_mistyped_command_is_told_the_nearest_one_once() -> None:
    told = CliRunner().invoke(application(), ["stat"]).output
    assert told.count("Did you mean") == 1
    assert "'state'" in told


@pytest.mark.parametrize("table", [ALL, STATE], ids=["vwplan", "vwplan state"])
def test_every_command_takes_no_color_because_scripts_give_it_to_all_alike(table: Mapping[str, str]) -> None:
    for name, command in Commands(table).items():
        taken = [parameter for parameter in command.params if "--no-color" in parameter.opts]
        assert len(taken) == 1 or isinstance(command, click.Group), name
