"""Files: arguments, blocks, their ranges, and what is left of a file with mistakes in it."""

from __future__ import annotations

import gc

import pytest

from vwplan.diagnostics import Diagnostic, Source
from vwplan.hcl import parse_file
from vwplan.hcl.syntax import Block, Body, Literal


def parse(text: str) -> Body:
    body, problems = parse_file(Source("test", text))
    assert not problems, problems
    return body


def outline(body: Body) -> list[object]:
    """Names of arguments, then blocks with their labels and outlines."""
    blocks = [(block.kind, *(label.text for label in block.labels), outline(block.body)) for block in body.blocks]
    return [*body.attributes, *blocks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("\n\n # only a comment", [], id="a comment without a line end"),
        pytest.param("a = 1", ["a"], id="no line end at the end"),
        pytest.param("a = 1\nb = [\n1\n]\n", ["a", "b"], id="arguments"),
        pytest.param("for = 1\nin = 2\nnull = 3\n", ["for", "in", "null"], id="any name may be an argument's"),
        pytest.param('a "x" "y" {\n}\n', [("a", "x", "y", [])], id="labels in quotes"),
        pytest.param('a x "y" {}', [("a", "x", "y", [])], id="bare labels"),
        pytest.param('a "\\u00e9" {}\n', [("a", "é", [])], id="escapes in labels"),
        pytest.param('a "" {}\n', [("a", "", [])], id="an empty label"),
        pytest.param("a {}\na {}\n", [("a", []), ("a", [])], id="blocks of one name"),
        pytest.param("a {\n b {\n c = 1\n }\n d = 2\n}\n", [("a", ["d", ("b", ["c"])])], id="blocks in blocks"),
        pytest.param("a { b = 1 }\n", [("a", ["b"])], id="one argument on one line"),
        pytest.param("a { b = [\n1\n] }\n", [("a", ["b"])], id="one argument over lines"),
        pytest.param("a {\n} # done\nb = 1 // done\n", ["b", ("a", [])], id="comments at line ends"),
        pytest.param("a { # why\n b = 1\n}\n", [("a", ["b"])], id="a comment after the brace"),
        pytest.param("/* x */ a /* y */ = /* z */ 1 /* o\nver */\n", ["a"], id="comments anywhere"),
        pytest.param("/* x */ a /* y */ b /* z */ {\n/* o */ }\n", [("a", "b", [])], id="comments in a header"),
        pytest.param("a = 1\r\n\r\nb {\r\n c = 2 # d\r\n}\r\n", ["a", ("b", ["c"])], id="line ends of two characters"),
        pytest.param("\ufeffa = 1\n", ["a"], id="a byte order mark"),
        pytest.param("größe = 1\nработа {}\n", ["größe", ("работа", [])], id="names of every alphabet"),
        pytest.param("\ta\t=\t1\n", ["a"], id="tabs"),
        pytest.param("a = <<EOT\n}\nEOT\nb = 1\n", ["a", "b"], id="braces in a heredoc"),
        pytest.param('a = "}"\nb = 1\n', ["a", "b"], id="braces in a string"),
    ],
)
def test_file_holds(text: str, expected: list[object]) -> None:
    assert outline(parse(text)) == expected


def test_ranges_are_exact() -> None:
    text = 'workspace "login" "x" {\n  name = "a" # why\n  nic { mtu = 1 }\n}\n'
    body = parse(text)
    block = body.blocks[0]

    def cut(start: int, end: int) -> str:
        return text[start:end]

    assert cut(block.start, block.kind_end) == "workspace"
    assert cut(block.start, block.header_end) == 'workspace "login" "x"'
    assert [cut(label.start, label.end) for label in block.labels] == ['"login"', '"x"']
    assert cut(block.start, block.end) == text[:-1]
    assert cut(block.body.start, block.body.end).strip() == 'name = "a" # why\n  nic { mtu = 1 }'
    name = block.body.attributes["name"]
    assert cut(name.start, name.end) == 'name = "a"'
    assert cut(name.start, name.name_end) == "name"
    nic = block.body.blocks[0]
    assert cut(nic.start, nic.end) == "nic { mtu = 1 }"
    assert cut(nic.body.start, nic.body.end) == " mtu = 1 "
    assert (body.start, body.end) == (0, len(text))


