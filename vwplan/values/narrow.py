"""Unknown values of which so much is known that they are no longer wholly unknown."""

from __future__ import annotations

from vwplan.values.sets import set_value
from vwplan.values.types import NUMBER, ListType, MapType, SetType, Type
from vwplan.values.value import ListValue, MapValue, Refinement, Unknown, Value


def narrowed(type: Type, refinement: Refinement) -> Value:
    """A value of which only this is known: a number between equal bounds, or a collection of a known length, is that.

    A list of known length has that many unknown elements, and so has a set of one; any other is known only if empty.
    """
    least, most = refinement.min_length, refinement.max_length
    if not refinement.not_null:
        return Unknown(type, refinement)
    if type == NUMBER and refinement.lower is not None and refinement.lower == refinement.upper:
        return refinement.lower
    if isinstance(type, ListType) and least == most:
        return ListValue(type.element, [Unknown(type.element)] * least)
    if isinstance(type, SetType) and least == most and least < 2:
        return set_value(type.element, [Unknown(type.element)] * least)
    if isinstance(type, MapType) and least == most == 0:
        return MapValue(type.element, {})
    return Unknown(type, refinement)
