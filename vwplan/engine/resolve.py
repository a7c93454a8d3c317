"""Arguments on their way to a provider and to the record: what was late is computed, what is secret is opened or sealed.

Values without such leaves come back as the very same object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.plan.plain import SECRET
from vwplan.state.keys import StackKey
from vwplan.state.records import Record
from vwplan.values import Sensitive, Unknown

Plain = Any

Lookup = Callable[[str], Record | None]
"""The record at an address, as it is by now."""

Evaluate = Callable[[Plain, Lookup], Plain]
"""Computes a leaf that was late when planning, from the records that its inputs have by now; raises `DiagnosticError`."""

OpenSecret = Callable[[str], Plain]
"""The value that stands behind an HMAC, from the variables given again; `KeyError` where none has it."""


def refuse_late(leaf: Plain, lookup: Lookup) -> Plain:
    """The evaluation for plans in which nothing is late."""
    raise DiagnosticError(
        Diagnostic(
            "late-value",
            "A value is not known yet",
            "The plan holds a value that only a later step could tell, and nothing says how to compute it.",
        )
    )


def refuse_secret(mac: str) -> Plain:
    """The opening of secrets for plans that have none sealed."""
    raise KeyError(mac)


class Resolver:
    """Computes late leaves, and opens or seals secrets, with the key of the stack."""

    __slots__ = ("_evaluate", "_key", "_open")

    def __init__(self, key: StackKey | None, evaluate: Evaluate, open_secret: OpenSecret) -> None:
        self._key = key
        self._evaluate = evaluate
        self._open = open_secret

    def known(self, value: Plain, lookup: Lookup) -> Plain:
        """The value with what was late in it computed."""
        kind = value.__class__
        if kind in _SCALARS:
            return value
        if kind is dict:
            return _mapped(value, lambda item: self.known(item, lookup))
        if kind is list or kind is tuple:
            return _listed(value, lambda item: self.known(item, lookup))
        if isinstance(value, Sensitive):
            inner = self.known(value.value, lookup)
            return value if inner is value.value else Sensitive(_bare(inner), value.marks)
        if isinstance(value, Mapping):
            return self.known(dict(value), lookup)
        if isinstance(value, Unknown):
            return self._evaluate(value, lookup)
        return value

    def sealed(self, value: Plain) -> Plain:
        """The value as it is recorded: secrets are HMACs."""
        kind = value.__class__
        if kind in _SCALARS:
            return value
        if kind is dict:
            return _mapped(value, self.sealed)
        if kind is list or kind is tuple:
            return _listed(value, self.sealed)
        if isinstance(value, Sensitive):
            if self._key is None:
                raise DiagnosticError(_keyless())
            return {SECRET: self._key.hmac(value.value)}
        return value

    def opened(self, value: Plain) -> Plain:
        """The value as a provider needs it: secrets in the clear."""
        kind = value.__class__
        if kind in _SCALARS:
            return value
        if kind is dict:
            if len(value) == 1 and SECRET in value:
                return self._unseal(value[SECRET])
            return _mapped(value, self.opened)
        if kind is list or kind is tuple:
            return _listed(value, self.opened)
        if isinstance(value, Sensitive):
            return self.opened(value.value)
        return value

    def _unseal(self, mac: str) -> Plain:
        if self._key is None:
            raise DiagnosticError(_keyless())
        try:
            value = self._open(mac)
        except KeyError:
            value = None
        if value is None or self._key.hmac(value) != mac:
            raise DiagnosticError(
                Diagnostic(
                    "sensitive-changed",
                    "A sensitive value is not the one that was planned",
                    "The plan holds only what stands for it; the variables given now have no such value. Give the same "
                    "values as when planning, or plan again.",
                )
            )
        return _bare(value)


def _bare(value: Plain) -> Plain:
    """The value without marks within: what is late and computed from a secret comes out marked once more."""
    if isinstance(value, Sensitive):
        return _bare(value.value)
    if isinstance(value, dict):
        return _mapped(value, _bare)
    if isinstance(value, list):
        return _listed(value, _bare)
    return value


_SCALARS = frozenset({str, int, bool, type(None), float})


def _mapped(value: dict[str, Plain], change: Callable[[Plain], Plain]) -> dict[str, Plain]:
    made: dict[str, Plain] | None = None
    for name, item in value.items():
        if item.__class__ in _SCALARS:
            continue
        new = change(item)
        if new is not item:
            if made is None:
                made = dict(value)
            made[name] = new
    return value if made is None else made


def _listed(value: list[Plain] | tuple[Plain, ...], change: Callable[[Plain], Plain]) -> Plain:
    made: list[Plain] | None = None
    for place, item in enumerate(value):
        if item.__class__ in _SCALARS:
            continue
        new = change(item)
        if new is not item:
            if made is None:
                made = list(value)
            made[place] = new
    return value if made is None else made


def _keyless() -> Diagnostic:
    return Diagnostic(
        "key-missing",
        "The stack key is missing",
        "There are sensitive arguments, and no stack key to seal or open them.",
    )
