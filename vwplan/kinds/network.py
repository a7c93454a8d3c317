"""The kind `network`: what workspaces reach each other through."""

from __future__ import annotations

from vwplan.kinds.model import Argument, BlockType, Effect, Fact, Kind, Phase
from vwplan.values import BOOL, NUMBER, STRING, ListType

DNS = BlockType(
    "dns",
    "The network's own name server.",
    Effect.REPLACE,
    arguments=(
        Argument(
            "enabled", BOOL, "Whether machines are told of a name server on the network.", Effect.REPLACE, default=True
        ),
        Argument(
            "forwarders",
            ListType(STRING),
            "Addresses of name servers to pass questions on to. Left out: the host's own.",
            Effect.REPLACE,
            form="address",
        ),
    ),
)

NETWORK = Kind(
    "network",
    "What workspaces reach each other through. It gives each of them the address that was chosen for it.",
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
            "cidr",
            STRING,
            "The range of its addresses. Left out: one that is free on the host is chosen, and kept.",
            Effect.REPLACE,
            planned=True,
            observed=True,
            form="cidr",
        ),
        Argument(
            "mode",
            STRING,
            "How it reaches the world: nat (out, not in), isolated (not at all), routed (both ways), bridge (it is one "
            "of the host's bridges, named by bridge).",
            Effect.REPLACE,
            default="nat",
            planned=True,
            choices=("nat", "isolated", "bridge", "routed"),
            observed=True,
        ),
        Argument(
            "bridge",
            STRING,
            "The bridge on the host: the one to use in mode bridge, else the name of the one to make. Left out: chosen.",
            Effect.REPLACE,
            planned=True,
            observed=True,
            form="interface",
        ),
        Argument(
            "domain",
            STRING,
            "The domain of the names of its machines.",
            Effect.REPLACE,
            observed=True,
            form="domain",
        ),
        Argument(
            "mtu",
            NUMBER,
            "The largest packet, in bytes.",
            Effect.REPLACE,
            observed=True,
            least=576,
            most=65535,
            whole=True,
        ),
    ),
    blocks=(DNS,),
    facts=(
        Fact("id", STRING, "Its identity.", Phase.CHOSEN),
        Fact("bridge_name", STRING, "The bridge on the host.", Phase.CHOSEN),
        Fact("gateway", STRING, "The host's own address in it.", Phase.CHOSEN),
    ),
    claims=("name", "cidr", "bridge"),
)
