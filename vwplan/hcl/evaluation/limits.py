"""Bounds on evaluation, so that no expression, however it multiplies, takes all time or memory."""

from __future__ import annotations

MOST_ITERATIONS = 2_000_000
"""Turns of all `for` loops and splats within one evaluation."""

LARGEST_VALUE = 2_000_000
"""The largest weight (see `vwplan.values.value.weight`) of a value that an expression gives: about 64 MB of text."""

DEEPEST_VALUE = 150
"""How deeply tuples, objects and collections may be nested in one another."""

LONGEST_TEXT = 1 << 24
"""The most characters that a text may have: functions go through it letter by letter, and some need 100 bytes for each."""
