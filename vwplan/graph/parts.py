"""The contents of a block, evaluated: plain, normal, and only what is said; defaults come later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range
from vwplan.graph.objects import instance_of
from vwplan.hcl.evaluate import Chance, Compiled, EvaluationError, Files, Reference, Scope
from vwplan.hcl.late import anchored
from vwplan.kinds import Argument, BlockType, Unfit, take
from vwplan.kinds.forms import FORMS
from vwplan.spec.model import Dynamic, Given, Nested, Part
from vwplan.values import (
    EPHEMERAL,
    SENSITIVE,
    STRING,
    ConversionError,
    ListValue,
    MapValue,
    Marks,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    elements,
    has_marks,
    is_whole,
    mark,
    marks_of,
    to_plain,
    unmark,
)

Plain = Any


class Absent:
    """What stands for an argument that is not given, or null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def problem(code: str, summary: str, detail: str, at: Range | None) -> DiagnosticError:
    """One problem as an error to raise."""
    return DiagnosticError(Diagnostic(code, summary, detail, at))


def explained(error: DiagnosticError, compiled: Compiled, scope: Scope) -> DiagnosticError:
    """The error, where it says that the value of an expression is unfit, with the values of what the expression refers to."""
    if isinstance(error, EvaluationError) or not any(d.subject == compiled.range for d in error.diagnostics):
        return error
    values = compiled.used(scope)
    return DiagnosticError(
        [
            replace(each, values=values) if not each.values and each.subject == compiled.range else each
            for each in error.diagnostics
        ]
    )


def read_argument(given: Given, scope: Scope) -> Plain:
    """The argument as recorded, or `ABSENT` for null. Raises `DiagnosticError`."""
    try:
        return _read(given, scope)
    except DiagnosticError as error:
        raise explained(error, given.value, scope) from None


def _read(given: Given, scope: Scope) -> Plain:
    argument = given.argument
    value = given.value.evaluate(scope)
    if (
        value.__class__ is str
        and argument.type is STRING
        and not (argument.choices or argument.form or argument.refers)
    ):
        return value
    bare = unmark(value)[0]
    if isinstance(bare, Null):
        return ABSENT
    if argument.refers:
        instance = instance_of(bare)
        if instance is not None:
            if instance.kind != argument.refers:
                raise problem(
                    "wrong-kind",
                    "Wrong kind of object",
                    f'"{argument.name}" takes {_a(argument.refers)} {argument.refers}, and this is '
                    f"{_a(instance.kind)} {instance.kind}.",
                    given.value.range,
                )
            instance.used()
            return instance.facts["id"]
    if value.__class__ not in _BARE and has_marks(value):
        _look_at_marks(given, marks_of(value))
    try:
        if not is_whole(value):
            return _late(given, value, scope)
        plain = take(argument, value)
        if argument.refers:
            _look_at_id(argument, plain)
        return plain
    except Unfit as unfit:
        raise problem(unfit.code, unfit.summary, unfit.detail, given.value.range) from None


_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _look_at_id(argument: Argument, plain: Plain) -> None:
    """Refuse text that is given in place of an object and cannot be its id."""
    kind = argument.refers
    form = _IMAGE if kind == "image" else _UUID
    if isinstance(plain, str) and kind != "environment" and form.fullmatch(plain) is None:
        detail = f'"{argument.name}" takes {_a(kind)} {kind}, such as {kind}.NAME, or its id, and "{plain}" is no id.'
        raise Unfit("wrong-kind", "Wrong kind of object", detail)


_BARE = frozenset({str, int, bool})


def _look_at_marks(given: Given, marks: Marks) -> None:
    """Refuse secrets where they would have to be told, and what may not be kept where it would be."""
    if EPHEMERAL in marks:
        detail = (
            f'"{given.argument.name}" is recorded, and an ephemeral value is not kept. Use one that is not ephemeral.'
        )
        raise problem("ephemeral-argument", "Ephemeral value", detail, given.value.range)
    if given.argument.planned and SENSITIVE in marks:
        raise problem(
            "sensitive-argument",
            "Sensitive value",
            f'"{given.argument.name}" is told to the hypervisor and shown by it, so it cannot be made from a sensitive value. '
            "Where it may be told, say so with nonsensitive(…).",
            given.value.range,
        )


def _late(given: Given, value: Value, scope: Scope) -> Plain:
    """A value of which something is known only after apply, with what computes it then."""
    argument = given.argument
    if argument.planned or argument.unit is not None:
        raise problem(
            "late-argument",
            "Known only after apply",
            f'"{argument.name}" must be known when planning, and this value is known only after apply. Planning in stages '
            "is not in this version: make it from variables, locals and arguments.",
            given.value.range,
        )
    try:
        value = convert(value, argument.type)
    except ConversionError:
        return take(argument, value)
    return to_plain(anchored(value, given.value, scope))


