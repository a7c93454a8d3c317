"""Instances of a block: what `count` and `for_each` come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vwplan.address import Key
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Range
from vwplan.graph.objects import instance_of
from vwplan.graph.parts import explained
from vwplan.graph.uses import NOTHING, Uses
from vwplan.hcl.evaluate import Compiled, Scope
from vwplan.hcl.late import anchored
from vwplan.spec.instances import refused_count, refused_for_each
from vwplan.spec.model import Meta
from vwplan.values import (
    EPHEMERAL,
    NUMBER,
    MapValue,
    ObjectValue,
    SetValue,
    Unknown,
    Value,
    convert,
    unmark,
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """The instances of a block: `mode` is `single`, `count` or `each`; keys in order, each with its `each.value`.

    `uses` is what went into `count` or `for_each`, for whoever notes that; of instances given as they are, each is
    used by that of its key alone (see `uses_of`).
    """

    mode: str
    keys: Mapping[Key, Value]
    uses: Uses = NOTHING

    def using(self, uses: Uses) -> Expansion:
        """The same, with what was used for it."""
        alone = self.mode == "each" and all(instance_of(value) is not None for value in self.keys.values())
        return self if alone or uses is NOTHING else replace(self, uses=uses)


def uses_of(value: Value) -> Uses:
    """What an instance with this `each.value` uses whether it reads it or not: the instance that the value is."""
    instance = instance_of(value)
    if instance is None:
        return NOTHING
    return instance.uses if instance.kind == "environment" else Uses((instance.key,))


SINGLE = Expansion("single", {None: True})


class Undecided(DiagnosticError):
    """How many instances there are is known only after apply."""


def expand(meta: Meta, scope: Scope) -> Expansion:
    """What the block's `count` or `for_each` comes to. `DiagnosticError` where it is not fit, `Undecided` where unknown."""
    compiled = meta.count or meta.for_each
    if compiled is None:
        return SINGLE
    try:
        if meta.count is not None:
            return Expansion("count", dict.fromkeys(range(_count(compiled, scope)), True))
        return Expansion("each", _for_each(compiled, scope))
    except Undecided as error:
        raise Undecided(explained(error, compiled, scope).diagnostics) from None
    except DiagnosticError as error:
        raise explained(error, compiled, scope) from None


def _problem(code: str, detail: str, at: Range, word: str) -> DiagnosticError:
    summary = "Invalid count" if word == "count" else "Invalid for_each"
    return DiagnosticError(Diagnostic(code, summary, detail, at))


def _undecided(word: str, at: Range) -> Undecided:
    return Undecided(
        Diagnostic(
            f"late-{word.replace('_', '-')}",
            "Known only after apply",
            f'How many instances there are depends on "{word}", which is known only after apply. Planning in stages is not '
            f"in this version: make {word} from variables, locals and arguments, and put what is late into the values.",
            at,
        )
    )


def _open(value: Value, word: str, at: Range) -> Value:
    """The value without marks. That a number is a secret does not matter: it does not tell much."""
    bare, marks = unmark(value)
    if EPHEMERAL in marks:
        raise _problem(
            f"ephemeral-{word.replace('_', '-')}",
            f'"{word}" is made from an ephemeral value, which is not kept: the instances could not be found again.',
            at,
            word,
        )
    return bare


def _count(compiled: Compiled, scope: Scope) -> int:
    at = compiled.range
    value = compiled.evaluate(scope)
    refused = refused_count(value, at)
    if refused is not None:
        raise DiagnosticError(refused)
    number = convert(_open(value, "count", at), NUMBER)
    if isinstance(number, Unknown):
        raise _undecided("count", at)
    assert isinstance(number, int), "anything else is refused"
    return int(number)


def _for_each(compiled: Compiled, scope: Scope) -> dict[Key, Value]:
    at = compiled.range
    value = compiled.evaluate(scope)
    if not of_instances(value):
        value = anchored(value, compiled, scope)
    refused = refused_for_each(value, at)
    if refused is not None:
        raise DiagnosticError(refused)
    value = _open(value, "for_each", at)
    if isinstance(value, Unknown):
        raise _undecided("for_each", at)
    if isinstance(value, MapValue | ObjectValue):
        return dict(value.items.items())
    assert isinstance(value, SetValue), "anything else is refused"
    return _of_set(value, at)


def of_instances(value: Value) -> bool:
    """Whether a value is nothing but instances by key, as `workspace.w` with `for_each`: each knows itself what of it is late."""
    return (
        isinstance(value, MapValue | ObjectValue)
        and bool(value.items)
        and all(instance_of(item) is not None for item in value.items.values())
    )


def _of_set(value: SetValue, at: Range) -> dict[Key, Value]:
    keys: dict[Key, Value] = {}
    for item in value.items:
        if isinstance(item, Unknown):
            raise _undecided("for_each", at)
        assert isinstance(item, str), "anything else is refused"
        keys[item] = item
    return keys
