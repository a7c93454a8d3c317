"""The kind `volume`: a disk that outlives the machines it is attached to."""

from __future__ import annotations

from vwplan.kinds.model import Argument, Effect, Fact, Kind, Phase, Unit
from vwplan.values import BOOL, NUMBER, STRING

VOLUME = Kind(
    "volume",
    "A disk of its own, which outlives the workspaces that it is attached to.",
    arguments=(
        Argument(
            "name",
            STRING,
            "The hypervisor's name for it. Left out: derived from the stack, the address and the identity.",
            Effect.REPLACE,
            planned=True,
            form="name",
        ),
        Argument(
            "size",
            NUMBER,
            "How large it is. It may grow, while in use too; shrinking is refused. Left out: as large as its image.",
            Effect.LIVE,
            unit=Unit.SIZE,
            planned=True,
            observed=True,
            least=1,
        ),
        Argument(
            "image",
            STRING,
            "The image that it starts as. Left out: it is empty.",
            Effect.REPLACE,
            planned=True,
            refers="image",
        ),
        Argument(
            "format",
            STRING,
            "How it is laid out: qcow2 takes only the room that is used.",
            Effect.REPLACE,
            default="qcow2",
            planned=True,
            choices=("qcow2", "raw"),
            observed=True,
        ),
        Argument(
            "keep",
            BOOL,
            "Whether it stays, recorded as kept, when the spec no longer wants it. Nothing may replace a kept one.",
            Effect.RECORD,
            default=False,
            planned=True,
        ),
    ),
    facts=(
        Fact("id", STRING, "Its identity.", Phase.CHOSEN),
        Fact("path", STRING, "Where it is on the host.", Phase.SEEN),
    ),
    claims=("name",),
    any_of=(("size", "image"),),
)
