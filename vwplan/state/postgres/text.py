"""Values as the database keeps them: JSON in ASCII alone, so that any text goes into any database and comes back the same."""

from __future__ import annotations

import json

from vwplan.state.wire import plain_number

text_of = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=plain_number).encode
"""Compact JSON. PostgreSQL's `json` keeps the text as it is; lone surrogates and NUL stay escaped."""
