"""How a kind is declared: its arguments, blocks, facts and claims, each told once.

Everything else comes from these declarations: validation, defaults, comparison, the plan's words (edit effects),
reference docs and the JSON Schemas in `schemas/`.
"""

from __future__ import annotations

from enum import Enum

from vwplan.dataclass import dataclass
from vwplan.values import Type


class Effect(Enum):
    """What editing an argument of an existing object costs, from least to most."""

    CREATE = "create"
    """Read when the object is made; a later edit changes nothing."""
    RECORD = "record"
    """Only our record changes."""
    LIVE = "live"
    """Changed while it runs."""
    RESTART = "restart"
    """A power cycle."""
    REPLACE = "replace"
    """The object is made anew."""


class Unit(Enum):
    """The unit that a number stands for, and how it may be written."""

    SIZE = "size"
    """Recorded as whole MiB; written "512 MiB", "2 GiB", "10 GB" or a whole number of MiB."""
    DURATION = "duration"
    """Recorded as whole seconds; written "90s", "90m", "8h", "7d" or a whole number of seconds."""


class Phase(Enum):
    """When a fact is known."""

    CHOSEN = "chosen"
    """Chosen when planning."""
    SEEN = "seen"
    """Read in bulk when observing."""
    ASKED = "asked"
    """Asked of the guest; never when planning."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A name that users may expect here and that is not taken: `say` tells why, or what to write instead.

    With `later` it belongs to the language but is not there in this version; `instead` is what to do until it is.
    """

    name: str
    say: str
    later: bool = True
    instead: str = "Leave it out."


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: what the spec says with `name = value`.

    `planned` arguments must be known when planning. `refers` names the kind that a ref(KIND) argument takes: its `id` is
    what is recorded and compared. `choices` are the only values allowed. `observed` tells that hypervisors report it,
    so that drift can be seen. `sensitive` values never appear in the clear. With a `unit` the type is `NUMBER`, which is
    what is recorded; text with the unit may be given in its place. `form` names a form of text (`vwplan.kinds.forms`) that
    the value, or each element of it, must have; `least` and `most` bound a number, which must be
    whole where `whole` says so. `later` are choices of the language that are not there in this version (`range`: a range
    to negotiate in place of a number).
    """

    name: str
    type: Type
    doc: str
    effect: Effect
    default: object = None
    required: bool = False
    unit: Unit | None = None
    planned: bool = False
    sensitive: bool = False
    refers: str = ""
    choices: tuple[str, ...] = ()
    observed: bool = False
    form: str = ""
    least: int | None = None
    most: int | None = None
    whole: bool = False
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockType:
    """A nested block: single (recorded as a dict or None), repeated (a list), or labelled (a dict by label).

    `label` is what the label means (such as `NAME` or `PATH`), empty for an unlabelled block; `label_form` names the form
    of text that it must have. `effect` is that of
    adding or removing the block as a whole. A block that is `implied` is as if written, empty, where it is left out. Of each
    group in `one_of` exactly one must be given. `absent` are names that are not taken here, with the reason.
    """

    name: str
    doc: str
    effect: Effect
    arguments: tuple[Argument, ...] = ()
    blocks: tuple[BlockType, ...] = ()
    label: str = ""
    label_form: str = ""
    repeated: bool = False
    required: bool = False
    implied: bool = False
    one_of: tuple[tuple[str, ...], ...] = ()
    absent: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what can be read as `kind.name.fact` but never said."""

    name: str
    type: Type
    doc: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class Kind:
    """A noun that a spec may declare.

    `claims` are the paths of arguments that at most one object can hold at a time on its host (name, cidr, address…):
    where an old and a new object share one, the old goes first. `is_object` is false for a template that makes
    nothing by itself (environment) and for an aggregate (cluster). Of each group in `any_of` at least one must be given.
    `absent` are names that are not taken here, with the reason.
    """

    name: str
    doc: str
    arguments: tuple[Argument, ...]
    blocks: tuple[BlockType, ...] = ()
    facts: tuple[Fact, ...] = ()
    claims: tuple[str, ...] = ()
    is_object: bool = True
    any_of: tuple[tuple[str, ...], ...] = ()
    absent: tuple[Absent, ...] = ()
