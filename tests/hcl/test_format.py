"""The canonical layout: golden texts, single rules, and what holds for any text."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl import parse_file
from vwplan.hcl.format import format_text
from vwplan.hcl.syntax import Body

GOLDEN = Path(__file__).parent / "golden"
PAIRS = sorted(GOLDEN.glob("*.before.hcl"))


def read(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.mark.parametrize("before", PAIRS, ids=lambda path: path.name.removesuffix(".before.hcl"))
def test_golden(before: Path) -> None:
    after = read(before.with_name(before.name.replace("before", "after")))
    assert format_text(read(before)) == after
    assert format_text(after) == after


RULES = [
    ("nothing", "", ""),
    ("empty lines stay empty", "\n  \n\t\n", "\n\n\n"),
    ("a missing line end stays missing", "a=1", "a = 1"),
    ("spaces before the end of the text stay", "a=1\n  ", "a = 1\n  "),
    ("a byte order mark goes", "\ufeffa=1\n", "a = 1\n"),
    ("line ends of two characters stay", "a=1\r\nbb=2 # c\r\n", "a  = 1\r\nbb = 2 # c\r\n"),
    ("tabs become spaces", "x {\n\ta\t=\t1\n}\n", "x {\n  a = 1\n}\n"),
    ("neighbours are aligned", "a = 1\nbbb = 2\n", "a   = 1\nbbb = 2\n"),
    ("an empty line parts neighbours", "a = 1\n\nbbb = 2\n", "a = 1\n\nbbb = 2\n"),
    ("a comment parts neighbours", "a = 1\n# c\nbbb = 2\n", "a = 1\n# c\nbbb = 2\n"),
    ("a value over lines is not aligned", "a = [\n1\n]\nbbb = 2\n", "a = [\n  1\n]\nbbb = 2\n"),
    ("but a heredoc is", "a = <<E\nx\nE\nbbb = 2\n", "a   = <<E\nx\nE\nbbb = 2\n"),
    ("comments of neighbours are aligned", "a = 1 # x\nbbb = 222 # y\n", "a   = 1   # x\nbbb = 222 # y\n"),
    (
        "wide characters count as their readers see them",
        'a = "👨‍👩‍👧" # x\nb = "e\u0301" # y\n',
        'a = "👨‍👩‍👧" # x\nb = "e\u0301" # y\n',
    ),
    ("blocks on one line", 'x "y"{a=1}\n', 'x "y" { a = 1 }\n'),
    ("empty braces have nothing inside", "x { }\na = { }\nb = [ ]\n", "x {}\na = {}\nb = []\n"),
    ("labels are quoted", "x y z {\n}\n", 'x "y" "z" {\n}\n'),
    ("labels are spelled plainly", 'x "\\u0041" {}\n', 'x "A" {}\n'),
    ("comments between labels go", 'x /*1*/ "a" /*2*/ "b" /*3*/ {}\n', 'x "a" "b" /*3*/ {}\n'),
    ("brackets opened together are one step", "a = f([\n1\n])\n", "a = f([\n  1\n])\n"),
    ("brackets opened apart are two", "a = f(\n[\n1\n]\n)\n", "a = f(\n  [\n    1\n  ]\n)\n"),
    ("spaces around operators", "a=b+c*d==e&&!f||g\n", "a = b + c * d == e && !f || g\n"),
    ("a difference and a sign", "a=b-c\nd=-c\ne=[-1,- 2]\nf=b - - c\n", "a = b-c\nd = -c\ne = [-1, -2]\nf = b - -c\n"),
    ("a conditional", "a=b?c:d\n", "a = b ? c : d\n"),
    ("no spaces within a traversal", "a = b [ 0 ] . c [ * ] . d\n", "a = b[0].c[*].d\n"),
    (
        "a list after in is no index",
        "a = [for x in[1]: x]\nb = [for x in y[0]:x]\n",
        "a = [for x in [1] : x]\nb = [for x in y[0] : x]\n",
    ),
    ("calls", "a = f ( 1,2 , x ... )\nb = n :: f()\n", "a = f(1, 2, x...)\nb = n::f()\n"),
    (
        "templates are left alone but for their sequences",
        'a = " ${ b }%{ if c } d %{ endif }"\n',
        'a = " ${b}%{if c} d %{endif}"\n',
    ),
    ("a wrapped value is unwrapped", 'a = "${b}"\n', "a = b\n"),
    ("over lines in parentheses", 'a = "${\n  b ?\n  c : d\n}"\n', "a = (b ?\nc : d)\n"),
    ("two sequences are no wrapped value", 'a = "${b}${c}"\n', 'a = "${b}${c}"\n'),
    ("nor is one inside a list", 'a = ["${b}"]\n', 'a = ["${b}"]\n'),
    (
        "a bare collection type means any",
        'variable "x" {\n  type = list\n}\n',
        'variable "x" {\n  type = list(any)\n}\n',
    ),
    ("a quoted type is old", 'variable "x" {\n  type = "map"\n}\n', 'variable "x" {\n  type = map(string)\n}\n'),
    ("elsewhere type is any argument", 'x {\n  type = "map"\n}\n', 'x {\n  type = "map"\n}\n'),
    ("a heredoc is left alone", "a =   <<-E\n      x\n   ${ b }\n    E\n", "a = <<-E\n      x\n   ${b}\n    E\n"),
]

KEPT = [
    ("an index that is a constant", "a = b[true]\n"),
    ("an index that is null", "a = b[null]\n"),
    ("a label with a sign in it", 'x "a$b" {}\n'),
    ("a heredoc in an interpolation with a comment after it", 'a = "${<<E\nx\nE\n}" # c\n'),
]
"""What Terraform's formatter loses or breaks, and this one keeps."""


