from __future__ import annotations

from vwplan.hcl.functions.model import Function

FUNCTIONS: dict[str, Function] = {}
IMPURE = frozenset({"timestamp"})
