"""Where `validate --json` says that a problem is: lines, columns and bytes as `terraform validate -json` counts them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.render.calls_json import function_call
from vwplan.render.diagnostics_json import diagnostic_plain, validation_json
from vwplan.render.diagnostics_text import diagnostics_text

SIGNATURES = json.loads((Path(__file__).parent / "signatures.json").read_text())
"""What `terraform metadata functions -json` says of each function: names and types of parameters, and the type of the result."""


def told(text: str, piece: str, around: str = "") -> dict[str, Any]:
    """A problem at a piece of a text, as a machine is told it."""
    source = Source("main.vw.hcl", text)
    start = text.index(piece)
    context = Range(source, text.index(around), text.index(around) + len(around)) if around else None
    return diagnostic_plain(Diagnostic("x", "X", "", Range(source, start, start + len(piece)), context))


def place(found: dict[str, Any]) -> tuple[int, ...]:
    """Line, column and byte of the start, then of the end."""
    ends = (found["range"]["start"], found["range"]["end"])
    return tuple(end[name] for end in ends for name in ("line", "column", "byte"))


@pytest.mark.parametrize(
    ("reason", "before", "column", "byte"),
    [
        ("plain letters", "abc ", 5, 4),
        ("an umlaut is one column and two bytes", "äöü ", 5, 7),
        ("a combining mark is part of the letter before it", "e\u0301 ", 3, 4),
        ("joined pictographs are one", "👨‍👩‍👧 ", 3, 19),
        ("a flag is one", "🇨🇭 ", 3, 9),
        ("a tabulator is one", "\t\t", 3, 2),
        ("what no Unicode has joined to a quote starts anew", '"\u0301" ', 5, 5),
        ("what Unicode joins to the letter behind it ends before a quote", '"\u0600" ', 5, 5),
        ("a byte that is no UTF-8 is one column and one byte", "\udcff ", 3, 2),
    ],
)
def test_columns_count_what_a_reader_takes_for_a_letter_and_bytes_the_file(
    reason: str, before: str, column: int, byte: int
) -> None:
    found = told(f"{before}BAD\n", "BAD")
    assert place(found) == (1, column, byte, 1, column + 3, byte + 3), reason
    assert found["snippet"]["highlight_start_offset"] == byte


def test_a_long_line_is_counted_as_a_short_one() -> None:
    short, long = "ä e\u0301 👨‍👩‍👧 ", "ä e\u0301 👨‍👩‍👧 " * 400
    width, size = place(told(f"{short}BAD", "BAD"))[1:3]
    assert place(told(f"{long}BAD", "BAD"))[1:3] == ((width - 1) * 400 + 1, size * 400)


def test_offsets_into_a_snippet_count_bytes_from_its_first_line() -> None:
    found = told('a = "ä"\nb = [\n  "ö", BAD,\n]\n', "BAD", '[\n  "ö", BAD,\n]')
    snippet = found["snippet"]
    assert (snippet["code"], snippet["start_line"]) == ('b = [\n  "ö", BAD,\n]', 2)
    code = snippet["code"].encode()
    assert code[snippet["highlight_start_offset"] : snippet["highlight_end_offset"]] == b"BAD"


def test_what_is_around_a_problem_may_start_before_it_and_end_behind() -> None:
    found = told("x = f(\n\n  BAD\n)\ny = 1\n", "BAD", "f(\n\n  BAD\n)")
    assert found["snippet"]["start_line"] == 1
    assert found["snippet"]["code"] == "x = f(\n  BAD\n)", "an empty line is left out, as Terraform does"


def test_a_place_that_ends_with_its_line_has_the_next_line_too() -> None:
    snippet = told("x = <<E\na\nE\ny = 1\n", "<<E\na\nE\n")["snippet"]
    assert snippet["code"] == "x = <<E\na\nE\ny = 1"


def test_line_ends_of_windows_are_no_part_of_the_snippet() -> None:
    found = told("a = 1\r\nb = BAD\r\n", "BAD")
    assert place(found) == (2, 5, 11, 2, 8, 14)
    assert found["snippet"]["code"] == "b = BAD"


def test_a_place_where_nothing_stands_is_one_column_wide() -> None:
    source = Source("main.vw.hcl", "ab")
    found = diagnostic_plain(Diagnostic("x", "X", subject=Range(source, 2, 2)))
    assert place(found) == (1, 3, 2, 1, 4, 3)


def test_a_wrong_byte_is_written_as_a_replacement_character() -> None:
    found = told("a = \udcff BAD", "BAD")
    assert found["snippet"]["code"] == "a = \ufffd BAD"
    assert json.dumps(found, ensure_ascii=False).encode(), "it can be written"
    assert "\udcff" not in diagnostics_text([Diagnostic("x", "X", subject=Range(Source("m", "a\udcff"), 0, 2))])


def test_half_of_a_pair_from_json_is_placed_too() -> None:
    assert place(told("\ud83d BAD", "BAD"))[2] == 4


def test_underlines_stand_under_letters_that_take_no_column() -> None:
    text = 'x = "e\u0301👍\ufe0f" BAD'
    lines = diagnostics_text([Diagnostic("x", "X", subject=Range(Source("m", text), len(text) - 3, len(text)))])
    shown, marks = lines.splitlines()[2:4]
    assert marks.index("^") == shown.index("BAD") - 2 + 1, "two signs take no column, and one takes two"


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signatures_are_those_of_terraform(name: str) -> None:
    source = Source("main.vw.hcl", f"x = {name}(1)")
    found = function_call(Diagnostic("function-failed", "X", subject=Range(source, 4, 4 + len(name))))
    assert found is not None
    said = SIGNATURES[name]
    signature = found["signature"]
    assert [[each["name"], each["type"]] for each in signature["params"]] == said["params"]
    variadic = signature.get("variadic_param")
    assert (variadic and [variadic["name"], variadic["type"]]) == said["variadic"]
    assert signature["return_type"] == said["gives"]


@pytest.mark.parametrize("lines", [True, False], ids=["many lines", "one line"])
def test_placing_thousands_of_problems_takes_time_by_their_number(lines: bool) -> None:
    """By the square, 4,000 problems would take sixteen times as long as 1,000."""

    def seconds(count: int) -> float:
        line = 'x = "äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü" BAD' + ("\n" if lines else " ")
        source = Source("main.vw.hcl", line * count)
        places = [at * len(line) + len(line) - 4 for at in range(count)]
        problems = [Diagnostic("x", "X", subject=Range(source, at, at + 3)) for at in places]
        begun = time.process_time()
        validation_json(problems) if lines else [(*source.position(at), source.byte(at)) for at in places]
        return time.process_time() - begun

    seconds(10)
    assert seconds(4000) < 9 * max(seconds(1000), 0.02)
