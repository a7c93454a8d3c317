"""How the hosts of a run are reached: slots that are free to make a call, and whether a host still answers."""

from __future__ import annotations

from collections.abc import Mapping

from vwplan.engine.calls import OpenConnection, Slot
from vwplan.provider.api import HostConfiguration

LOST_AFTER = 2
"""How many calls in a row a host may fail to answer before no more of its steps are tried."""


class Reach:
    """The hosts of one run, by their keys. `uuids` are the hypervisors' own, as planned. For one thread."""

    __slots__ = ("_hosts", "_idle", "_open", "_silent", "_uuids")

    def __init__(
        self, hosts: Mapping[str, HostConfiguration], uuids: Mapping[str, str], open_connection: OpenConnection
    ) -> None:
        self._hosts = hosts
        self._uuids = uuids
        self._open = open_connection
        self._idle: dict[str, list[Slot]] = {}
        self._silent: dict[str, int] = {}

    def __contains__(self, host: str) -> bool:
        """Whether a host is of this configuration."""
        return host in self._hosts

    @property
    def idle(self) -> list[Slot]:
        """The slots that nobody uses."""
        return [slot for slots in self._idle.values() for slot in slots]

    def lost(self, host: str) -> bool:
        """Whether a host has failed to answer so often that nothing more is tried."""
        return self._silent.get(host, 0) >= LOST_AFTER

    def answered(self, host: str, did: bool) -> None:
        """Note whether a host answered a call."""
        self._silent[host] = 0 if did else self._silent.get(host, 0) + 1

    def take(self, host: str) -> Slot:
        """A slot of a host: one that is free, with its connection, else a new one."""
        idle = self._idle.get(host)
        return idle.pop() if idle else Slot(self._hosts[host], self._open, self._uuids.get(host, ""))

    def give_back(self, host: str, slot: Slot) -> None:
        """A slot of a host is free again."""
        self._idle.setdefault(host, []).append(slot)
