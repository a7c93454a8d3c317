"""Commands and options that pages and answers name are there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click
import pytest

from vwplan.cli.arguments import normalised
from vwplan.cli.commands import ALL, STATE, Commands
from vwplan.cli.elsewhere import COMMANDS, OF_STATE, OPTIONS

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CHANGELOG.md", "examples/README.md")


def said(text: str) -> Iterable[list[str]]:
    """The commands in a text, each as its words: those between backquotes, and those at the prompts of a console."""
    spans = re.findall(r"`vwplan ([^`{]+)`", text)
    for line in re.findall(r"^\$ vwplan (.+)$", text, re.M):
        spans.append(line.partition("#")[0].partition("|")[0])
    return [span.split() for span in spans]


def wrong(words: list[str]) -> str:
    """What of a command line is not there; empty where all is."""
    words = [word for word in normalised(words) if not word.startswith("--chdir=")]
    table, rest = Commands(ALL), words
    if rest[0] == "state" and len(rest) > 1:
        table, rest = Commands(STATE), rest[1:]
    if not re.fullmatch("[a-z][a-z-]*", rest[0]):
        return ""  # A placeholder, such as COMMAND, or an option of all of it.
    if rest[0] not in table:
        return rest[0]
    known = {option for one in table[rest[0]].params if isinstance(one, click.Option) for option in one.opts}
    known |= {option for one in table[rest[0]].params for option in one.secondary_opts} | {"--help"}
    named = [word.partition("=")[0].rstrip(".,:") for word in rest[1:] if word.startswith("--")]
    return " ".join(option for option in named if option not in known)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_there_with_its_options(page: str) -> None:
    found = [*said((ROOT / page).read_text())]
    assert found
    assert [" ".join(words) for words in found if wrong(words)] == []


def test_what_is_answered_for_other_names_names_what_is_there() -> None:
    texts = [*COMMANDS.values(), *OF_STATE.values(), *OPTIONS.values()]
    named = [words for text in texts for words in re.findall(r"vwplan ((?:[a-z-]+ ?)+(?:--?[a-z-]+)?)", text)]
    assert len(named) > 20
    for line in named:
        words = line.split()
        depth = 2 if words[0] == "state" and len(words) > 1 else 1
        options = [word for word in words[depth:] if word.startswith("-")]
        assert wrong(words[:depth] + options) == "", line
