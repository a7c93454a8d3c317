"""What differs between two layouts of a text, as `diff -u` shows it."""

from __future__ import annotations

import time

import pytest

from vwplan.render.difference import difference

HEAD = "--- old/f\n+++ new/f\n"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        pytest.param("a\n", "a\n", "", id="nothing"),
        pytest.param("a=1\nb\n", "a = 1\nb\n", "@@ -1,2 +1,2 @@\n-a=1\n+a = 1\n b\n", id="space"),
        pytest.param(
            "a=1", "a = 1", "@@ -1 +1 @@\n-a=1\n\\ No newline at end of file\n+a = 1\n\\ No newline at end of file\n",
            id="no line end",
        ),
        pytest.param(
            "1\n2\n3\n4\nx=1\n5\n6\n7\n8\n", "1\n2\n3\n4\nx = 1\n5\n6\n7\n8\n",
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x=1\n+x = 1\n 5\n 6\n 7\n", id="three lines around",
        ),
        pytest.param(
            "x=1\n1\n2\n3\n4\n5\n6\n7\ny=1\n", "x = 1\n1\n2\n3\n4\n5\n6\n7\ny = 1\n",
            "@@ -1,4 +1,4 @@\n-x=1\n+x = 1\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y=1\n+y = 1\n", id="far apart",
        ),
        pytest.param(
            "x=1\n1\n2\n3\n4\n5\n6\ny=1\n", "x = 1\n1\n2\n3\n4\n5\n6\ny = 1\n",
            "@@ -1,8 +1,8 @@\n-x=1\n+x = 1\n 1\n 2\n 3\n 4\n 5\n 6\n-y=1\n+y = 1\n", id="near each other",
        ),
        pytest.param(
            'a = "${\nb\n}"\nc\n', "a = b\nc\n", '@@ -1,4 +1,2 @@\n-a = "${\n-b\n-}"\n+a = b\n c\n', id="fewer lines",
        ),
        pytest.param("", "a\n", "@@ -0,0 +1 @@\n+a\n", id="out of nothing"),
        pytest.param("a\u2028b=1\n", "a\u2028b = 1\n", "@@ -1 +1 @@\n-a\u2028b=1\n+a\u2028b = 1\n", id="other separators"),
    ],
)  # fmt: skip
def test_difference(before: str, after: str, shown: str) -> None:
    assert difference("f", before, after) == (HEAD + shown if shown else "")


def test_a_common_line_alone_among_many_that_differ_is_shown_with_them() -> None:
    """As `diff` has it: an empty line that a text has often says nothing of where it is."""
    before = "".join(f"a{i}=1\nb{i}=2\nc{i}=3\nd{i}=4\n\n" for i in range(8))
    after = before.replace("=", " = ")
    assert "\n+\n" in difference("f", before, after)
    assert "\n \n" in difference("f", before[:48], after[:60]), "not where it is seldom"


def test_time_goes_by_the_lines() -> None:
    """A difference in most lines among lines that all look alike: by the square it would take minutes."""
    before = "".join(f"  k{i}=   {i}\n" if i % 4 else "}\n" for i in range(40_000))
    began = time.process_time()
    assert difference("f", before, before.replace("=   ", " = ")).count("\n+") == 40_000, "as diff says"
    assert time.process_time() - began < 20
