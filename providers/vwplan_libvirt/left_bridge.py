"""Starting a network over what a libvirtd left that died while starting it: a bridge and a dnsmasq that nothing knows, which hold its
range.

libvirt itself cannot take those away, and refuses to start the network for good. Only a bridge whose name derives from the
network's own identity, and that has no port, is ever touched, and only a dnsmasq that was started for that bridge.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import time
from contextlib import suppress
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
_ENDING_SECONDS = 10.0


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
                f"it. Remove it on the host (ip link delete {bridge}) with the dnsmasq that serves it, and apply again. "
                f"{text_of(error)}",
            ) from error
        network.create()


def take_away_bridge(host: Host, bridge: str) -> bool:
    """Remove a bridge that no network has, and the dnsmasq that serves it; whether there was anything, and it could be removed.

    It can where it is on this machine, and nothing is plugged into it.
    """
    if not host.settings.is_local:
        return False
    ports = Path("/sys/class/net") / bridge / "brif"
    if ports.is_dir() and any(ports.iterdir()):
        return False
    # First of all: it would listen at once where the next one wants to.
    ended = _end_dnsmasq(bridge)
    return _deleted(bridge) if ports.is_dir() else ended


def _deleted(bridge: str) -> bool:
    name = bridge.encode()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", name, 0))
            fcntl.ioctl(any_socket, _DELETE_BRIDGE, struct.pack("16s", name))
    except OSError:
        return False
    return True


def _end_dnsmasq(bridge: str) -> bool:
    """End every dnsmasq that a libvirtd started for a bridge; whether there was one, and none is left."""
    found = _serving(bridge)
    for process in found:
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + _ENDING_SECONDS
    while left := _serving(bridge):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02 * len(left))
    return bool(found)


def _serving(bridge: str) -> list[int]:
    """Each dnsmasq that was started for a bridge: libvirt tells it so in its environment, which goes when it has ended."""
    mark = f"VIR_BRIDGE_NAME={bridge}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_dnsmasq = (process / "comm").read_text() == "dnsmasq\n"
            if is_dnsmasq and mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found