def test_quick_and_careful_reading_agree() -> None:
    """Common lines are read by one pattern; a comment between name and `=` makes the parser read token by token."""
    values = ["1", "0", '"a"', '""', '"é"', "true", "null", "a", "a.b.c", "for", "a-b.c_d", "12345678901234567890"]
    quick = parse("".join(f"n{i} = {value}\n" for i, value in enumerate(values)))
    careful = parse("".join(f"n{i} = {value} /**/\n" for i, value in enumerate(values)))
    for name, attribute in quick.attributes.items():
        other = careful.attributes[name]
        shift = other.start - attribute.start
        assert repr(_moved(attribute.expression, shift)) == repr(other.expression)


def _moved(node: object, shift: int) -> object:
    if not isinstance(node, tuple):
        return node
    names = getattr(node, "_fields", None)
    if names is None:
        return tuple(_moved(each, shift) for each in node)
    moved = [
        value + shift if name in ("start", "end") else _moved(value, shift)
        for name, value in zip(names, node, strict=True)
    ]
    return type(node)(*moved)


def test_garbage_collection_is_as_it_was() -> None:
    assert gc.isenabled()
    parse("a = 1\n" * 1)
    assert gc.isenabled()
    gc.disable()
    try:
        parse("a = 1\n")
        assert not gc.isenabled()
    finally:
        gc.enable()


def _problems(text: str) -> tuple[Body, tuple[Diagnostic, ...]]:
    return parse_file(Source("test", text))


def _lines(problems: tuple[Diagnostic, ...]) -> list[int]:
    return [problem.subject.line for problem in problems if problem.subject]


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        pytest.param("a = \nb = 2\nc = +\nd = 4\n", [1, 3], ["b", "d"], id="each wrong line is told, the others stay"),
        pytest.param("a = [\n 1,\nb = 2\n", [3], ["b"], id="a bracket left open ends before the next argument"),
        pytest.param("a = [\n  x y\n]\nb = 2\n", [2], ["b"], id="what is inside brackets is skipped with them"),
        pytest.param('a = "x\nb = 2\n', [1], ["b"], id="a string left open ends with its line"),
        pytest.param('a = "${x\nb = 2\n', [2], ["b"], id="a template left open ends before the next argument"),
        pytest.param("x {\n  a = }\nb = 2\n", [2], ["b", ("x", [])], id="a brace after a wrong value closes the block"),
        pytest.param(
            "x {\n  a = (\n}\ny {}\n", [3], [("x", []), ("y", [])], id="a parenthesis left open ends with its block"
        ),
        pytest.param("x y = {\n a = 1\n}\nb = 2\n", [1], ["b"], id="a wrong header takes its block with it"),
        pytest.param("}\nb = 2\n", [1], ["b"], id="a brace that closes nothing"),
        pytest.param("x {\n} }\nb = 2\n", [2], ["b", ("x", [])], id="a brace too many on the line"),
        pytest.param("w {\n x {\n } }\nb = 2\n", [3], ["b", ("w", [("x", [])])], id="two closing braces on one line"),
        pytest.param("a = 1 b = 2\nc = 3\n", [1], ["c"], id="two arguments on one line"),
        pytest.param("a = 1\na = 2\n", [2], ["a"], id="an argument twice: the first counts"),
        pytest.param("a = <<EOT\nx\nb = 2\n", [1], [], id="a heredoc left open takes the rest"),
        pytest.param(
            "x {\n  a = {\n    k = 1\n  b = 2\n}\ny {}\n",
            [2],
            [("x", ["a", ("y", [])])],
            id="the brace left open is found by indentation",
        ),
        pytest.param("x {\n  a = 1\ny {\n  b = 2\n}\n", [1], [("x", ["a", ("y", ["b"])])], id="a block left open"),
        pytest.param("a = 1\nb { c = 1\n", [2], ["a"], id="a block on one line left open"),
    ],
)
def test_reading_goes_on_after(text: str, lines: list[int], expected: list[object]) -> None:
    body, problems = _problems(text)
    assert _lines(problems) == lines
    assert outline(body) == expected


def test_block_with_a_wrong_argument_keeps_the_others() -> None:
    body, problems = _problems("x \"y\" {\n  a = 1\n  b = 'no'\n  c = 3\n}\n")
    assert len(problems) == 1
    block: Block = body.blocks[0]
    assert {name: attribute.expression for name, attribute in block.body.attributes.items()} == {
        "a": Literal(1, 14, 15),
        "c": Literal(3, 33, 34),
    }
