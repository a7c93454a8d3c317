"""The second yes: what the spec wants asked once more before it is made anew (`replace = "ask"`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from vwplan.plan import Plan


def asking(plan: Plan) -> tuple[str, ...]:
    """The addresses that a plan makes anew and that want a second yes. Those named by `--replace` have had it."""
    return tuple(change.key for change in plan.changes if change.asks)


def refuse_unasked(plan: Plan) -> None:
    """Refuse a plan that wants a second yes where nobody is asked."""
    keys = asking(plan)
    if keys:
        options = " ".join(f"--replace='{key}'" if '"' in key else f"--replace={key}" for key in keys)
        detail = (
            f'{_words(keys)} to be made anew, and replace = "ask" wants a second yes for that. Nothing was done. Where nobody '
            f"is asked, say it with {options}."
        )
        raise DiagnosticError(Diagnostic("second-yes", "A second yes is needed", detail))


def said_again(terminal: Terminal, plan: Plan) -> bool:
    """Ask once more for what wants that; true where nothing does. Where nobody can be asked, a diagnostic."""
    keys = asking(plan)
    if not keys:
        return True
    if terminal.json:
        refuse_unasked(plan)
    question = f"{_words(keys)} to be made anew: what is there now will be destroyed. Really?"
    return terminal.approves(question, 'The spec says replace = "ask".')


def _words(keys: tuple[str, ...]) -> str:
    shown = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
    return f"{shown} {'is' if len(keys) == 1 else 'are'}"
