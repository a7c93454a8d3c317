"""Mistakes: each is told with a stable code, at the exact place, in words that say what to write instead."""

from __future__ import annotations

import pytest

from vwplan.diagnostics import Diagnostic, Source
from vwplan.hcl import parse_expression, parse_file, parse_template

FILES = [
    # reason, text, code, what is underlined, words of the detail
    ("single quotes", "a = 'x'", "single-quotes", "'x'", 'write "'),
    ("typographic quotes", "a = “x”", "invalid-character", "“", "typographic"),
    ("backquotes", "a = `x`", "invalid-character", "`", "heredoc"),
    ("a semicolon", "a = 1;", "invalid-character", ";", "end with their line"),
    ("a dash for a minus", "a = –1", "invalid-character", "–", "dash"),
    ("a space that is none", "a =\u00a01", "invalid-character", "\u00a0", "NO-BREAK SPACE"),
    ("a zero byte", "a = \0", "invalid-character", "\0", "zero byte"),
    ("a dollar outside strings", "a = ${b}", "invalid-character", "$", "drop the $"),
    ("a backslash", "a = 1 + \\\n2", "invalid-character", "\\", "parentheses"),
    ("bits", "a = b & c", "unsupported-operator", "&", "&&"),
    ("a power", "a = b ** c", "unsupported-operator", "**", "pow"),
    ("identity", "a = b === c", "unsupported-operator", "===", "=="),
    ("inequality of SQL", "a = b <> c", "unsupported-operator", "<>", "!="),
    ("words for operators", "a = b and c", "unsupported-operator", "and", "&&"),
    ("Python's conditional", "a = b if c else d", "unsupported-operator", "if", "condition ? a : b"),
    ("a value on the next line", "a =\n  1", "missing-value", "\n", "same line"),
    ("no value at the end", "a =", "missing-value", "", "end of the text"),
    ("a comma too many", "a = [1,,2]", "missing-value", ",", "one comma too many"),
    ("a fraction without its zero", "a = .5", "missing-value", ".", "0.5"),
    ("a comma after an argument", "a = 1,\n", "extra-characters", ",", "No comma"),
    ("a unit after a number", "a = 2GiB", "invalid-number", "GiB", "quotes"),
    ("digits grouped", "a = 1_000", "invalid-number", "_000", "not grouped"),
    ("two points in a number", "a = 1.2.3", "invalid-number", "1.2.3", "cannot be used"),
    ("a number beyond reason", "a = 1e999999999", "invalid-number", "1e999999999", "cannot be used"),
    ("two equals for one", "a == 1", "invalid-block", "==", "One = sets"),
    ("a colon for an equals", "a: 1", "invalid-block", ":", "set with ="),
    ("a name in quotes", '"a" = 1', "item-required", '"a"', "not quoted"),
    ("a name with a dot", "a.b = 1", "invalid-block", ".", "no dots"),
    ("a name alone", "a\n", "invalid-block", "\n", "stands alone"),
    ("a block set with =", 'a "b" = {}', "invalid-block", "=", "no ="),
    ("the brace on the next line", "a b\n{\n}\n", "invalid-block", "\n", "same line"),
    ("a template in a label", 'a "${b}" {}', "invalid-block", '"${b}"', "fixed"),
    ("a number as label", "a 5 {\n}\n", "invalid-block", "5", "labels"),
    ("two arguments on one line", "a { b = 1, c = 2 }", "invalid-block", ",", "one argument"),
    ("a block on one line with a block in it", "a { b {} }", "invalid-block", "b {", "lines of its own"),
    ("a block closed on a later line", "a { b = 1\n}\n", "invalid-block", "\n", "closed on that line"),
    ("text after a block", "a {} b {}", "missing-newline", "b", "ends with its line"),
    ("an argument twice", "a = 1\na = 2\n", "duplicate-argument", "a", "line 1"),
    ("a block left open", "a {\n", "unclosed-block", "{", "not closed"),
    ("a list left open", "a = [1, 2", "unclosed-bracket", "[", "not closed"),
    ("a list without commas", "a = [1 2]", "missing-separator", "2", "comma"),
    ("a list without commas over lines", "a = [\n 1\n 2\n]", "missing-separator", "2", "on line 1"),
    ("a call without commas", "a = f(1 2)", "missing-separator", "2", "comma"),
    ("a call left open", "a = f(1", "unclosed-bracket", "(", "not closed"),
    ("an object without separators", "a = { b = 1 c = 2 }", "missing-separator", "c", "comma"),
    ("an object without a value", "a = { b }", "missing-separator", "}", "key = value"),
    ("an object's key with a dot", "a = { b.c 1 }", "missing-separator", "1", "="),
    ("an object with an arrow", "a = { b => 1 }", "missing-separator", "=>", "for"),
    ("for without in", "a = [for v l : v]", "invalid-for", "l", "'in'"),
    ("for without a name", "a = [for in l : v]", "invalid-for", "l", "before 'in'"),
    ("a key in a list's for", "a = [for v in l : v => 1]", "invalid-for", "=>", "makes a list"),
    ("no key in an object's for", "a = { for v in l : v }", "invalid-for", "v", "makes an object"),
    ("grouping in a list's for", "a = [for v in l : v...]", "invalid-for", "...", "group"),
    ("a conditional without an else", "a = b ? c", "missing-else", "? c", "missing"),
    ("dots in the middle of a call", "a = f(b..., c)", "unexpected-token", ",", "last argument"),
    ("a namespace without a call", "a = x::y", "invalid-call", "x::y", "write x::y(…)"),
    ("an index after a dot", "a = b.[0]", "invalid-attribute-name", "[", "without a dot"),
    ("a name in quotes after a dot", 'a = b."c"', "invalid-attribute-name", '"c"', 'a["b"]'),
    ("two legacy indexes", "a = b.0.1", "legacy-index", "0.1", "[0][1]"),
    ("a splat inside an attribute splat", "a = b.*.*", "invalid-splat", "*", "[*]"),
    ("a string left open", 'a = "x', "unclosed-string", '"x', "heredoc"),
    ("a string over lines", 'a = "x\ny"', "unclosed-string", '"x', "\\n"),
    ("an unknown escape", r'a = "\d"', "invalid-escape", r"\d", "\\\\"),
    ("a template escaped by backslash", r'a = "\${b}"', "invalid-escape", r"\$", "$${"),
    ("too few digits of a character", r'a = "\u12"', "invalid-escape", r"\u12", "four"),
    ("half of a character", r'a = "\ud800"', "invalid-escape", r"\ud800", "no character"),
    ("an interpolation left open", 'a = "${b"', "unclosed-template", "${", "} is missing"),
    ("an interpolation of a shell", 'a = "${b:-c}"', "extra-characters", ":", "$${"),
    ("a length of a shell", 'a = "${#b}"', "unclosed-template", "${#", "$${"),
    ("an empty interpolation", 'a = "${}"', "missing-value", "${}", "$${}"),
    ("an unknown directive", 'a = "%{ elif b }"', "invalid-directive", "elif", "else"),
    ("an if left open", 'a = "%{ if b }c"', "unbalanced-directive", "%{ if b }", "endif"),
    ("an else without if", 'a = "%{ else }"', "unbalanced-directive", "%{ else }", "no if"),
    ("an endif for a for", 'a = "%{ for x in l }%{ endif }"', "unbalanced-directive", "%{ endif }", "endfor"),
    ("two elses", 'a = "%{ if b }%{ else }%{ else }%{ endif }"', "unbalanced-directive", "%{ else }", "already"),
    ("a heredoc left open", "a = <<EOT\nx\n", "unclosed-heredoc", "<<EOT", "EOT alone"),
    ("a heredoc with text after its marker", "a = <<EOT x\nEOT\n", "unsupported-operator", "<<", "the line must end"),
    ("a heredoc closed by the text's end", "a = <<EOT\nx\nEOT", "unclosed-heredoc", "EOT", "line end"),
    ("a comment left open", "a = 1 /* b", "unclosed-comment", "/*", "*/"),
    ("half a character of Unicode", 'a = "\ud800"', "invalid-encoding", "\ud800", "UTF-8"),
    (
        "a byte in another encoding behind a comment with one",
        '# \udce9\na = "\udce9"',
        "invalid-encoding",
        "\udce9",
        "UTF-8",
    ),
]


