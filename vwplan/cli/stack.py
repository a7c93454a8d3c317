"""What a command works on: a stack's spec with its variables, its state, its hosts as seen, and the plan between them.

Each is read when first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.cli.given import read_given
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.garbage import uncollected

if TYPE_CHECKING:
    from vwplan.cli.asking import Question
    from vwplan.engine.apply import Run
    from vwplan.graph.model import ImportAsked, Wanted
    from vwplan.plan import ObservedWorld, Plan, PlanOptions
    from vwplan.provider import Connection, HostConfiguration
    from vwplan.spec import Configuration, Inputs
    from vwplan.state import Holder, LocalStore, Session, StackKey, State, Store, Stored
    from vwplan.state.cover import Cover
    from vwplan.values import Value

FOLDER = ".vwplan"
PRETENDED = ".simulated"
"""How the names of stacks end whose world is only pretended."""
OBSERVING = 120.0
"""Seconds that a host has to tell what it runs before it counts as not answering."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of a stack: its name, whether to pretend, and where variables come from.

    `known` are the plain values that a saved plan has kept; `ask` asks for what has no value, where somebody may be asked.
    """

    stack: str = "default"
    simulate: bool = False
    var: Sequence[str] = ()
    var_file: Sequence[Path] = ()
    lock_timeout: str = "0s"
    known: Mapping[str, object] = field(default_factory=dict)
    ask: Question | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with what it was made from."""

    plan: Plan
    wanted: Wanted
    world: ObservedWorld
    state: State


