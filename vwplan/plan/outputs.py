"""The root's outputs: how they will differ from those last applied."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from vwplan.graph.model import CheckResult, Later, WantedOutput
from vwplan.plan.plain import SECRET, ManyNames, Seal, has_late, is_secret, sealed, substituted
from vwplan.state.records import OutputValue
from vwplan.values import Sensitive, number_text, parse_number
from vwplan.values.numbers import ShortFraction

Plain = Any


def with_new_identities(outputs: tuple[WantedOutput, ...], names: Mapping[str, str]) -> tuple[WantedOutput, ...]:
    """The outputs, with the new identities of what is made anew in place of the old ones."""
    if not names:
        return outputs
    many = ManyNames(names)
    return tuple(replace(output, value=substituted(output.value, many)) for output in outputs)


def conditions_left(
    checks: tuple[CheckResult, ...], names: Mapping[str, str], alone: Container[str]
) -> tuple[CheckResult, ...]:
    """The conditions, with new identities for old ones; those that hang on a resource that is left `alone` are not looked at."""
    many = ManyNames(names)
    return tuple(check if check.later is None else _condition(check, check.later, many, alone) for check in checks)


def _condition(check: CheckResult, later: Later, names: ManyNames, alone: Container[str]) -> CheckResult:
    if any(key in alone for key in (check.address, *later.depends)):
        return replace(check, later=None)
    condition, message = substituted(later.condition, names), substituted(later.message, names)
    return replace(check, later=replace(later, condition=condition, message=message))


def held(
    outputs: tuple[WantedOutput, ...], recorded: Mapping[str, OutputValue], alone: Container[str], destroy: bool
) -> tuple[WantedOutput, ...]:
    """The outputs, with those kept that depend on a resource that is left `alone`; where all goes but those, every recorded one."""
    if destroy:
        return tuple(
            WantedOutput(name, None, old.type, old.sensitive, (), None, kept=True) for name, old in recorded.items()
        )
    return tuple(
        replace(output, kept=True) if any(key in alone for key in output.depends) else output for output in outputs
    )


def output_changes(
    wanted: tuple[WantedOutput, ...], recorded: Mapping[str, OutputValue], seal: Seal
) -> dict[str, tuple[Plain, Plain]]:
    """Before and after of each output that will differ; None stands for one that is not there."""
    changes: dict[str, tuple[Plain, Plain]] = {}
    for output in wanted:
        if output.kept:
            continue
        before = recorded.get(output.name)
        after = Sensitive(output.value) if output.sensitive and not is_secret(output.value) else output.value
        if before is None or (before.value is None and output.value is None):
            if output.value is not None:
                changes[output.name] = (None, after)
        elif has_late(output.value) or not _same(before, output, after, seal):
            changes[output.name] = (before.value, after)
    names = {output.name for output in wanted}
    for name, old in recorded.items():
        if name not in names and old.value is not None:
            changes[name] = (old.value, None)
    return changes


def _same(before: OutputValue, output: WantedOutput, after: Plain, seal: Seal) -> bool:
    if before.sensitive != output.sensitive or not _of_one_type(before.type, output.type):
        return False
    if before.sensitive and not (isinstance(before.value, Mapping) and SECRET in before.value):
        return bool(before.value == output.value)
    return bool(_read_back(before.value) == _read_back(sealed(after, seal)))


def _of_one_type(one: Plain, other: Plain) -> bool:
    """Whether two types are the same, as far as both are known."""
    if one == other or "dynamic" in (one, other):
        return True
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(map(_of_one_type, one, other))
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return all(_of_one_type(each, other[name]) for name, each in one.items())
    return False


def _read_back(value: Plain) -> Plain:
    """The value as the state gives it back: a number of few digits, such as a logarithm, is kept by those."""
    if isinstance(value, ShortFraction):
        return parse_number(number_text(value))
    if isinstance(value, float):
        return parse_number(repr(value))
    if isinstance(value, Mapping):
        return {key: _read_back(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_read_back(item) for item in value]
    return value
