"""What a plan is asked to be about, and what cannot be asked together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.plan import PlanOptions


def about(
    *,
    destroy: bool,
    refresh: bool,
    refresh_only: bool,
    target: Sequence[str],
    exclude: Sequence[str],
    replace: Sequence[str],
) -> PlanOptions:
    """The options of a plan, refused where one of them would make another mean nothing."""
    from vwplan.plan import PlanOptions

    given = {
        "--refresh-only": refresh_only,
        "--destroy": destroy,
        "--refresh=false": not refresh,
        "--replace": bool(replace),
    }
    for one, others in _APART.items():
        for other in others:
            if given[one] and given[other]:
                raise DiagnosticError(
                    Diagnostic(
                        "options-apart",
                        "Options that do not go together",
                        f"{one} {_WHY[one]}: leave it out, or {other}.",
                    )
                )
    return PlanOptions(
        destroy=destroy,
        refresh_only=refresh_only,
        refresh=refresh,
        targets=tuple(target),
        excludes=tuple(exclude),
        replace=tuple(replace),
    )


_APART = {"--refresh-only": ("--destroy", "--refresh=false", "--replace"), "--destroy": ("--replace",)}
_WHY = {"--refresh-only": "looks at the hosts and touches nothing on them", "--destroy": "makes nothing anew"}


def refuse_with_saved(plan: object, **given: object) -> None:
    """Refuse options that are for planning where a saved plan is to be carried out: it is carried out as it is."""
    unused = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if unused:
        detail = f"{plan} is carried out as it was planned: leave out {', '.join(unused)}, or give it to plan --out."
        raise DiagnosticError(Diagnostic("options-apart", "Options for planning, beside a saved plan", detail))
