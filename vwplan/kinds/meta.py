"""Meta-arguments: what every block of a kind takes besides its own, declared like everything else."""

from __future__ import annotations

from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Unit
from vwplan.values import BOOL, DYNAMIC, NUMBER, STRING, ListType

STEPS = {
    "stage": "How long it may take to bring an image to a host.",
    "create": "How long it may take to make it.",
    "update": "How long a change of it may take.",
    "power": "How long it may take to start, pause or stop it.",
    "release": "How long it may take to let go of volumes and networks that are made anew.",
    "attach": "How long it may take to attach those that were.",
    "deliver": "How long it may take to bring it a new roster.",
    "delete": "How long it may take to delete it.",
}
"""The steps whose duration `timeouts` may bound, each with what it says of it."""

COUNT = Argument("count", NUMBER, "How many alike; count.index tells them apart.", Effect.RECORD, planned=True)
FOR_EACH = Argument(
    "for_each",
    DYNAMIC,
    "A map or a set of strings: one for each; each.key and each.value tell them apart.",
    Effect.RECORD,
    planned=True,
)
DEPENDS_ON = Argument("depends_on", ListType(DYNAMIC), "What must be done before this is begun.", Effect.RECORD)
PROVIDER = Argument("provider", DYNAMIC, "The provider configuration that makes it.", Effect.REPLACE, planned=True)

ERROR_MESSAGE = Argument("error_message", STRING, "What is said where it does not.", Effect.RECORD, required=True)
"""Made a text only where the condition does not hold: before that it may be anything."""

CONDITION_ARGUMENTS = (
    Argument("condition", BOOL, "What must hold.", Effect.RECORD, required=True),
    ERROR_MESSAGE,
)

TIMEOUTS = BlockType(
    "timeouts",
    "How long each step may take.",
    Effect.RECORD,
    arguments=tuple(
        Argument(step, NUMBER, doc, Effect.RECORD, unit=Unit.DURATION, planned=True, least=1)
        for step, doc in STEPS.items()
    ),
)

LIFECYCLE = BlockType(
    "lifecycle",
    "What may happen to it.",
    Effect.RECORD,
    arguments=(
        Argument(
            "prevent_destroy", BOOL, "Whether a plan that would destroy it is an error.", Effect.RECORD, planned=True
        ),
        Argument(
            "ignore_changes",
            ListType(DYNAMIC),
            "Arguments whose changes are not carried out: paths, or all.",
            Effect.RECORD,
        ),
        Argument(
            "replace_triggered_by",
            ListType(DYNAMIC),
            "What makes it be made anew whenever it changes.",
            Effect.RECORD,
        ),
        Argument(
            "replace",
            STRING,
            "Whether it may be destroyed to be made anew: allow, ask (a second yes), never (a plan error).",
            Effect.RECORD,
            default="allow",
            planned=True,
            choices=("allow", "ask", "never"),
        ),
    ),
    blocks=(
        BlockType(
            "precondition",
            "What must hold before anything is done to it.",
            Effect.RECORD,
            arguments=CONDITION_ARGUMENTS,
            repeated=True,
        ),
        BlockType(
            "postcondition",
            "What must hold once it is there; self is the object.",
            Effect.RECORD,
            arguments=CONDITION_ARGUMENTS,
            repeated=True,
        ),
    ),
    absent=(
        Absent(
            "create_before_destroy",
            "The order follows from what old and new both claim: where they share nothing, the new one comes first. "
            'Leave it out; replace = "ask" or "never" says whether it may be replaced at all.',
            later=False,
        ),
    ),
)

META_ARGUMENTS = (COUNT, FOR_EACH, DEPENDS_ON, PROVIDER)
META_BLOCKS = (TIMEOUTS, LIFECYCLE)
MEMBER_ARGUMENTS = {"head": (DEPENDS_ON, PROVIDER), "workers": META_ARGUMENTS}
"""The meta-arguments of the members of a cluster, by their block; they take all `META_BLOCKS`."""

_PROVISIONING = "Say what is to be in the guest with user_data, packages, file and service."

META_ABSENT = (
    Absent("provisioner", _PROVISIONING, later=False),
    Absent("connection", _PROVISIONING, later=False),
    Absent("create_before_destroy", LIFECYCLE.absent[0].say, later=False),
)
"""Blocks of Terraform that have no place here."""
