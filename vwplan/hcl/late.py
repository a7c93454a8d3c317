"""Carrying what is late: naming the origin of unknown values when planning, and computing them when applying."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source
from vwplan.hcl.evaluate import Compiled, compile_expression
from vwplan.hcl.evaluation.scope import Chance, FileProblem, Files, Reference, Scope
from vwplan.hcl.parser import parse_expression
from vwplan.values import (
    SENSITIVE,
    ConversionError,
    ListValue,
    MapValue,
    Marked,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    from_plain,
    is_whole,
    mark,
    to_plain,
    unmark_deep,
)
from vwplan.values.late import Computed, FactOf, Late, Path, Sealed
from vwplan.values.value import rebuilt


class Recorded(Protocol):
    """A record, as far as late values need it."""

    @property
    def facts(self) -> Mapping[str, Any]: ...

    @property
    def arguments(self) -> Mapping[str, Any]: ...


Lookup = Callable[[str], Recorded | None]

_LAST_LINE = 10_000
"""Up to which line a late expression is put in its place; beyond it that would cost too much."""


def anchored(value: Value, compiled: Compiled, scope: Scope) -> Value:
    """The value with each unknown leaf made `Late`; `compiled` is what it came from in `scope`.

    A whole value comes back as it is, at no cost. Leaves that are late already keep their origin.
    """
    if is_whole(value):
        return value
    inputs = {}
    for reference in compiled.references:
        found, consumed = scope.resolve(reference)
        inputs[reference.text_of(consumed)] = found
    recorder = _Recorder(scope.files)
    compiled.evaluate(_Recording(scope, recorder))
    base = Computed(compiled.text, inputs, (), recorder.seen, str(compiled.range))
    return _anchor(value, base, ())


def _anchor(value: Value, base: Computed, path: Path) -> Value:
    if is_whole(value) or isinstance(value, Late):
        return value
    match value:
        case Unknown():
            origin = Computed(base.expression, base.inputs, path, base.files, base.place)
            return Late(value.type, origin, value.refinement)
        case Marked():
            return mark(_anchor(value.value, base, path), value.marks)
        case ObjectValue():
            return ObjectValue({key: _anchor(item, base, (*path, key)) for key, item in value.items.items()})
        case MapValue():
            items = {key: _anchor(item, base, (*path, key)) for key, item in value.items.items()}
            return MapValue(value.element, items)
        case TupleValue():
            return TupleValue([_anchor(item, base, (*path, index)) for index, item in enumerate(value.items)])
        case ListValue():
            items_ = [_anchor(item, base, (*path, index)) for index, item in enumerate(value.items)]
            return ListValue(value.element, items_)
        case SetValue():
            # The elements of a set have no places: the whole set is late.
            origin = Computed(base.expression, base.inputs, path, base.files, base.place)
            return Late(_type(value), origin)
    return value


def _type(value: Value) -> Any:
    from vwplan.values import type_of

    return type_of(value)


def evaluate_late(leaf: Unknown, lookup: Lookup, *, files: Files, chance: Chance) -> object:
    """The plain value of a late leaf, by now, from the records of its inputs. `DiagnosticError` where it cannot be known."""
    return to_plain(known_value(leaf, lookup, files, chance))


def known_value(value: Value, lookup: Lookup, files: Files, chance: Chance) -> Value:
    """The value with every late leaf computed, its marks kept."""
    if is_whole(value):
        return value
    match value:
        case Late():
            return _computed(value, lookup, files, chance)
        case Marked():
            return mark(known_value(value.value, lookup, files, chance), value.marks)
        case ObjectValue():
            return ObjectValue({k: known_value(item, lookup, files, chance) for k, item in value.items.items()})
        case MapValue():
            return MapValue(
                value.element, {k: known_value(item, lookup, files, chance) for k, item in value.items.items()}
            )
        case TupleValue():
            return TupleValue([known_value(item, lookup, files, chance) for item in value.items])
        case ListValue():
            return ListValue(value.element, [known_value(item, lookup, files, chance) for item in value.items])
    raise still_unknown("", "it hangs on a sensitive value, which a saved plan does not hold")


def _computed(late: Late, lookup: Lookup, files: Files, chance: Chance) -> Value:
    origin = late.origin
    if isinstance(origin, FactOf):
        return _fact(late, origin, lookup)
    inputs = {text: known_value(value, lookup, files, chance) for text, value in origin.inputs.items()}
    source = _placed(origin)
    expression, problems = parse_expression(source)
    if expression is None:
        raise DiagnosticError(problems)
    compiled = compile_expression(expression, source)
    value = compiled.evaluate(_InputScope(inputs, _Replayed(origin.files, files), chance))
    for step in origin.path:
        value = _step(value, step)
    return _as_type(value, late)


def _placed(origin: Computed) -> Source:
    """The expression as a source in which it stands where it stood, so that a problem is told at its place in the spec."""
    name, _, at = origin.place.rpartition(":")
    name, _, line = name.rpartition(":")
    if not (name and line.isdecimal() and at.isdecimal()) or int(line) > _LAST_LINE:
        return Source(origin.place or "<late>", origin.expression)
    return Source(name, "\n" * (int(line) - 1) + " " * (int(at) - 1) + origin.expression)


def _fact(late: Late, origin: FactOf, lookup: Lookup) -> Value:
    record = lookup(origin.address)
    name = ".".join(map(str, (origin.address, *origin.path)))
    if record is None:
        raise still_unknown(name, f"{origin.address} was not made")
    first = origin.path[0]
    found: Any = record.facts if first in record.facts else record.arguments
    try:
        for step in origin.path:
            found = found[step]
    except (KeyError, IndexError, TypeError):
        raise still_unknown(name, "its host does not tell it") from None
    return _as_type(from_plain(found), late)


def _as_type(value: Value, late: Late) -> Value:
    try:
        return convert(value, late.type)
    except ConversionError as error:
        raise still_unknown("", f"it came out with another type than planned: {error}") from None


def _step(value: Value, step: str | int) -> Value:
    value, marks = unmark_deep(value) if isinstance(value, Marked) else (value, frozenset())
    assert isinstance(value, ObjectValue | MapValue | TupleValue | ListValue)
    return mark(value.items[step], marks)  # type: ignore[index]


def still_unknown(name: str, reason: str) -> DiagnosticError:
    """What is told of a value that nothing can compute; `name` is what refers to it, empty where that is not known."""
    detail = f"{name or 'A value'} was to be known by now, but {reason}. Plan again."
    return DiagnosticError(Diagnostic("still-unknown", "A value is still unknown", detail))


class _Recorder:
    """Files, with what was read of them kept."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.seen: dict[tuple[str, str], object] = {}

    def _keep(self, method: str, argument: str) -> Any:
        found = getattr(self._files, method)(argument)
        if method == "below":
            found = list(found)
        self.seen[method, argument] = found
        return found

    def read(self, path: str) -> bytes:
        return bytes(self._keep("read", path))

    def exists(self, path: str) -> bool:
        return bool(self._keep("exists", path))

    def below(self, directory: str) -> Iterable[str]:
        found: Iterable[str] = self._keep("below", directory)
        return found

    def absolute(self, path: str) -> str:
        return str(self._keep("absolute", path))

    def expand(self, path: str) -> str:
        return str(self._keep("expand", path))


