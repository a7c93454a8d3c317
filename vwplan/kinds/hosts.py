"""Hosts of a provider: what a `host` block and its limits say, beside the provider's own settings."""

from __future__ import annotations

from dataclasses import replace

from vwplan.kinds.model import Argument, BlockType, Effect, Unit
from vwplan.values import NUMBER, STRING, MapType

LABELS = Argument("labels", MapType(STRING), "Words of its owner's about the host, for placement.", Effect.RECORD)

LIMITS = BlockType(
    "limits",
    "How much of the host may be in use in all: its owner's policy, enforced when planning. Left out: no bound.",
    Effect.RECORD,
    arguments=(
        Argument(
            "cpus",
            NUMBER,
            "How many processors its running machines may have.",
            Effect.RECORD,
            least=0,
            whole=True,
        ),
        Argument("memory", NUMBER, "How much memory its running machines may have.", Effect.RECORD, unit=Unit.SIZE),
        Argument(
            "workspaces",
            NUMBER,
            "How many workspaces may be there, running or not.",
            Effect.RECORD,
            least=0,
            whole=True,
        ),
    ),
)

HOST = BlockType(
    "host",
    "A host of a pool. Further arguments are the provider's own; what is left out is as the provider block says.",
    Effect.RECORD,
    arguments=(LABELS,),
    blocks=(LIMITS,),
    label="LABEL",
    label_form="host",
)


def with_hosts(settings: BlockType) -> BlockType:
    """What a provider block with these settings may say: the settings, labels and limits, and hosts that say any of it anew."""
    arguments = (*settings.arguments, LABELS)
    host = replace(HOST, arguments=arguments, blocks=(*settings.blocks, LIMITS))
    return replace(settings, arguments=arguments, blocks=(*settings.blocks, LIMITS, host))