def _a(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


def read_part(part: Part, declared: BlockType, scope: Scope, at: Range) -> dict[str, Plain]:
    """The contents of a nested block: what is given and not null. All its problems are told at once."""
    failures: list[DiagnosticError] = []
    made: dict[str, Plain] = {}
    for name, given in part.arguments.items():
        try:
            plain = read_argument(given, scope)
        except DiagnosticError as error:
            failures.append(error)
            continue
        if plain is not ABSENT:
            made[name] = plain
        elif given.argument.required:
            detail = f'"{name}" of {declared.name} is required and cannot be null.'
            failures.append(problem("missing-argument", "Missing argument", detail, given.value.range))
    for name, blocks in part.blocks.items():
        try:
            made[name] = read_blocks(blocks, scope)
        except DiagnosticError as error:
            failures.append(error)
    if failures:
        raise joined(failures)
    for names in declared.one_of:
        if sum(name in made for name in names) != 1:
            words = " or ".join(f'"{name}"' for name in names)
            raise problem("missing-argument", "Exactly one is needed", f"{declared.name} takes either {words}.", at)
    return made


def joined(failures: Iterable[DiagnosticError]) -> DiagnosticError:
    """Several failures as one. It may tell nothing, where all that failed needs what failed (and was told) before."""
    return DiagnosticError([diagnostic for failure in failures for diagnostic in failure.diagnostics])


def read_blocks(blocks: Iterable[Nested], scope: Scope) -> Plain:
    """The blocks of one type: a dict for a single one, a list of dicts for repeated ones, else dicts by label.

    `ABSENT` when `dynamic` blocks make none.
    """
    failures: list[DiagnosticError] = []
    found: list[tuple[str, dict[str, Plain], Range]] = []
    declared: BlockType | None = None
    for block in blocks:
        declared = block.type
        try:
            if block.dynamic is None:
                found.append((block.label, read_part(block.part, declared, scope, block.range), block.range))
            else:
                found.extend(_repeated(block, block.dynamic, scope))
        except DiagnosticError as error:
            failures.append(error)
    if failures:
        raise joined(failures)
    if declared is None or (not found and not declared.repeated):
        return ABSENT
    if declared.repeated:
        return [made for _, made, _ in found]
    if not declared.label:
        if len(found) > 1:
            detail = f"There may be one block {declared.name}, and this makes {len(found)}."
            raise problem("duplicate-block", "Duplicate block", detail, found[1][2])
        return found[0][1]
    labelled: dict[str, Plain] = {}
    for label, made, at in found:
        if label in labelled:
            detail = f'There is more than one block {declared.name} "{label}".'
            raise problem("duplicate-block", "Duplicate block", detail, at)
        labelled[label] = made
    return labelled


def _repeated(block: Nested, dynamic: Dynamic, scope: Scope) -> list[tuple[str, dict[str, Plain], Range]]:
    """What a `dynamic` block makes, each element read with its iterator."""
    value, marks = unmark(dynamic.for_each.evaluate(scope))
    at = dynamic.for_each.range
    if EPHEMERAL in marks:
        detail = "What a block holds is recorded, and an ephemeral value is not kept."
        raise problem("ephemeral-argument", "Ephemeral value", detail, at)
    if isinstance(value, Unknown):
        raise problem(
            "late-for-each",
            "Known only after apply",
            "How many blocks there are is known only after apply. Make it from variables, locals and arguments.",
            at,
        )
    if not isinstance(value, ListValue | SetValue | MapValue | TupleValue | ObjectValue):
        detail = "A dynamic block is repeated over a list, a set, a map, a tuple or an object."
        raise problem("invalid-for-each", "Invalid for_each", detail, at)
    found: list[tuple[str, dict[str, Plain], Range]] = []
    for key, item in elements(value):
        element = ObjectValue({"key": mark(key, marks), "value": mark(item, marks)})
        inner = IteratorScope(scope, dynamic.iterator, element)
        label = _label(dynamic, block.type, inner) if block.type.label else ""
        found.append((label, read_part(block.part, block.type, inner, block.range), block.range))
    return found


def _label(dynamic: Dynamic, declared: BlockType, scope: Scope) -> str:
    compiled = dynamic.labels[0]
    try:
        label, marks = unmark(convert(compiled.evaluate(scope), STRING))
    except ConversionError as error:
        raise problem("wrong-labels", "Invalid label", f"A label is a string: {error}.", compiled.range) from None
    if marks:
        detail = (
            "A label is told to the hypervisor and shown, so it cannot be made from a sensitive or ephemeral value."
        )
        raise problem("sensitive-argument", "Sensitive value", detail, compiled.range)
    if not isinstance(label, str):
        raise problem("wrong-labels", "Invalid label", "A label must be known and not null.", compiled.range)
    fault = FORMS[declared.label_form].fault(label) if declared.label_form else ""
    if fault:
        raise problem("invalid-form", "Invalid label", f"{declared.name}: {fault}", compiled.range)
    return label


class IteratorScope:
    """A scope in which the iterator of a `dynamic` block stands for one element."""

    __slots__ = ("chance", "files", "inner", "iterator", "value")

    def __init__(self, inner: Scope, iterator: str, value: Value) -> None:
        self.inner = inner
        self.iterator = iterator
        self.value = value
        self.files: Files = inner.files
        self.chance: Chance = inner.chance

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The iterator's value, or what the scope around says."""
        if reference.root == self.iterator:
            return self.value, 0
        return self.inner.resolve(reference)


def merge(declared: Argument | BlockType, low: Plain, high: Plain) -> Plain:
    """What two layers give, the higher one first: maps and single blocks by key, labelled blocks by label, the rest replaced."""
    if high is ABSENT:
        return low
    if low is ABSENT or not merges(declared):
        return high
    if not isinstance(low, Mapping) or not isinstance(high, Mapping):
        return high
    if isinstance(declared, Argument) or declared.label:
        return {**low, **high}
    made = {**low, **high}
    nested: tuple[Argument | BlockType, ...] = (*declared.arguments, *declared.blocks)
    for inner in nested:
        if inner.name in low and inner.name in high:
            made[inner.name] = merge(inner, low[inner.name], high[inner.name])
    return made


def merges(declared: Argument | BlockType) -> bool:
    """Whether layers are joined rather than replaced."""
    if isinstance(declared, Argument):
        return declared.type.friendly.startswith("map")
    return not declared.repeated
