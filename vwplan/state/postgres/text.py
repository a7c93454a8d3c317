"""Values as the database keeps them: JSON in ASCII alone, so that any text goes into any database and comes back the same."""

from __future__ import annotations

import json
from fractions import Fraction


def _number(value: object) -> object:
    """Fractions as JSON has them: a double where that is exact, else text."""
    if isinstance(value, Fraction):
        double = float(value)
        return double if Fraction(double) == value else f"{value.numerator}/{value.denominator}"
    raise TypeError(f"{type(value).__name__} cannot be recorded")


text_of = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=_number).encode
"""Compact JSON. PostgreSQL's `json` keeps the text as it is; lone surrogates and NUL stay escaped."""
