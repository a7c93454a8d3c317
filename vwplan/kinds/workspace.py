"""The kind `workspace`: one machine, made available on request."""

from __future__ import annotations

from vwplan.kinds import environment
from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Fact, Kind, Phase, Unit
from vwplan.values import BOOL, NUMBER, STRING, ListType, MapType

NAMES = (
    Argument(
        "name",
        STRING,
        "The hypervisor's name for it. Left out: derived from the stack, the address and the identity.",
        Effect.REPLACE,
        planned=True,
        form="name",
    ),
    Argument(
        "hostname",
        STRING,
        "The guest's own name. Left out: the label, with the key behind it; of members, the cluster's and the role's.",
        Effect.REPLACE,
        planned=True,
        form="hostname",
    ),
)

ARGUMENTS = (
    Argument(
        "environment",
        STRING,
        "The environment whose arguments and blocks stand in for those that are not given here.",
        Effect.RECORD,
        planned=True,
        refers="environment",
    ),
    Argument(
        "power",
        STRING,
        "What it is to be doing: compared at every plan.",
        Effect.LIVE,
        default="running",
        planned=True,
        choices=("running", "paused", "off"),
        later=("saved", "staged"),
        observed=True,
    ),
    Argument(
        "on_destroy",
        STRING,
        "What becomes of it when the spec no longer wants it: destroy it, or shut it down or pause it and keep it. A "
        "replacement always destroys the old one.",
        Effect.RECORD,
        default="destroy",
        planned=True,
        choices=("destroy", "shutdown", "pause"),
    ),
    Argument("tags", MapType(STRING), "Words of your own about it, kept in our record.", Effect.RECORD),
    *environment.ARGUMENTS,
)

RESOURCES = BlockType(
    "resources",
    "The allocation request: how much of the host it takes.",
    Effect.RESTART,
    implied=True,
    arguments=(
        Argument(
            "cpus",
            NUMBER,
            "How many processors.",
            Effect.RESTART,
            default=1,
            planned=True,
            observed=True,
            least=1,
            most=1024,
            whole=True,
            later=("range",),
        ),
        Argument(
            "memory",
            NUMBER,
            "How much memory.",
            Effect.RESTART,
            default=512,
            unit=Unit.SIZE,
            planned=True,
            observed=True,
            least=16,
            later=("range",),
        ),
        Argument(
            "disk",
            NUMBER,
            "How large its own disk is. It may grow while it runs; shrinking is refused. Left out: as large as its image.",
            Effect.LIVE,
            unit=Unit.SIZE,
            planned=True,
            observed=True,
            least=1,
        ),
    ),
)

NIC = BlockType(
    "nic",
    "A network interface. The first one's address is the machine's own.",
    Effect.RESTART,
    repeated=True,
    arguments=(
        Argument(
            "network",
            STRING,
            "The network that it is on.",
            Effect.RESTART,
            required=True,
            planned=True,
            refers="network",
            observed=True,
        ),
        Argument(
            "address",
            STRING,
            "Its address, inside the network. Left out: chosen when planning, and kept.",
            Effect.RESTART,
            planned=True,
            form="address",
        ),
        Argument(
            "mac",
            STRING,
            "Its hardware address. Left out: chosen when planning, and kept.",
            Effect.RESTART,
            planned=True,
            observed=True,
            form="mac",
        ),
    ),
)

DISK = BlockType(
    "disk",
    "A volume that is attached to it, in the order given.",
    Effect.RESTART,
    repeated=True,
    arguments=(
        Argument(
            "volume", STRING, "The volume.", Effect.RESTART, required=True, planned=True, refers="volume", observed=True
        ),
    ),
)

_READY = "Wait for agent, tcp, ssh or console."

READY = BlockType(
    "ready",
    "When it counts as ready: once all that is given here holds. Left out: when it runs, and for members of a cluster "
    "when the guest agent answers.",
    Effect.RECORD,
    arguments=(
        Argument("agent", BOOL, "The guest agent answers.", Effect.RECORD),
        Argument(
            "tcp",
            NUMBER,
            "Something listens on this TCP port of its address.",
            Effect.RECORD,
            least=1,
            most=65535,
            whole=True,
        ),
        Argument("ssh", BOOL, "An SSH server greets on port 22.", Effect.RECORD),
        Argument(
            "console",
            STRING,
            "What it wrote to its serial console since it booted matches this regular expression.",
            Effect.RECORD,
            form="regex",
        ),
        Argument(
            "timeout",
            NUMBER,
            "How long to wait before it counts as failed.",
            Effect.RECORD,
            default=300,
            unit=Unit.DURATION,
            least=1,
        ),
    ),
    absent=(
        Absent("dhcp", "Waiting for a DHCP lease", instead=_READY),
        Absent("exec", "Waiting for a command in the guest", instead=_READY),
        Absent("cloud_init", "Waiting for cloud-init", instead=_READY),
    ),
)

PLACEMENT = BlockType(
    "placement",
    "Which host of a pool it is on. Where it is already stays where that is one of those it may be on.",
    Effect.RECORD,
    arguments=(
        Argument("host", STRING, "The one host, by its label.", Effect.RECORD, planned=True, form="host"),
        Argument("labels", MapType(STRING), "A host that has all of these labels.", Effect.RECORD, planned=True),
        Argument(
            "spread",
            STRING,
            "Keep it from others of its block or role: a label, over whose values they are spread, or host.",
            Effect.RECORD,
            planned=True,
        ),
        Argument("near", BOOL, "Rather a host that has the image already.", Effect.RECORD, planned=True),
    ),
)

BLOCKS = (RESOURCES, NIC, DISK, READY, PLACEMENT, *environment.BLOCKS)

ABSENT = (
    Absent("lease", "A lease"),
    Absent("copy_of", "A copy of another workspace"),
    Absent("start_from", "Starting from saved memory"),
    *environment.ABSENT,
)

FACTS = (
    Fact("id", STRING, "Its identity.", Phase.CHOSEN),
    Fact("address", STRING, "The address of its first network interface.", Phase.CHOSEN),
    Fact("addresses", ListType(STRING), "The addresses of all its network interfaces.", Phase.CHOSEN),
    Fact("mac", STRING, "The hardware address of its first network interface.", Phase.CHOSEN),
    Fact("host", STRING, "The host that it is on.", Phase.CHOSEN),
    Fact("ssh_host_key", STRING, "The public SSH key that it identifies itself by.", Phase.CHOSEN),
    Fact("status", STRING, "What it is doing, in the hypervisor's words.", Phase.SEEN),
    Fact("is_ready", BOOL, "Whether it has become ready since it was last started.", Phase.ASKED),
)

WORKSPACE = Kind(
    "workspace",
    "An atomic workspace: one machine, or with count or for_each several alike.",
    arguments=NAMES + ARGUMENTS,
    blocks=BLOCKS,
    facts=FACTS,
    claims=("name", "nic.address", "nic.mac", "disk.volume"),
    any_of=(("environment", "image"),),
    absent=ABSENT,
)
