"""The table of commands: each line names what there is, and help and completion tell all of it though nothing is imported before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import click
import pytest
from typer import main
from typer.testing import CliRunner

from vwplan.cli.arguments import normalised
from vwplan.cli.commands import ALL, STATE, Commands
from vwplan.cli.elsewhere import COMMANDS, OF_STATE, OPTIONS
from vwplan.cli.main import application
from vwplan.cli.main import main as application_main


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
    listed = [line.split()[0] for line in told.split("Commands:\n")[1].splitlines() if line[2:3].strip()]
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


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    try:
        application_main(words)
    except SystemExit as leaving:
        printed = capsys.readouterr()
        return int(str(leaving.code)), " ".join((printed.out + printed.err).split())
    raise AssertionError("a command always ends the process")


LANGUAGE = """
init validate fmt plan apply destroy refresh show output graph console import force-unlock providers schema test
recover orphans rollback pause resume start stop save restore copy checkout scale renew renegotiate run ssh ssh-config serial
status repair reap watch hosts images inventory"""


@pytest.mark.parametrize("name", sorted({*LANGUAGE.split(), *COMMANDS}))
def test_every_command_of_the_language_is_there_or_says_what_to_use(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name in ALL:
        return
    code, words = told(capsys, name, "--flag=it-would-have", "x")
    assert code == 1
    assert f"Error: '{name}' is" in words
    assert "Did you mean" not in words and "No such command" not in words


def test_a_command_of_the_state_is_told_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'history' is vwplan state history." in told(capsys, "history")[1]
    assert "'state replace-provider' is not there" in told(capsys, "state", "replace-provider", "a", "b")[1]


def test_no_word_for_what_is_not_there_hides_a_command_that_is() -> None:
    assert not set(COMMANDS) & set(ALL)
    assert not set(OF_STATE) & set(STATE)


@cache
def every_option() -> frozenset[str]:
    commands = [*Commands(ALL).values(), *Commands(STATE).values()]
    return frozenset(name for command in commands for one in command.params for name in one.opts)


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_an_option_of_terraforms_is_answered_with_what_to_use(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert option not in every_option()
    code, words = told(capsys, "apply", option)
    assert code == 1
    assert f"No such option '{option.replace('no-lock', 'lock=false')}'. {OPTIONS[option]}" in words


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("plan -lock=false -input=false", "plan --no-input"),
        ("validate -input=false", "validate"),
        ("plan -lock -no-color", "plan --no-color"),
        ("apply -lock=true", "apply"),
        ("plan -lock=0 -refresh=F", "plan --no-refresh"),
        ("plan -json=1", "plan --json"),
        ("apply -lock=false", "apply --no-lock"),
        ("apply -input=false", "apply --no-input"),
        ("state fork -input=false", "state fork --no-input"),
        ("state rm -input=false a", "state rm a"),
        ("import -input=false a b", "import --no-input a b"),
        ("init -upgrade=true -backend=false", "init --upgrade --no-backend"),
        ("-chdir=x plan --var=lock=false", "--chdir=x plan --var=lock=false"),
        ("-chdir=x plan --var lock=false", "--chdir=x plan --var lock=false"),
        ("console -- -lock=false", "console -- -lock=false"),
    ],
)
def test_what_scripts_say_everywhere_is_left_out_where_it_changes_nothing(given: str, left: str) -> None:
    assert normalised(given.split()) == left.split()


@pytest.mark.parametrize("table", [ALL, STATE], ids=["vwplan", "vwplan state"])
def test_help_says_what_every_argument_is(table: Mapping[str, str]) -> None:
    for name, command in Commands(table).items():
        if isinstance(command, click.Group):
            continue
        context = click.Context(command, info_name=name)
        for argument in command.params:
            if isinstance(argument, click.Argument):
                said = argument.get_help_record(context)
                assert said is not None and said[1].partition("  [")[0].strip(), f"{name} {argument.name}"
        assert command.get_help(context).count("rguments:") <= 1, f"{name} lists its arguments twice"


@pytest.mark.parametrize("words", [(), ("state",)], ids=["vwplan", "vwplan state"])
def test_nothing_in_the_list_of_commands_is_cut_off(words: tuple[str, ...]) -> None:
    listed = CliRunner().invoke(application(), [*words, "--help"], terminal_width=60).output.split("Commands:\n")[1]
    assert "..." not in listed


@pytest.mark.parametrize("table", [ALL, STATE], ids=["vwplan", "vwplan state"])
def test_help_says_what_is_given_to_an_option_and_not_of_which_type_it_is(table: Mapping[str, str]) -> None:
    for name, command in Commands(table).items():
        if not isinstance(command, click.Group):
            told = command.get_help(click.Context(command, info_name=name))
            assert not {"TEXT", "INTEGER", "PATH"} & set(told.split()), name