@pytest.mark.parametrize(
    ("text", "code", "underlined", "words"), [pytest.param(*case[1:], id=case[0]) for case in FILES]
)
def test_mistake_in_a_file(text: str, code: str, underlined: str, words: str) -> None:
    _, problems = parse_file(Source("test", text))
    assert len(problems) == 1, problems
    _check(problems[0], code, underlined, words)


def _check(problem: Diagnostic, code: str, underlined: str, words: str) -> None:
    at = problem.subject
    assert at is not None
    assert (problem.code, at.source.text[at.start : at.end]) == (code, underlined)
    assert words in problem.detail
    assert problem.context is None or (problem.context.start <= at.start and at.end <= problem.context.end)


EXPRESSIONS = [
    ("an assignment", "x = 1", "extra-characters", "=", "to compare"),
    ("two expressions", "a b", "extra-characters", "b", "one expression"),
    ("a second line", "1 +\n2", "missing-value", "\n", "parentheses"),
    ("something on a later line", "1\n2", "extra-characters", "2", "brackets"),
    ("nothing", "", "missing-value", "", "A value belongs here"),
    ("a bracket too many", "f(1))", "extra-characters", ")", "closes nothing"),
]


@pytest.mark.parametrize(
    ("text", "code", "underlined", "words"), [pytest.param(*case[1:], id=case[0]) for case in EXPRESSIONS]
)
def test_mistake_in_an_expression(text: str, code: str, underlined: str, words: str) -> None:
    node, problems = parse_expression(Source("test", text))
    assert node is None
    assert len(problems) == 1
    _check(problems[0], code, underlined, words)


def test_mistake_in_a_template() -> None:
    node, problems = parse_template(Source("test", "a\n${b c}\n"))
    assert node is None
    _check(problems[0], "extra-characters", "c", "double its first character")


def test_mistake_in_the_middle_of_a_block_shows_its_argument() -> None:
    _, problems = parse_file(Source("test", "x {\n  a = [1, 2 3]\n}\n"))
    context = problems[0].context
    assert context is not None
    assert context.source.text[context.start : context.end] == "a = [1, 2 3"


def test_missing_brace_is_guessed_by_indentation() -> None:
    text = "a {\n  b {\n    c = 1\n}\nd {\n}\n"
    _, problems = parse_file(Source("test", text))
    assert [problem.subject.line for problem in problems if problem.subject] == [2]
    assert "indentation" in problems[0].detail
