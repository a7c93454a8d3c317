"""From a step of the plan to what is written down before it, and to the action that a provider is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.engine.resolve import Lookup, Resolver
from vwplan.plan.model import OWN, Step, StepVerb
from vwplan.plan.plain import is_settled
from vwplan.provider.api import Action, Expectation, Mark, Verb
from vwplan.provider.law import arguments_digest
from vwplan.state.entries import Begun
from vwplan.state.keys import StackKey
from vwplan.state.records import Record, Status

Plain = Any

_SEEDED = frozenset({StepVerb.CREATE, StepVerb.UPDATE, StepVerb.POWER, StepVerb.DELIVER, StepVerb.ATTACH})

_VERBS: Mapping[StepVerb, Verb] = {
    verb: Verb(verb.value) for verb in StepVerb if verb not in (StepVerb.RECORD, StepVerb.BARRIER)
}


class Secrets(Mapping[str, str]):
    """A machine's derived secrets, each computed when it is asked for, so that a step that needs none costs nothing."""

    __slots__ = ("_made",)

    def __init__(self, made: Mapping[str, Callable[[], str]]) -> None:
        self._made = made

    def __getitem__(self, name: str) -> str:
        return self._made[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._made)})"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step ready to be begun: the entry to be written first, and the action. `record` is the one planned, resolved."""

    step: Step
    begun: Begun
    action: Action
    record: Record | None


class Preparer:
    """Prepares steps of one run: late arguments computed, secrets opened for the action and sealed for the record."""

    def __init__(
        self, resolver: Resolver, key: StackKey | None, lineage: str, run: str, uuids: Mapping[str, str]
    ) -> None:
        self._resolver = resolver
        self._key = key
        self._lineage = lineage
        self._run = run
        self._uuids = uuids
        self._shared: dict[int, tuple[Plain, bool]] = {}

    def record(self, step: Step, lookup: Lookup) -> Record | None:
        """The record that a step plans, as it is to be written."""
        planned = step.record
        if planned is None or is_settled(planned.arguments, planned.facts):
            return planned
        resolver = self._resolver
        arguments = resolver.sealed(resolver.known(planned.arguments, lookup))
        facts = resolver.sealed(resolver.known(planned.facts, lookup))
        if arguments is planned.arguments and facts is planned.facts:
            return planned
        return replace(planned, arguments=arguments, facts=facts)

    def prepare(self, step: Step, current: Record | None, touched: bool, lookup: Lookup) -> Prepared:
        """The step as it can be begun; `DiagnosticError` where a late argument or a secret cannot be had.

        `current` is the record that the state has of its identity now; `touched` tells that an earlier step of this run
        changed the object, so that its mark is that step's.
        """
        run, resolver = self._run, self._resolver
        arguments, context = step.arguments, step.context
        known = recorded = arguments
        if not (is_settled(arguments) and self._is_settled(context)):
            known = resolver.known(arguments, lookup)
            recorded = resolver.sealed(known)
            arguments = resolver.opened(known) if reads_secrets(step) else known
            context = resolver.opened(resolver.known(context, lookup))
        record = self.record(step, lookup)
        if record is not None and step.verb in (StepVerb.CREATE, StepVerb.STAGE, StepVerb.ADOPT):
            record = replace(record, writer=run)
        drops = step.drops or (step.identity if step.verb is StepVerb.DELETE else "")
        begun = Begun(
            run,
            step.id,
            step.verb.value,
            step.key,
            step.kind,
            step.identity,
            step.name,
            step.host,
            self._uuids.get(step.host, ""),
            step.birth,
            record,
            drops,
        )
        action = Action(
            _VERBS[step.verb],
            step.kind,
            step.identity,
            step.name,
            Mark(self._lineage, step.identity, step.key, step.birth, arguments_digest(recorded), run),
            arguments,
            _expects(step, current, touched, run),
            step.changes,
            step.before,
            context,
            self._secrets(step, known),
            step.reservations,
        )
        return Prepared(step, begun, action, record)

    def _is_settled(self, context: Mapping[str, Plain] | None) -> bool:
        """Whether a context has nothing late or secret within; what a whole cluster shares, its roster, is looked at once."""
        if context is None:
            return True
        for name, item in context.items():
            found = self._shared.get(id(item))
            if found is None:
                # The value is kept too, so that its id stays its own.
                found = item, is_settled(item)
                if name != OWN:
                    self._shared[id(item)] = found
            if not found[1]:
                return False
        return True

    def _secrets(self, step: Step, arguments: Mapping[str, Plain]) -> Mapping[str, str]:
        key = self._key
        if key is None or step.kind != "workspace" or step.verb not in _SEEDED:
            return {}
        epoch = arguments.get("epoch")
        turn = epoch if isinstance(epoch, int) else 0
        return Secrets({"ssh_host_key": lambda: key.ssh_host_key(step.identity, turn)[0]})


def reads_secrets(step: Step) -> bool:
    """Whether the provider needs the values of secrets. Of what goes, stops or is only kept, nobody may have them any more."""
    if step.verb in (StepVerb.DELETE, StepVerb.RELEASE) or (
        step.record is not None and step.record.status is Status.KEPT
    ):
        return False
    return step.verb is not StepVerb.POWER or step.arguments.get("power") != "off"


def _expects(step: Step, current: Record | None, touched: bool, run: str) -> Expectation | None:
    if touched and current is not None and step.verb is not StepVerb.CREATE:
        # No digest: what an earlier step of this run left may look otherwise once it runs, and nobody planned on that.
        return Expectation(True, frozenset({current.writer, run} - {""}))
    return step.expects
