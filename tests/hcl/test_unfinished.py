"""Lines into expressions: when one is whole."""

from __future__ import annotations

import pytest

from vwplan.hcl.unfinished import Gathering, is_blank, unfinished

CASES = [
    ("one line without brackets is whole", ["1"], "+"),
    ("brackets go on until they are closed", ["f([", "1,", "{ a = 2", "}])"], "---+"),
    ("what is in a string or a comment opens nothing", ['"([{"', "1 # [", "2 /* ( */"], "+++"),
    ("a comment may go over lines", ["1 /* (", "] */ + 1"], "-+"),
    ("a heredoc goes on to its marker", ["<<EOT", "] EOT", " EOTS", "  EOT  "], "---+"),
    ("so it does within brackets, which go on behind it", ["[<<-A", "}", "A", "]"], "---+"),
    ("a template in a string may go over lines", ['"a${[', "1", '][0]} b"'], "--+"),
    ("one in a heredoc too", ["<<A", "${ [", "1][0] }", "A"], "---+"),
    ("a string ends with its line, so it is wrong and nothing mends it", ['["abc'], "+"),
    ("so is a bracket that closes another", ["[)"], "+"),
    ("and one that closes nothing", ["}"], "+"),
    ("a heredoc's marker needs the line to itself", ["<<A b"], "+"),
]


@pytest.mark.parametrize(("lines", "whole"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_whole(lines: list[str], whole: str) -> None:
    if "-" in whole:
        gathering = Gathering()
        assert "".join("+" if gathering.add(line) else "-" for line in lines) == whole
        assert gathering.text == "\n".join(lines)
        assert [unfinished("\n".join(lines[: at + 1])) for at in range(len(lines))] == [sign == "-" for sign in whole]
    else:
        assert all(Gathering().add(line) and not unfinished(line) for line in lines)


def test_a_long_heredoc_is_looked_at_once() -> None:
    gathering = Gathering()
    gathering.add("<<A")
    assert not any(gathering.add("x ${ [") for _ in range(20_000))


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \t\n\r\n", True),
        ("# (", True),
        ("// a\n# b\n", True),
        ("/* a\n*/ # b", True),
        ("/* a", False),
        ("1 # a", False),
        ("/", False),
    ],
)
def test_what_holds_nothing_but_comments(text: str, blank: bool) -> None:
    assert is_blank(text) == blank
