"""The typed configuration: what the files of a module and of those it calls say, checked and compiled but not evaluated.

Everything that can be known without values has been checked when a `Configuration` exists: names, arguments, blocks, references,
functions, constant types. Expressions are compiled once here and evaluated per instance by `vwplan.graph`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Range
from vwplan.hcl.evaluate import Compiled, Reference
from vwplan.kinds.model import Argument, BlockType, Kind
from vwplan.values import Type, Value

if TYPE_CHECKING:
    from vwplan.state.encryption import Encryption


class Defaults(Protocol):
    """The defaults of optional attributes within a type."""

    def apply(self, value: Value) -> Value:
        """The value with each default in the place of what is left out or null."""


@dataclass(frozen=True, slots=True)
class Given:
    """An argument as given: its declaration, its compiled expression, and where it stands."""

    argument: Argument
    value: Compiled
    range: Range


@dataclass(frozen=True, slots=True)
class Dynamic:
    """What a `dynamic` block repeats: the collection, the iterator's name, the labels."""

    for_each: Compiled
    iterator: str
    labels: tuple[Compiled, ...]
    range: Range


@dataclass(frozen=True, slots=True)
class Part:
    """The contents of a block: arguments by name, nested blocks by their type's name in the order written."""

    arguments: Mapping[str, Given]
    blocks: Mapping[str, tuple[Nested, ...]]


@dataclass(frozen=True, slots=True)
class Nested:
    """A nested block: its declaration, its label (empty without one), its contents; `dynamic` where it is one."""

    type: BlockType
    label: str
    part: Part
    range: Range
    dynamic: Dynamic | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A `validation`, `precondition`, `postcondition` or `assert`: the condition and what is said when it fails."""

    condition: Compiled
    error_message: Compiled
    range: Range


@dataclass(frozen=True, slots=True)
class LifecycleBlock:
    """`lifecycle { … }` as written; absent arguments are None. `ignore_changes` are dotted paths, or `("all",)`."""

    prevent_destroy: Compiled | None = None
    replace: Compiled | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_triggered_by: tuple[Compiled, ...] = ()
    preconditions: tuple[Condition, ...] = ()
    postconditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Meta:
    """The meta-arguments of a block.

    `provider` is the provider configuration's name in this module (`libvirt.site`); where that is one for each of a
    collection, and which follows from an expression, `provider_key` is that.
    """

    count: Compiled | None = None
    for_each: Compiled | None = None
    depends_on: tuple[Reference, ...] = ()
    provider: Reference | None = None
    provider_key: Compiled | None = None
    timeouts: Mapping[str, Compiled] = field(default_factory=dict)
    lifecycle: LifecycleBlock = field(default_factory=LifecycleBlock)


@dataclass(frozen=True, slots=True)
class MemberBlock:
    """`head { … }` or `workers "ROLE" { … }` of a cluster. `role` is `head` or the label.

    `part` holds what a workspace takes and what only members take (`after`, `provides`, `requires`, `update`).
    """

    role: str
    part: Part
    meta: Meta
    range: Range


@dataclass(frozen=True, slots=True)
class ResourceBlock:
    """A block of a kind: `workspace "login" { … }`; for a cluster also its members, head first."""

    kind: Kind
    name: str
    part: Part
    meta: Meta
    range: Range
    members: tuple[MemberBlock, ...] = ()

    @property
    def key(self) -> str:
        """`kind.name`, unique in its module."""
        return f"{self.kind.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class DataBlock:
    """`data "KIND" "NAME" { … }`: something that is read and not made. `kind` is declared in `vwplan.kinds.sources`."""

    kind: Kind
    name: str
    part: Part
    meta: Meta
    range: Range

    @property
    def key(self) -> str:
        """`kind.name`, unique among the data blocks of its module."""
        return f"{self.kind.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class VariableBlock:
    """`variable "NAME" { … }`. `default` is None when there is none (the value is required), converted already.

    `literal` tells that text from the command line is the value itself: its type is a primitive one, or not told.
    `type_defaults` has the defaults within the type, to be applied before a value is converted; None where there are none.
    """

    name: str
    type: Type
    default: Value | None
    has_default: bool
    description: str
    nullable: bool
    sensitive: bool
    ephemeral: bool
    validations: tuple[Condition, ...]
    range: Range
    type_defaults: Defaults | None = None
    literal: bool = False


@dataclass(frozen=True, slots=True)
class LocalValue:
    """One entry of a `locals` block."""

    name: str
    value: Compiled
    range: Range


@dataclass(frozen=True, slots=True)
class OutputBlock:
    """`output "NAME" { … }`."""

    name: str
    value: Compiled
    description: str
    sensitive: bool
    ephemeral: bool
    depends_on: tuple[Reference, ...]
    preconditions: tuple[Condition, ...]
    range: Range


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """`module "NAME" { … }`: the called module, its inputs, its meta-arguments.

    `providers` maps a provider name inside the called module to the one outside; `provider_keys` has, for those of which
    there is one for each of a collection, the expression that says which.
    """

    name: str
    module: Module
    inputs: Mapping[str, Compiled]
    meta: Meta
    providers: Mapping[str, Reference]
    range: Range
    provider_keys: Mapping[str, Compiled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderBlock:
    """`provider "TYPE" { … }`: its type, alias (empty for the default one), and what it says: settings, limits and hosts."""

    type: str
    alias: str
    part: Part
    range: Range
    for_each: Compiled | None = None

    @property
    def key(self) -> str:
        """`libvirt` or `libvirt.site`."""
        return f"{self.type}.{self.alias}" if self.alias else self.type


@dataclass(frozen=True, slots=True)
class MovedBlock:
    """`moved { from, to }`: addresses as references."""

    source: Reference
    target: Reference
    range: Range


@dataclass(frozen=True, slots=True)
class RemovedBlock:
    """`removed { from, lifecycle { destroy } }`."""

    source: Reference
    destroy: bool
    range: Range


@dataclass(frozen=True, slots=True)
class ImportBlock:
    """`import { to, id, for_each }`.

    `target_key` is the last key where it is an expression; `keys` are those on the way there, by what stands for them in `target`.
    """

    target: Reference
    id: Compiled
    for_each: Compiled | None
    range: Range
    target_key: Compiled | None = None
    keys: Mapping[str, Compiled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckBlock:
    """`check "NAME" { data …, assert … }`."""

    name: str
    asserts: tuple[Condition, ...]
    data: tuple[DataBlock, ...]
    range: Range


@dataclass(frozen=True, slots=True)
class Module:
    """One module's own blocks, by name. `directory` is where its files are; `path` the call names from the root."""

    path: tuple[str, ...]
    directory: str
    variables: Mapping[str, VariableBlock]
    locals: Mapping[str, LocalValue]
    outputs: Mapping[str, OutputBlock]
    calls: Mapping[str, ModuleCall]
    resources: Mapping[str, ResourceBlock]
    data: Mapping[str, DataBlock]
    providers: Mapping[str, ProviderBlock]
    moved: tuple[MovedBlock, ...] = ()
    removed: tuple[RemovedBlock, ...] = ()
    imports: tuple[ImportBlock, ...] = ()
    checks: tuple[CheckBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The `vwplan { … }` block: the default provider's key, and where state is kept (`local`, or another store's)."""

    required_version: str = ""
    provider: str = ""
    state: str = "local"
    state_arguments: Mapping[str, object] = field(default_factory=dict)
    encryption: Encryption | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A root module with all that it calls. `digest` is over every file read; `warnings` did not stop the loading."""

    root: Module
    settings: Settings
    digest: str
    warnings: tuple[Diagnostic, ...] = ()
