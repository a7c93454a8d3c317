"""A module while it is read: the blocks found so far, the expressions in them and where each stands, and all problems."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Problems, Range, Source, did_you_mean
from vwplan.hcl.evaluate import Compiled, EvaluationError, Reference, compile_expression
from vwplan.hcl.syntax import Expression, Literal
from vwplan.kinds import KINDS
from vwplan.kinds.language import TOP
from vwplan.kinds.model import Argument
from vwplan.spec.model import (
    CheckBlock,
    DataBlock,
    ImportBlock,
    LocalValue,
    Meta,
    MovedBlock,
    OutputBlock,
    ProviderBlock,
    RemovedBlock,
    ResourceBlock,
    VariableBlock,
)

if TYPE_CHECKING:
    from vwplan.state.encryption import Encryption


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands, as far as it matters to what it may refer to.

    `node` is the node of the graph of dependencies that it belongs to (`workspace.w`, `local.x`, `cluster.c.head`), or
    empty where nothing waits for it. `each` and `count` tell whether those words mean something here, `itself` whether
    `self` does, `cluster` is the one that `parent` is an instance of. `iterators` are those of `dynamic` blocks around,
    `check` the check around, whose data can be referred to. `roots`
    are the only roots allowed, where that is fewer than all, and `words` says what the place is, in prose.
    """

    node: str = ""
    each: bool = False
    count: bool = False
    itself: bool = False
    cluster: str = ""
    iterators: frozenset[str] = frozenset()
    check: str = ""
    roots: frozenset[str] | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """An expression at its place; `argument` where it is the value of a declared one."""

    place: Place
    value: Compiled
    argument: Argument | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A `module` block as read: where its source leads is not known yet. `input_places` are where inputs are named."""

    name: str
    source: str
    inputs: Mapping[str, Compiled]
    meta: Meta
    providers: Mapping[str, Reference]
    provider_keys: Mapping[str, Compiled]
    source_range: Range
    range: Range
    input_places: Mapping[str, Range] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettingsBlock:
    """The `vwplan` block as read: the default provider's name and place, where it says one; whether it says where state is."""

    required_version: str
    provider: str
    provider_range: Range | None
    stores: bool
    range: Range
    state: str = "local"
    state_arguments: Mapping[str, object] = field(default_factory=dict)
    encryption: Encryption | None = None
    encrypts: bool = False


_MANY, _SEARCHES = 100, 30
_WORD = re.compile(r"[\w-]+")
_TOP = frozenset({*KINDS, *(each.name for each in TOP)})


@dataclass(slots=True)
class Draft:
    """What has been read of a module.

    `broken` are the identities of sources that could not be read wholly, so that something may be missing. `depends` and
    `provider_uses` are references that are no expressions, each with its place, or with whether a computed key follows.
    `children` are the modules called, by the call's name; `handed` the provider
    configurations that every call of this module hands in. `searches` counts those for near names among many; `secrets` has the outputs
    that are sensitive, by which of the variables are.
    """

    directory: str
    problems: Problems
    variables: dict[str, VariableBlock] = field(default_factory=dict)
    locals: dict[str, LocalValue] = field(default_factory=dict)
    outputs: dict[str, OutputBlock] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    resources: dict[str, ResourceBlock] = field(default_factory=dict)
    data: dict[str, DataBlock] = field(default_factory=dict)
    providers: dict[str, ProviderBlock] = field(default_factory=dict)
    moved: list[MovedBlock] = field(default_factory=list)
    removed: list[RemovedBlock] = field(default_factory=list)
    imports: list[ImportBlock] = field(default_factory=list)
    checks: dict[str, CheckBlock] = field(default_factory=dict)
    settings: SettingsBlock | None = None
    uses: list[Use] = field(default_factory=list)
    depends: list[tuple[Place, Reference]] = field(default_factory=list)
    provider_uses: list[tuple[Reference, bool]] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    children: dict[str, Draft] = field(default_factory=dict)
    handed: frozenset[str] | None = None
    searches: int = 0
    secrets: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a problem. That a block stands in another is none where a brace is missing before it, which has been told."""
        at = diagnostic.subject
        if diagnostic.code == "unknown-block" and at is not None and id(at.source) in self.broken:
            word = _WORD.match(at.source.text, at.start)
            if word is not None and word[0] in _TOP:
                return
        self.problems.add(diagnostic)

    def near(self, word: str, candidates: Collection[str]) -> str:
        """A "Did you mean" sentence, or nothing. Of many names only so many searches are made, for each takes its time."""
        if len(candidates) > _MANY:
            self.searches += 1
            if self.searches > _SEARCHES:
                return ""
        return did_you_mean(word, candidates)

    def compile(
        self, expression: Expression, source: Source, place: Place, argument: Argument | None = None
    ) -> Compiled:
        """The expression compiled, and remembered for the checks that need the whole module."""
        try:
            compiled = compile_expression(expression, source)
        except EvaluationError as error:
            self.problems.extend(error.diagnostics)
            return compile_expression(Literal(None, expression.start, expression.end), source)
        if compiled.references or compiled.functions or not isinstance(expression, Literal):
            self.uses.append(Use(place, compiled, argument))
        return compiled
