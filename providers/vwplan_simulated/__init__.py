"""The simulated provider: hypervisors without hardware, for trying specs, for tests, for very large plans.

It is strict where real hypervisors are careless: it refuses to delete what is in use and to make what refers to nothing.
Its world lies in one SQLite file a host, so that it outlives the process and a `kill -9`.
"""

from __future__ import annotations

from pathlib import Path

from vwplan.kinds.model import Argument, BlockType, Effect
from vwplan.provider.api import Connection, HostConfiguration
from vwplan.values import NUMBER, STRING, ListType


class Simulated:
    """The provider object: opens connections to worlds."""

    name = "simulated"
    kinds = frozenset({"image", "network", "volume", "workspace"})
    slots = 8
    settings = BlockType(
        "provider",
        "A hypervisor that is only pretended.",
        Effect.RECORD,
        arguments=(
            Argument("cpus", NUMBER, "How many processors the host pretends to have.", Effect.RECORD, default=64),
            Argument(
                "memory",
                NUMBER,
                "How much memory it pretends to have, in MiB.",
                Effect.RECORD,
                default=262144,
            ),
            Argument("delay", NUMBER, "How many seconds every action takes.", Effect.RECORD, default=0),
            Argument(
                "faults",
                ListType(STRING),
                'Faults to inject, each "fail|hang|kill VERB KIND NAME-PATTERN [after PART]".',
                Effect.RECORD,
            ),
        ),
    )

    def open(self, host: HostConfiguration) -> Connection:
        """A connection to the world of that host, made on first use; `Unreachable` while it is switched off."""
        from vwplan_simulated.connection import SimulatedConnection
        from vwplan_simulated.faults import read_faults
        from vwplan_simulated.world import World

        world = World(Path(host.directory), host.key)
        return SimulatedConnection(world, host.settings, read_faults(host.settings.get("faults") or ()))


provider = Simulated()
