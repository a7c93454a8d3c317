"""Tokens: together they are the text, and names are what Unicode says they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwplan.hcl.lexer import is_name, name_length, scan

PIECES = st.sampled_from(
    [
        *"{}[]()\"'$%~=.,:?<>!&|+-*/#\n\r\t \\",
        "${",
        "%{",
        "$${",
        "<<A\n",
        "\nA\n",
        "<<-É\n",
        "//",
        "/*",
        "*/",
        "a",
        "é",
        "1",
        "1e5",
        "...",
    ]
)


def kinds(text: str) -> list[str]:
    return [token.kind for token in scan(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a = 1", "name = number end", id="an argument"),
        pytest.param("a-b - c", "name - name end", id="a minus inside a name"),
        pytest.param("1.5.a", "number . name end", id="a point that belongs to no number"),
        pytest.param("1...", "number ... end", id="dots after a number"),
        pytest.param("1e5 1e", "number number name end", id="an exponent, and none"),
        pytest.param("a == b => c", "name == name => name end", id="signs of two characters"),
        pytest.param('"a"', "quote text unquote end", id="a string"),
        pytest.param('""', "quote unquote end", id="an empty string"),
        pytest.param('"a$b"', "quote text text text unquote end", id="a lone sign is a piece of its own"),
        pytest.param('"a${ {} }b"', "quote text interpolation { } close text unquote end", id="braces in a template"),
        pytest.param('"%{ if a ~}"', "quote directive name name close unquote end", id="a directive"),
        pytest.param("<<A\nx\n A\n", "heredoc line unheredoc newline end", id="a heredoc"),
        pytest.param(
            "<<A\n${<<B\nB\n}\nA\n",
            "heredoc interpolation heredoc unheredoc newline close line unheredoc newline end",
            id="a heredoc in a heredoc",
        ),
        pytest.param("a # b\n// c", "name comment comment end", id="comments"),
        pytest.param("/* a\n */ b", "comment name end", id="a comment over lines"),
        pytest.param('"a\nb', "quote text newline name end", id="a string left open ends with its line"),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert kinds(text) == expected.split(" ")


@given(st.lists(PIECES).map("".join))
def test_tokens_and_the_spaces_between_are_the_whole_text(text: str) -> None:
    at = 0
    for token in scan(text):
        assert token.start >= at
        assert text[at : token.start].strip(" \t") == ""
        at = token.end
    assert at == len(text)


@pytest.mark.parametrize("word", ["a", "_a", "a-b", "größe", "日本", "имя2", "e\u0301", "a\u00b7b", "ⅷ"])
def test_is_a_name(word: str) -> None:
    assert is_name(word)


@pytest.mark.parametrize("word", ["", "1a", "-a", "a b", "a.b", "“a”", "a\u00a0", "²", "\u0301", "a\u200bb", "😀"])
def test_is_no_name(word: str) -> None:
    assert not is_name(word)


def test_name_ends_where_unicode_says() -> None:
    assert name_length("größe“") == 5
    assert name_length("“") == 0
