"""The blocks of the language that are no kinds: variables, outputs, modules and the like, declared as kinds are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vwplan.kinds.hosts import HOST, LABELS, LIMITS
from vwplan.kinds.meta import CONDITION_ARGUMENTS, COUNT, DEPENDS_ON, FOR_EACH
from vwplan.kinds.model import Absent, Argument, BlockType, Effect
from vwplan.values import BOOL, DYNAMIC, STRING, ListType


def _argument(name: str, type: object, doc: str, *, required: bool = False) -> Argument:
    return Argument(name, type, doc, Effect.RECORD, required=required)  # type: ignore[arg-type]


def _condition(name: str, doc: str) -> BlockType:
    return BlockType(name, doc, Effect.RECORD, CONDITION_ARGUMENTS, repeated=True)


_DESCRIPTION = _argument("description", STRING, "What it is, for people.")
_SENSITIVE = _argument("sensitive", BOOL, "Whether its value is never shown.")
_EPHEMERAL = _argument("ephemeral", BOOL, "Whether its value is never kept.")

VARIABLE = BlockType(
    "variable",
    "An input of the module.",
    Effect.RECORD,
    arguments=(
        _argument("type", DYNAMIC, "Its type, as a type constraint such as list(string). Left out: any."),
        _argument("default", DYNAMIC, "Its value where none is given. Left out: one must be given."),
        _DESCRIPTION,
        _argument("nullable", BOOL, "Whether it may be null; true by default."),
        _SENSITIVE,
        _EPHEMERAL,
    ),
    blocks=(_condition("validation", "What must hold of its value."),),
    label="NAME",
)

LOCALS = BlockType("locals", "Names for values.", Effect.RECORD)

OUTPUT = BlockType(
    "output",
    "A value that the module gives to whoever calls it.",
    Effect.RECORD,
    arguments=(
        _argument("value", DYNAMIC, "The value.", required=True),
        _DESCRIPTION,
        _SENSITIVE,
        _EPHEMERAL,
        DEPENDS_ON,
    ),
    blocks=(_condition("precondition", "What must hold before the value is given."),),
    label="NAME",
)

MODULE = BlockType(
    "module",
    "A call of another module. Further arguments are its variables.",
    Effect.RECORD,
    arguments=(
        _argument("source", STRING, "Where it is: a path that starts with ./ or ../.", required=True),
        COUNT,
        FOR_EACH,
        DEPENDS_ON,
        _argument("providers", DYNAMIC, "By name inside, the provider configuration outside."),
    ),
    label="NAME",
    absent=(Absent("version", "A local module has no version: leave it out.", later=False),),
)

PROVIDER = BlockType(
    "provider",
    "How hypervisors are reached. Further arguments are the provider's own.",
    Effect.RECORD,
    arguments=(
        _argument("alias", STRING, "A name for it, where there are several of its type."),
        _argument("for_each", DYNAMIC, "A map or a set of strings: a host or a pool for each, TYPE.ALIAS[each.key]."),
        LABELS,
    ),
    blocks=(LIMITS, HOST),
    label="TYPE",
)

STATE = BlockType("state", "Where state is kept.", Effect.RECORD, label="STORE")

_KEYS = (
    BlockType(
        "passphrase",
        "A sentence that is made into a key.",
        Effect.RECORD,
        arguments=(
            _argument(
                "variable", STRING, "The environment variable that holds it, or with _FILE its file: VW_PASSPHRASE."
            ),
        ),
    ),
    BlockType(
        "key_file",
        "32 random bytes in base64 in a file that only its owner may read.",
        Effect.RECORD,
        arguments=(_argument("path", STRING, "The file, from the folder of the spec.", required=True),),
    ),
    BlockType(
        "program",
        "A program that prints 32 random bytes in base64; no shell is involved.",
        Effect.RECORD,
        arguments=(_argument("command", ListType(STRING), "The program and its arguments.", required=True),),
    ),
)

ENCRYPTION = BlockType(
    "encryption",
    "How state and plans are encrypted where they lie.",
    Effect.RECORD,
    arguments=(_argument("enforced", BOOL, "Whether nothing in the clear is read or written."),),
    blocks=(
        *_KEYS,
        BlockType("fallback", "Another key, with which is read but not written.", Effect.RECORD, blocks=_KEYS),
    ),
)

VWPLAN = BlockType(
    "vwplan",
    "Settings of the stack.",
    Effect.RECORD,
    arguments=(
        _argument("required_version", STRING, 'The versions of vwplan that may read it, such as ">= 0.1, < 2".'),
        _argument("provider", DYNAMIC, "The default provider, where several are not aliased."),
    ),
    blocks=(STATE, ENCRYPTION),
    absent=(
        Absent(
            "backend",
            'A store for the state is state "postgres" { conninfo = … }; without one it is in files beside the spec.',
            later=False,
        ),
        Absent("cloud", "There is no service around vwplan: leave it out.", later=False),
        Absent(
            "required_providers",
            "Providers are installed beside vwplan and not fetched: leave it out. A provider block configures one.",
            later=False,
        ),
    ),
)

MOVED = BlockType(
    "moved",
    "An address that was, and the one that it is now.",
    Effect.RECORD,
    arguments=(
        _argument("from", DYNAMIC, "The old address.", required=True),
        _argument("to", DYNAMIC, "The new address.", required=True),
    ),
)

REMOVED = BlockType(
    "removed",
    "An address that is not wanted any more.",
    Effect.RECORD,
    arguments=(_argument("from", DYNAMIC, "The address, without keys.", required=True),),
    blocks=(
        BlockType(
            "lifecycle",
            "What becomes of the objects.",
            Effect.RECORD,
            arguments=(_argument("destroy", BOOL, "Whether they are destroyed, or only forgotten.", required=True),),
        ),
    ),
)

IMPORT = BlockType(
    "import",
    "An object that exists, and the address under which it is to be recorded.",
    Effect.RECORD,
    arguments=(
        _argument("to", DYNAMIC, "The address.", required=True),
        _argument("id", STRING, "[HOST/]UUID-or-name; of volumes [HOST/]POOL/NAME.", required=True),
        FOR_EACH,
    ),
)

CHECK = BlockType(
    "check",
    "Conditions that are looked at after everything else and only warn.",
    Effect.RECORD,
    blocks=(_condition("assert", "What ought to hold."),),
    label="NAME",
)

DATA = BlockType("data", "Something that is read and not made.", Effect.RECORD, label="KIND NAME")

TOP: tuple[BlockType, ...] = (
    VWPLAN,
    PROVIDER,
    VARIABLE,
    LOCALS,
    OUTPUT,
    MODULE,
    DATA,
    MOVED,
    REMOVED,
    IMPORT,
    CHECK,
)
"""The blocks that a file may have besides those of kinds."""

OPEN = frozenset({"host", "locals", "module", "provider", "state"})
"""Blocks that take arguments of any name."""

RESERVED: Mapping[str, str] = MappingProxyType(
    {
        name: f'"{name}" is reserved for a later version of the language.'
        for name in ("ephemeral", "policy", "secret", "snapshot", "pool", "test", "run", "site")
    }
)
"""Block types that are kept for later, each with what is said of it."""

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "terraform": "Settings of a stack are in the vwplan block: required_version, provider, state.",
        "resource": 'A block here begins with its kind: workspace "NAME", cluster "NAME", network "NAME", volume "NAME", '
        'image "NAME" or environment "NAME".',
        "provisioner": "Say what is to be in the guest with user_data, packages, file and service.",
        "connection": "Nothing here logs in to set a guest up; user_data, packages, file and service do that.",
    }
)
"""Block types of Terraform that are refused, each with what to use."""