@pytest.mark.parametrize(("before", "after"), [pytest.param(*case[1:], id=case[0]) for case in RULES])
def test_rule(before: str, after: str) -> None:
    assert format_text(before) == after
    assert format_text(after) == after


@pytest.mark.parametrize("text", [pytest.param(case[1], id=case[0]) for case in KEPT])
def test_nothing_is_lost(text: str) -> None:
    assert format_text(text) == text


def test_comment_inside_a_wrapped_value_does_not_end_it() -> None:
    assert format_text('a = "${b # c\n+ d}"\n') == "a = (b # c\n+ d)\n"


def test_text_with_a_mistake_is_refused() -> None:
    with pytest.raises(DiagnosticError) as caught:
        format_text("a = 'x'\nb =\n", "f.vw.hcl")
    assert [str(problem.subject) for problem in caught.value.diagnostics] == ["f.vw.hcl:1:5", "f.vw.hcl:2:4"]


PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "=",
        ".",
        " ",
        "\n",
        "\n",
        "a",
        "bb",
        "x",
        "1",
        "-",
        "?",
        ":",
        "=> ",
        "for ",
        " in ",
    ),
    *('"s"', '"${a}"', '"x${b}"', "# c\n", "/* c */", "  "),
    *("a = 1\n", "bb=[1,\n2]\n", "x {\n", "}\n", "x y {\n", "t = <<E\n  z\nE\n"),
]
LINES = st.lists(st.sampled_from(PIECES)).map("".join)


def _tokens(body: Body) -> object:
    return [
        sorted(body.attributes),
        [(block.kind, [label.text for label in block.labels], _tokens(block.body)) for block in body.blocks],
    ]


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_formatting_keeps_the_file_and_settles(text: str) -> None:
    body, problems = parse_file(Source("test", text))
    if problems:
        with pytest.raises(DiagnosticError):
            format_text(text)
        return
    formatted = format_text(text)
    again, problems = parse_file(Source("test", formatted))
    assert not problems
    assert _tokens(again) == _tokens(body)
    assert format_text(formatted) == formatted


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_lays_out_the_same(tmp_path: Path) -> None:
    texts = [case[1] for case in RULES] + [read(path) for path in PAIRS]
    for number, text in enumerate(texts):
        (tmp_path / f"{number:03}.tf").write_bytes(text.encode())
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    subprocess.run(["terraform", "fmt", "-list=false"], cwd=tmp_path, env=environment, check=True)
    theirs = [read(tmp_path / f"{number:03}.tf") for number in range(len(texts))]
    assert [format_text(text) for text in texts] == theirs
