"""The table of all functions, by name."""

from __future__ import annotations

from vwplan.hcl.functions import (
    choosing,
    cidr,
    collections,
    conversion,
    dates,
    encoding,
    files,
    formats,
    hashing,
    mappings,
    numeric,
    patterns,
    rendering,
    setwise,
    strings,
)
from vwplan.hcl.functions.model import Function

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for family in (
        choosing,
        cidr,
        collections,
        conversion,
        dates,
        encoding,
        files,
        formats,
        hashing,
        mappings,
        numeric,
        patterns,
        rendering,
        setwise,
        strings,
    )
    for function in family.FUNCTIONS
}
"""Every function but `try`, `can` and the console's `type`, which are given expressions and not values."""

IMPURE = frozenset(name for name, function in FUNCTIONS.items() if function.scoped is not None)
"""Functions whose result may differ from time to time with the same arguments."""
