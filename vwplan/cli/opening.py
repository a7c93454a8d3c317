"""Sensitive values found again, by what stands for them in a plan, in what today's variables and files give."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from vwplan.values import Late, Sensitive, Unknown, Value

if TYPE_CHECKING:
    from vwplan.cli.stack import Stack
    from vwplan.state import Session


class Opening:
    """The secrets of a stack by their HMACs: `opening(mac)` is one as a provider needs it, `value(mac)` as an expression does.

    `KeyError` for those that there are not. The spec is evaluated when the first is asked for; a `DiagnosticError` where it cannot be.
    """

    def __init__(self, stack: Stack, session: Session) -> None:
        self._stack = stack
        self._session = session
        self._plain: dict[str, object] = {}
        self._values: dict[str, Value] = {}

    def __call__(self, mac: str) -> object:
        return self._found[0][mac]

    def value(self, mac: str) -> Value:
        """A secret that a late value hangs on."""
        return self._found[1][mac]

    @cached_property
    def _found(self) -> tuple[dict[str, object], dict[str, Value]]:
        from vwplan.plan import PlanOptions

        wanted = self._stack.propose(self._session.state(), PlanOptions(refresh=False)).wanted
        for resource in wanted.resources:
            self._collect(resource.arguments)
            self._collect(resource.facts)
        for output in wanted.outputs:
            self._collect(Sensitive(output.value) if output.sensitive else output.value)
        for check in wanted.checks:
            if check.later is not None:
                self._collect(check.later.condition)
                self._collect(check.later.message)
        return self._plain, self._values

    def _collect(self, value: Any) -> None:
        kind = value.__class__
        if kind is str or kind is int or kind is bool or value is None:
            return
        if isinstance(value, Sensitive):
            self._collect_secret(value.value)
        elif kind is dict:
            for item in value.values():
                self._collect(item)
        elif kind is list or kind is tuple:
            for item in value:
                self._collect(item)
        elif isinstance(value, Unknown):
            self._collect_late(value, secret=False)

    def _collect_secret(self, value: Any) -> None:
        """A secret, which a plan has sealed as a whole, or part by part where it is late in part."""
        from vwplan.plan.plain import has_late

        while isinstance(value, Sensitive):
            value = value.value
        if not has_late(value):
            self._plain[self._stack.key.hmac(value)] = value
        elif isinstance(value, Unknown):
            self._collect_late(value, secret=True)
        else:
            for item in value.values() if isinstance(value, dict) else value:
                self._collect_secret(item)

    def _collect_late(self, value: Unknown, *, secret: bool) -> None:
        if not isinstance(value, Late):
            return
        from vwplan.hcl.late_json import late_to_json
        from vwplan.values import to_plain, unmark_deep

        def keep(found: Value) -> str:
            bare = unmark_deep(found)[0]
            mac = self._stack.key.hmac(to_plain(bare))
            self._values[mac] = bare
            return mac

        # Writing it tells just what a plan has sealed of it.
        late_to_json(value, keep, secret=secret)