class _Replayed:
    """Files as they were when planning; what was not read then is read now."""

    def __init__(self, seen: Mapping[tuple[str, str], object], files: Files) -> None:
        self._seen = seen
        self._files = files

    def _get(self, method: str, argument: str) -> Any:
        if (method, argument) in self._seen:
            return self._seen[method, argument]
        return getattr(self._files, method)(argument)

    def read(self, path: str) -> bytes:
        found = self._get("read", path)
        if not isinstance(found, bytes):
            raise FileProblem("it was not carried in the plan")
        return found

    def exists(self, path: str) -> bool:
        return bool(self._get("exists", path))

    def below(self, directory: str) -> Iterable[str]:
        found: Iterable[str] = self._get("below", directory)
        return found

    def absolute(self, path: str) -> str:
        return str(self._get("absolute", path))

    def expand(self, path: str) -> str:
        return str(self._get("expand", path))


class _Recording:
    """A scope whose files are recorded."""

    def __init__(self, scope: Scope, files: Files) -> None:
        self._scope = scope
        self.files = files
        self.chance = scope.chance

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        return self._scope.resolve(reference)


class _InputScope:
    """A scope that answers references with the inputs carried, by their text."""

    def __init__(self, inputs: Mapping[str, Value], files: Files, chance: Chance) -> None:
        self._inputs = inputs
        self.files = files
        self.chance = chance

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        for consumed in range(len(reference.steps), -1, -1):
            found = self._inputs.get(reference.text_of(consumed))
            if found is not None:
                return found, consumed
        raise still_unknown(reference.text, "the plan does not carry it")


def unsealed(value: Value, opening: Callable[[str], Value]) -> Value:
    """The value with each secret that is sealed in it as it was; the very same object where there is none.

    `opening` gives the value behind an HMAC, of a file the bytes in base64.
    """
    if is_whole(value):
        return value
    match value:
        case Sealed():
            return mark(opening(value.mac), frozenset({SENSITIVE}))
        case Late():
            return _unsealed_late(value, opening)
        case Marked():
            inner = unsealed(value.value, opening)
            return value if inner is value.value else mark(inner, value.marks)
    changed = False

    def part(item: Value) -> Value:
        nonlocal changed
        new = unsealed(item, opening)
        changed = changed or new is not item
        return new

    made = rebuilt(value, part)
    return made if changed else value


def _unsealed_late(late: Late, opening: Callable[[str], Value]) -> Late:
    origin = late.origin
    if isinstance(origin, FactOf):
        return late
    inputs = {text: unsealed(item, opening) for text, item in origin.inputs.items()}
    files = {
        key: base64.b64decode(str(opening(found.mac))) if isinstance(found, Sealed) else found
        for key, found in origin.files.items()
    }
    if all(inputs[text] is item for text, item in origin.inputs.items()) and all(
        files[key] is found for key, found in origin.files.items()
    ):
        return late
    return Late(late.type, replace(origin, inputs=inputs, files=files), late.refinement)
