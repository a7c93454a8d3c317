"""The kind `cluster`: a head and its workers, which know each other."""

from __future__ import annotations

from vwplan.kinds import workspace
from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Fact, Kind, Phase
from vwplan.values import DYNAMIC, NUMBER, STRING, ListType, MapType, SetType

MEMBER_ARGUMENTS = (
    Argument(
        "after",
        ListType(STRING),
        "The head, or roles, that must be ready before it is made. Left out: the head, for workers.",
        Effect.RECORD,
        planned=True,
        form="role",
    ),
    Argument(
        "provides",
        MapType(STRING),
        "Roles that it offers to the cluster, each with a value.",
        Effect.RECORD,
        form="token",
    ),
    Argument(
        "requires",
        SetType(STRING),
        "Roles that it needs: whoever provides them is ready before it is made.",
        Effect.RECORD,
        planned=True,
        form="token",
    ),
)

UPDATE = BlockType(
    "update",
    "How changes roll over the members of the role.",
    Effect.RECORD,
    arguments=(
        Argument(
            "max_unavailable",
            NUMBER,
            "How many may be away at a time; each is ready again before the next is touched.",
            Effect.RECORD,
            required=True,
            planned=True,
            least=1,
            whole=True,
        ),
    ),
)

HEAD = BlockType(
    "head",
    "The one machine that the others follow.",
    Effect.REPLACE,
    arguments=workspace.NAMES + workspace.ARGUMENTS + MEMBER_ARGUMENTS,
    blocks=workspace.BLOCKS,
    required=True,
    absent=(
        *workspace.ABSENT,
        Absent("update", "A cluster has one head, so nothing rolls over it: update belongs in workers.", later=False),
    ),
)

WORKERS = BlockType(
    "workers",
    "A role of workers: one, or with count or for_each several alike.",
    Effect.REPLACE,
    arguments=HEAD.arguments,
    blocks=(*workspace.BLOCKS, UPDATE),
    label="ROLE",
    label_form="role",
    absent=workspace.ABSENT,
)

_OF_MEMBERS = "It belongs to members: write it in head or workers."

CLUSTER = Kind(
    "cluster",
    "An aggregate workspace: one head, and workers by role. All other arguments and blocks are defaults for its members.",
    arguments=workspace.ARGUMENTS,
    blocks=(*workspace.BLOCKS, HEAD, WORKERS),
    facts=(
        Fact("head", DYNAMIC, "The head, with the facts of a workspace.", Phase.CHOSEN),
        Fact(
            "workers",
            DYNAMIC,
            "By role, the list or map of its workers, each with the facts of a workspace.",
            Phase.CHOSEN,
        ),
        Fact(
            "roster",
            DYNAMIC,
            "All members, head first, each with name, hostname, role, key, address and addresses.",
            Phase.CHOSEN,
        ),
    ),
    is_object=False,
    absent=(
        *workspace.ABSENT,
        Absent("gang", "All or none of the members made in one apply"),
        *(
            Absent(name, _OF_MEMBERS, later=False)
            for name in ("name", "hostname", "after", "provides", "requires", "update")
        ),
    ),
)
