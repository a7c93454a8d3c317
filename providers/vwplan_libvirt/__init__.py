"""The libvirt provider: real machines on QEMU, through libvirt.

Importing this package imports no libvirt: only opening a connection does, so that planning against other hosts, and most
tests, need none. Pure rooms in it: `naming`, `mark`, `domain_xml`, `network_xml`, `volume_xml`, `qcow2`, `seed`, `iso`.
"""

from __future__ import annotations

from vwplan.provider.api import Connection, HostConfiguration
from vwplan_libvirt.settings import SETTINGS


class Libvirt:
    """The provider object: opens connections to libvirt's daemons.

    Four calls at once: a machine's start is bound by processors, and more starts at once only make each one later.
    """

    name = "libvirt"
    settings = SETTINGS
    kinds = frozenset({"image", "network", "volume", "workspace"})
    slots = 4

    def open(self, host: HostConfiguration) -> Connection:
        """A connection to that host's daemon; `Unreachable`, saying what to do, when it does not answer."""
        from vwplan_libvirt.connection import open_connection

        return open_connection(host)


provider = Libvirt()