@dataclass
class Stack:
    """One stack in the present folder. `imports` are asked for on the command line, beside those in the spec."""

    given: Given
    directory: Path = field(default_factory=Path.cwd)
    imports: Sequence[ImportAsked] = ()

    def __post_init__(self) -> None:
        name = self.given.stack
        if not name or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
            raise DiagnosticError(
                Diagnostic(
                    "bad-stack-name",
                    "Unusable name of a stack",
                    f"{name!r} names no stack: use letters, digits, dashes, underscores and dots.",
                )
            )
        plain = name.removesuffix(PRETENDED)
        if plain != name:
            detail = f"{name} is where --simulate keeps what it pretends. Write --stack={plain} --simulate, or choose another name."
            raise DiagnosticError(Diagnostic("bad-stack-name", "Unusable name of a stack", detail))

    @property
    def name(self) -> str:
        """The stack's name; a pretended world has a stack of its own."""
        return f"{self.given.stack}{PRETENDED}" if self.given.simulate else self.given.stack

    @property
    def root(self) -> Path:
        """The folder in which vwplan keeps what is its own."""
        return self.directory / FOLDER

    @cached_property
    def configuration(self) -> Configuration:
        """The spec of this folder."""
        from vwplan.spec import load

        return load(self.directory)

    @property
    def variables(self) -> Mapping[str, Value]:
        """The values of the root's variables, from all the places that give them."""
        return self.inputs.values

    @cached_property
    def inputs(self) -> Inputs:
        """The same, with what is to be warned of them: values in files for variables that there are not."""
        from vwplan.spec import read_inputs

        return read_inputs(
            self.configuration.root,
            given=list(read_given(self.given.var, self.given.var_file)),
            environment=os.environ,
            directory=self.directory,
            known=self.given.known,
            ask=self.given.ask,
        )

    @cached_property
    def store(self) -> Store:
        """Where the state is kept: in files, or where the spec says."""
        from vwplan.cli.stores import store_of

        return store_of(self)

    def files_store(self) -> LocalStore:
        """The state in files beside the spec."""
        from vwplan.state import LocalStore
        from vwplan.state.covered import CoveredDisk

        return LocalStore(self.root, self.name, disk=CoveredDisk(self.cover))

    @cached_property
    def cover(self) -> Cover:
        """How state and plans lie on the disk: sealed where the spec says so."""
        from vwplan.cli.covers import cover_of

        return cover_of(self)

    @cached_property
    def key(self) -> StackKey:
        """The stack key, made on first use. `VW_KEY_FILE` says where it is if not in its usual place."""
        from vwplan.state import create_key, load_key

        path = Path(os.environ.get("VW_KEY_FILE") or self.store.folder.key)
        stored = self.stored
        known = stored.state.key_id if stored is not None else ""
        return load_key(path, known=known) or create_key(path, os.urandom(32))

    @cached_property
    def stored(self) -> Stored | None:
        """The state as of when it was first asked for, read without a lock."""
        return self.store.read()

    @property
    def begun(self) -> frozenset[str]:
        """The identities of the steps that were unfinished when the state was first read."""
        return frozenset() if self.stored is None else frozenset(step.identity for step in self.stored.unfinished)

    @cached_property
    def hosts(self) -> Mapping[str, HostConfiguration]:
        """The hosts of the configuration."""
        from vwplan.graph import hosts

        return hosts(
            self.configuration, self.variables, directory=str(self.root / "hosts"), simulate=self.given.simulate
        )

    def lock(self, doing: str, patience: float = 0.0) -> Session:
        """Take the stack's lock, waiting as long as was asked for, and for `patience` seconds at least."""
        wait = max(self.lock_timeout, patience)
        session = self.store.lock(self.holder(doing), lineage=str(uuid.uuid4()), timeout=wait)
        key: StackKey | None = self.__dict__.get("key")
        if key is not None and session.ledger.key_id not in ("", key.id):
            # The stack was given another key while somebody was asked.
            for known in ("key", "stored"):
                self.__dict__.pop(known, None)
        return session

    @property
    def lock_timeout(self) -> float:
        """How many seconds to wait for the lock."""
        from vwplan.kinds import parse_duration
        from vwplan.kinds.units import UnitError

        try:
            return float(parse_duration(self.given.lock_timeout))
        except UnitError as problem:
            raise DiagnosticError(
                Diagnostic("bad-lock-timeout", "Unreadable --lock-timeout", str(problem))
            ) from problem

    def holder(self, doing: str) -> Holder:
        """This process, as others are told of it."""
        from vwplan.state import Holder

        return Holder(os.urandom(8).hex(), _user(), os.uname().nodename, os.getpid(), time.time(), doing)

    def observe(self, unsettled: Collection[str] = frozenset(), state: State | None = None) -> ObservedWorld:
        """All hosts as they are now, or with a state those that it or the spec is about; those `unsettled` count as not seen."""
        from vwplan.engine.observe import observe
        from vwplan.graph import imports_volumes, needed_hosts
        from vwplan.plan import HostView

        hosts = self.hosts
        if state is not None:
            needed = needed_hosts(self.configuration, state, hosts)
            hosts = {key: host for key, host in hosts.items() if key in needed}
        asked = {key: host for key, host in hosts.items() if key not in unsettled}
        seen = observe(asked, open_connection, OBSERVING, volumes=imports_volumes(self.configuration, self.imports))
        problem = "what an earlier run began there is not settled yet"
        return {key: seen[key] if key in seen else HostView(key, "", {}, problem=problem) for key in hosts}

    def propose(
        self, state: State | None, options: PlanOptions, *, unsettled: Collection[str] = frozenset()
    ) -> Proposal:
        """The plan from a state (None: there never was one) to the spec; hosts are looked at unless `options.refresh` is off.

        `unsettled` are the keys of hosts of which it is not known what an earlier run left there: they count as not seen.
        """
        # All that was read and planned stays until the command ends: looking through it for garbage is a tenth of a plan.
        with uncollected(kept=True):
            return self._proposed(state, options, unsettled)

    def _proposed(self, state: State | None, options: PlanOptions, unsettled: Collection[str]) -> Proposal:
        from vwplan.cli.otherstacks import reader_of
        from vwplan.graph import Taken, build
        from vwplan.kinds import KINDS
        from vwplan.plan import HostView, make
        from vwplan.spec import LocalFiles
        from vwplan.state import State
        from vwplan.values import marks_of, to_plain

        with suppress(OSError):  # Where nothing can be written, whoever needs to write will say so.
            self.root.mkdir(mode=0o700, exist_ok=True)
        before = state or State(str(uuid.uuid4()))
        configuration, variables = self.configuration, self.variables
        world = (
            self.observe(unsettled, before) if options.refresh else {key: HostView(key, "", {}) for key in self.hosts}
        )
        now = time.time()
        wanted = build(
            configuration,
            variables,
            state=before,
            hosts=self.hosts,
            taken={key: Taken(view.networks, view.macs, view.addresses) for key, view in world.items()},
            files=LocalFiles(self.directory, self.root / "cache"),
            stack=self.name,
            directory=str(self.directory),
            public_key=self.key.ssh_public_key,
            now=now,
            destroy=options.destroy,
            seen=world,
            stacks=reader_of(self),
            imports=self.imports,
        )
        if self.inputs.warnings:
            wanted = replace(wanted, warnings=(*self.inputs.warnings, *wanted.warnings))
        plan = make(
            wanted,
            before,
            world,
            kinds=KINDS,
            stack=self.name,
            now=now,
            options=options,
            seal=self.key.hmac,
            public_key=self.key.ssh_public_key,
            variables={name: to_plain(value) for name, value in variables.items() if not marks_of(value)},
            spec_digest=configuration.digest,
            begun=self.begun,
        )
        return Proposal(plan, wanted, world, before)


def _user() -> str:
    """The name of whoever runs this; the number where it has no name, as in many containers."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def open_connection(host: HostConfiguration) -> Connection:
    """A connection to a host, through the provider that its configuration names."""
    from vwplan.provider import find

    return find(provider_type(host.provider)).open(host)


def slots(host: str) -> int:
    """How many calls at once a host bears, by its key."""
    from vwplan.provider import find

    return find(provider_type(host)).slots


def provider_type(key: str) -> str:
    """The type of provider in a provider's or host's key: `libvirt` of `libvirt.site/a`."""
    return key.partition("/")[0].partition(".")[0]


def new_run(stack: Stack, doing: str) -> Run:
    """A run of its own random id over the stack's hosts."""
    from vwplan.engine.apply import Run

    return Run(os.urandom(8).hex(), doing, stack.hosts, open_connection, slots)
