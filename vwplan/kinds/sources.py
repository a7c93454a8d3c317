"""What `data` blocks may read: declared as kinds are, though nothing is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vwplan.kinds.model import Absent, Argument, Effect, Fact, Kind, Phase
from vwplan.values import BOOL, DYNAMIC, NUMBER, STRING, ListType, ObjectType


def _given(name: str, doc: str, *, required: bool = False) -> Argument:
    return Argument(name, STRING, doc, Effect.RECORD, required=required, planned=True)


def _told(name: str, type: object, doc: str) -> Fact:
    return Fact(name, type, doc, Phase.SEEN)  # type: ignore[arg-type]


_NAME = _given("name", "Its name on the hypervisor.")
_ID = _given("id", "Its identity: the UUID that the hypervisor knows it by.")
_STATUS = _told("status", STRING, "What it does, in the hypervisor's words.")
_OURS = _told("stack_address", STRING, "Its address in the stack that made it; empty for what no stack made.")
_HOST = _given("host", "The host of a pool that it is on, by its label. Left out: whichever has it.")
_ONE = (("name", "id"),)

_NIC = ObjectType({"network": STRING, "mac": STRING})

SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "host",
                "A host of a provider, as it is now.",
                arguments=(_given("host", "Which host of a pool, by its label."),),
                facts=(
                    _told("id", STRING, "The hypervisor's own UUID."),
                    _told("name", STRING, "Its name in the plan, such as libvirt/default."),
                    _told("cpus", NUMBER, "How many processors it has."),
                    _told("memory", NUMBER, "How much memory it has, in MiB."),
                    _told("accelerator", STRING, "What runs guests: kvm, tcg and so on; empty where it is not known."),
                    _told("version", STRING, "The hypervisor's version."),
                    _told("ranges", ListType(STRING), "The ranges of addresses in use there."),
                    _told("images", ListType(STRING), "The ids of the images that are there whole."),
                ),
            ),
            Kind(
                "image",
                "An image that a host has already.",
                arguments=(_given("id", "Its id: sha256: and its digest.", required=True), _HOST),
                facts=(
                    _told("digest", STRING, "Its digest in hexadecimal."),
                    _told("is_there", BOOL, "Whether the host has it whole; of a pool, whether any has."),
                ),
            ),
            Kind(
                "network",
                "A network on a host, whoever made it.",
                arguments=(_NAME, _ID, _HOST),
                facts=(
                    _told("cidr", STRING, "The range of its addresses; null for one without."),
                    _told("mode", STRING, "How it reaches the world."),
                    _told("bridge_name", STRING, "The bridge on the host."),
                    _told("gateway", STRING, "The host's own address in it; null for one without."),
                    _told("domain", STRING, "The domain of the names of its machines, if it has one."),
                    _told("mtu", NUMBER, "The largest packet, if it says so."),
                    _STATUS,
                    _OURS,
                ),
                any_of=_ONE,
            ),
            Kind(
                "volume",
                "A volume on a host that vwplan made, in this stack or another.",
                arguments=(_NAME, _ID, _HOST),
                facts=(
                    _told("size", NUMBER, "How large it is, in MiB."),
                    _told("format", STRING, "How it is laid out."),
                    _told("path", STRING, "Where it is on the host."),
                    _STATUS,
                    _OURS,
                ),
                any_of=_ONE,
            ),
            Kind(
                "workspace",
                "A machine on a host, whoever made it.",
                arguments=(_NAME, _ID, _HOST),
                facts=(
                    _told("power", STRING, "running, paused or off."),
                    _told("cpus", NUMBER, "How many processors it has."),
                    _told("memory", NUMBER, "How much memory it has, in MiB."),
                    _told("nics", ListType(_NIC), "Its network interfaces: the id of the network, and the MAC."),
                    _STATUS,
                    _OURS,
                ),
                any_of=_ONE,
            ),
            Kind(
                "stack",
                "Another stack, as last applied.",
                arguments=(
                    _given("name", "The stack's name.", required=True),
                    _given("directory", "The folder of its spec, relative to this module. Left out: the same."),
                ),
                facts=(_told("outputs", DYNAMIC, "The outputs of its root module."),),
                absent=(Absent("provider", "A stack is no object of a provider.", later=False),),
            ),
        )
    }
)
"""What `data` may read, by kind: its arguments, and as facts what can be read of it."""
