"""Hosts for the tests of the libvirt provider, and the smallest image there can be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vwplan.provider import Connection, HostConfiguration, find

URI = os.environ.get("VWPLAN_TEST_LIBVIRT_URI", "")
"""A libvirt that runs real machines; empty where there is none."""
POOL = "vwplan-test"


def host(uri: str, directory: Path, **settings: Any) -> Callable[[], Connection]:
    """What opens connections to a host."""
    configuration = HostConfiguration("libvirt", "default", {"uri": uri, **settings}, str(directory))
    return lambda: find("libvirt").open(configuration)


def foreign_network(uri: str) -> Callable[[str, str], Callable[[], object]]:
    """Makes a network by libvirt's own means, as somebody without vwplan would."""
    import libvirt

    def make(name: str, address: str) -> Callable[[], object]:
        connection = libvirt.open(uri)
        bridge = f"vwf{name[-6:]}"
        network = connection.networkDefineXML(
            f"<network><name>{name}</name><bridge name='{bridge}'/><ip address='{address}' prefix='24'/></network>"
        )
        return lambda: (network.undefine(), connection.close())

    return make


def small_image(folder: Path) -> tuple[Path, str]:
    """A disk of 1 MiB that nothing can boot from, and its digest."""
    path = folder / "empty.raw"
    path.write_bytes(bytes(1 << 20))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()
