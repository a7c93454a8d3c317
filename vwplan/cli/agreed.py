"""Plans that wait, for somebody's yes or in a file, and are carried out if what they are about is still as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vwplan.cli.commands.plan import show_proposal
from vwplan.cli.running import run_plan, secrets_of, settle
from vwplan.cli.secondyes import refuse_unasked, said_again
from vwplan.cli.stack import Proposal, Stack
from vwplan.cli.terminal import Terminal
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.plan.basis import differing, rebased, with_basis
from vwplan.plan.claims import claims_of

if TYPE_CHECKING:
    from vwplan.plan import Plan
    from vwplan.state import Session

AGREED = 20.0
"""Seconds that what somebody has agreed to waits for the lock at least."""


@dataclass(slots=True)
class Carrying:
    """A command that plans, shows, asks and carries out. `propose` makes its plan; `shown` is called before one is shown."""

    terminal: Terminal
    stack: Stack
    doing: str
    propose: Callable[[Session, frozenset[str]], Proposal]
    parallelism: int
    shown: Callable[[], None] = lambda: None
    ran: bool = False
    """Whether anything was to be carried out, and was."""

    def out(self, asked: Callable[[], bool] | None) -> int:
        """Do it all; gives the exit code. `asked` asks somebody, None where nobody need be.

        Nothing is held while somebody is asked: others work meanwhile. What was agreed to is carried out if the rows that it is
        about are as they were; else there is another plan, and another question.
        """
        agreed: Plan | None = None
        while True:
            with self.stack.lock(self.doing, 0.0 if agreed is None else AGREED) as session:
                unsettled = settle(self.terminal, self.stack, session)
                plan = None if agreed is None else held_still(session, agreed)
                if plan is not None:
                    return self._run(session, plan)
                if agreed is not None:
                    self.terminal.tell(_overtaken(agreed, session))
                proposal = self._claimed(session, unsettled, claim=asked is None)
                self.shown()
                show_proposal(self.terminal, self.stack, proposal, lines=True)
                if proposal.plan.empty:
                    return 1 if proposal.plan.incomplete else 0
                if asked is None:
                    refuse_unasked(proposal.plan)
                if asked is None or not proposal.plan.steps:
                    return self._run(session, proposal.plan)
                agreed = with_basis(proposal.plan, proposal.state)
            if not asked() or not said_again(self.terminal, agreed):
                self.terminal.say("\nNothing was done.")
                return 1

    def _claimed(self, session: Session, unsettled: frozenset[str], *, claim: bool) -> Proposal:
        """A plan, with `claim` one whose rows are claimed; made again when others had changed some of them until then."""
        while True:
            proposal = self.propose(session, unsettled)
            plan = proposal.plan
            claim = claim or not plan.steps
            if plan.empty or not claim or session.claim(claims_of(plan, session.state())):
                return proposal

    def _run(self, session: Session, plan: Plan) -> int:
        self.ran = True
        secrets = secrets_of(self.stack, session, plan)
        return run_plan(self.terminal, self.stack, session, plan, self.doing, self.parallelism, secrets)


def held_still(session: Session, plan: Plan) -> Plan | None:
    """A plan that has waited, with its rows claimed, as it is to be carried out now; None when they are not as they were."""
    while not _changed(session, plan):
        now = rebased(plan, session.state())
        if session.claim(claims_of(now, session.state())):
            return now
    return None


def _changed(session: Session, plan: Plan) -> frozenset[str]:
    """The rows that a plan rests on and that are not as they were, or may have been different meanwhile."""
    if plan.basis is None or plan.lineage != session.ledger.lineage:
        return frozenset()  # The engine tells what is to be told of such a plan.
    differ = differing(plan, session.state())
    return session.changed_since(plan.state_serial, plan.basis.rows.keys()).union(differ)


def _overtaken(plan: Plan, session: Session) -> str:
    changed = ", ".join(sorted(_changed(session, plan))[:3])
    return f"\nThe state was changed while you were asked ({changed}). Nothing was done; this is the plan as of now:\n"


def claimed_still(session: Session, plan: Plan) -> Plan:
    """A saved plan, with its rows claimed, as it is to be carried out now; a diagnostic when they are not as they were."""
    if plan.lineage != session.ledger.lineage:
        return plan  # As it is, for the engine to tell what is to be told of it.
    now = held_still(session, plan)
    if now is None:
        raise _stale(sorted(_changed(session, plan)))
    return now


def _stale(changed: Sequence[str]) -> DiagnosticError:
    shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    detail = f"Nothing was done: the state has changed since it was made, in what it is about ({shown}). Plan again."
    return DiagnosticError(Diagnostic("plan-stale", "The plan is out of date", detail))
