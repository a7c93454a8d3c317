"""Starting a network over what a libvirtd left that died while starting it: a bridge that nothing knows, which holds its range.

libvirt itself cannot take such a bridge away, and refuses to start the network for good. Only a bridge whose name derives from
the network's own identity, and that has no port, is ever touched.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path
from typing import Any

import libvirt

from vwplan.provider.api import Refused
from vwplan_libvirt.errors import text_of
from vwplan_libvirt.host import Host
from vwplan_libvirt.naming import bridge_of

_SET_FLAGS = 0x8914
"""`SIOCSIFFLAGS` of Linux."""
_DELETE_BRIDGE = 0x89A1
"""`SIOCBRDELBR` of Linux."""


def start_network(host: Host, network: Any) -> None:
    """Start a network that is stopped; of one that runs, or that somebody starts just now, succeeds."""
    if network.isActive():
        return
    try:
        network.create()
    except libvirt.libvirtError as error:
        if network.isActive():
            return
        bridge = bridge_of(network.UUIDString())
        if bridge not in str(error):
            raise
        if not take_away_bridge(host, bridge):
            raise Refused(
                "A bridge is left over",
                f"A libvirtd that died while starting the network {network.name()} left its bridge, and the new one does not know "
                f"it. Remove it on the host (ip link delete {bridge}), and apply again. {text_of(error)}",
            ) from error
        network.create()


def take_away_bridge(host: Host, bridge: str) -> bool:
    """Remove a bridge that no network has; whether it could be: it is on this machine, and nothing is plugged into it."""
    ports = Path("/sys/class/net") / bridge / "brif"
    if not host.settings.is_local or not ports.is_dir() or any(ports.iterdir()):
        return False
    name = bridge.encode()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", name, 0))
            fcntl.ioctl(any_socket, _DELETE_BRIDGE, struct.pack("16s", name))
    except OSError:
        return False
    return True
