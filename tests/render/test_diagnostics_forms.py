"""Diagnostics as people and machines read them."""

from __future__ import annotations

import json

import pytest

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Severity, Source
from vwplan.hcl import parse_file
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.render.diagnostics_json import validation_json
from vwplan.render.diagnostics_text import diagnostics_text

SPEC = 'volume "home" {\n\tsize = "1 GiB"\n}\n\nworkspace "w" {\n  user_data = <<EOT\na\nb\nEOT\n}\n'


def at(text: str, piece: str, name: str = "main.vw.hcl") -> Range:
    start = text.index(piece)
    return Range(Source(name, text), start, start + len(piece))


def test_a_problem_shows_its_line_underlined_and_what_to_do() -> None:
    diagnostic = Diagnostic(
        "shrinking-disk",
        "Disk would shrink",
        "size of volume.home is 2 GiB and cannot become 1 GiB.",
        at(SPEC, '"1 GiB"'),
        values=(("var.size", "1"),),
        address="volume.home",
    )
    assert diagnostics_text([diagnostic]) == (
        "Error: Disk would shrink\n"
        "  on main.vw.hcl:2:9, in volume.home\n"
        '  2 |     size = "1 GiB"\n'
        "    |            ^^^^^^^\n"
        "     var.size is 1\n"
        "\n"
        "  size of volume.home is 2 GiB and cannot become 1 GiB.\n"
        "\n"
    )


def test_a_place_of_several_lines_shows_the_first_and_says_where_it_ends() -> None:
    text = diagnostics_text([Diagnostic("x", "X", subject=at(SPEC, "<<EOT\na\nb\nEOT"))])
    assert "6 |   user_data = <<EOT\n" in text
    assert "^^^^^ to line 9" in text


def test_a_place_at_the_very_end_of_a_file_is_shown() -> None:
    source = Source("a", "abc")
    assert "1 | abc\n    |    ^" in diagnostics_text([Diagnostic("x", "X", subject=Range(source, 3, 3))])
    assert diagnostics_text([Diagnostic("x", "X", subject=Range(Source("a", ""), 0, 0))])


def test_errors_come_before_warnings() -> None:
    text = diagnostics_text([Diagnostic("w", "W", severity=Severity.WARNING), Diagnostic("e", "E")])
    assert text.index("Error: E") < text.index("Warning: W")


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_long_line_is_cut_around_the_place(width: int) -> None:
    long = "x = " + "a" * 500 + " BAD " + "b" * 500
    lines = diagnostics_text([Diagnostic("x", "X", "word " * 40, at(long, "BAD"))], width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    shown, marks = lines[2], lines[3]
    assert shown[marks.index("^") :].startswith("BAD")


def test_the_underline_stands_under_wide_letters() -> None:
    text = "名前 = 値"
    lines = diagnostics_text([Diagnostic("x", "X", subject=at(text, "値"))]).splitlines()
    assert lines[3].index("^") == lines[2].index("値") + 2, "two letters before it are two columns wide each"


def test_a_spec_cannot_steer_the_terminal() -> None:
    text = 'x = "\x1b[2J\u202e"'
    shown = diagnostics_text([Diagnostic("x", "X\x1b[0m", "d\x07", at(text, text))])
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown


def test_colours_only_where_they_are_wanted() -> None:
    diagnostic = Diagnostic("x", "X", "d", at(SPEC, "size"))
    assert "\x1b[31" in diagnostics_text([diagnostic], colour=True)
    assert "\x1b" not in diagnostics_text([diagnostic])


def test_machines_get_the_shape_that_terraform_has() -> None:
    found = [
        Diagnostic(
            "a", "A", "why", at("é = 1\nx = y\n", "y"), at("é = 1\nx = y\n", "x = y"), (("y", "2"),), "workspace.w"
        ),
        Diagnostic("b", "B", severity=Severity.WARNING),
    ]
    plain = json.loads(json.dumps(validation_json(found)))
    assert (plain["valid"], plain["error_count"], plain["warning_count"]) == (False, 1, 1)
    first = plain["diagnostics"][0]
    assert first["range"] == {
        "filename": "main.vw.hcl",
        "start": {"line": 2, "column": 5, "byte": 11},
        "end": {"line": 2, "column": 6, "byte": 12},
    }
    snippet = first["snippet"]
    assert snippet["code"][snippet["highlight_start_offset"] : snippet["highlight_end_offset"]] == "y"
    assert snippet["values"] == [{"traversal": "y", "statement": "is 2"}]
    assert "range" not in plain["diagnostics"][1]
    assert validation_json([])["valid"] is True


def test_a_snippet_tells_the_block_around_it_and_the_values_used() -> None:
    problem = Diagnostic("x", "X", subject=at(SPEC, '"1 GiB"'), values=(("var.a", '"b"'), ("var.o", "a object")))
    snippet = validation_json([problem])["diagnostics"][0]["snippet"]
    assert snippet["context"] == 'volume "home"'
    assert [each["statement"] for each in snippet["values"]] == ['is "b"', "is a object"]
    assert snippet["values"][0]["traversal"] == "var.a"


def test_a_snippet_outside_of_blocks_and_in_json_has_no_context() -> None:
    outside = Diagnostic("x", "X", subject=at("a = 1\nb {\n}\n", "a"))
    within_json = Diagnostic("x", "X", subject=at('{"volume": {}}', "{}", "main.vw.json"))
    found = validation_json([outside, within_json])["diagnostics"]
    assert [each["snippet"]["context"] for each in found] == [None, None]


@pytest.mark.parametrize(
    ("expression", "marked", "called"),
    [
        ('upper("a", "b", "c")', "b", "upper"),
        ('substr("a", 1)', ")", "substr"),
        ('upper(join(",", "a"))', "a", "join"),
        ("max()", "max(", "max"),
        ("upper([1])", "[", "upper"),
        ('upper(["a", "b"]...)', '["a", "b"]', "upper"),
        ("max(1...)", "1", "max"),
        ("max(null...)", "null", "max"),
        ("can()", ")", "can"),
        ("try()", "try(", "try"),
        ("upper(-[])", None, None),
        ("nosuch(1)", "nosuch", None),
    ],
)
def test_a_problem_with_a_call_tells_the_signature_as_terraform_does(
    expression: str, marked: str | None, called: str | None
) -> None:
    text = f'output "a" {{\n  value = {expression}\n}}\n'
    source = Source("main.vw.hcl", text)
    body, _ = parse_file(source)
    with pytest.raises(DiagnosticError) as told:
        compile_expression(body.blocks[0].body.attributes["value"].expression, source).evaluate(MappingScope())
    (found,) = validation_json(told.value.diagnostics)["diagnostics"]
    code, snippet = text.splitlines()[1], found["snippet"]
    if marked is not None:
        assert code[snippet["highlight_start_offset"] : snippet["highlight_end_offset"]] == marked
    call = snippet.get("function_call")
    assert (call and call["called_as"]) == called
    if called == "join":
        assert call["signature"] == {
            "name": "join",
            "params": [{"name": "separator", "type": "string"}],
            "variadic_param": {"name": "lists", "type": ["list", "string"]},
            "return_type": "string",
        }
