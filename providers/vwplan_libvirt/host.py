"""One host through one connection: what all actions share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import libvirt

from vwplan.provider.api import HostConfiguration, HostFacts, Refused, Unreachable
from vwplan_libvirt.accel import accelerator
from vwplan_libvirt.document import parsed, text_at
from vwplan_libvirt.errors import code_of, explaining, unreachable
from vwplan_libvirt.loop import run_event_loop
from vwplan_libvirt.pool import Pool
from vwplan_libvirt.settings import Settings

_DRIVERS = ("qemu", "test")
_KEEP_ALIVE_SECONDS = 5
_KEEP_ALIVE_TRIES = 4
_PRETENDED_UUID = "00000000-0000-4000-8000-746573740000"
"""The UUID of libvirt's test driver, which has none of its own."""

VOLUME_GONE = (libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_NO_STORAGE_POOL, libvirt.VIR_ERR_OPERATION_INVALID)
"""How libvirt answers about a volume that is gone, or whose pool is, or whose pool was stopped, when one was listed before."""


class Host:
    """A libvirt connection with its settings, its pool, and what is remembered of the host while it is open."""

    def __init__(self, configuration: HostConfiguration) -> None:
        self.configuration = configuration
        self.settings = Settings.of(configuration.settings)
        if self.settings.driver not in _DRIVERS:
            raise Unreachable(
                "Not a QEMU host",
                f'"{self.settings.uri}" is not the URI of a QEMU host. One here is "qemu:///system", one elsewhere '
                '"qemu+ssh://user@host/system".',
            )
        run_event_loop()
        try:
            self.connection: Any = libvirt.open(self.settings.uri)
        except libvirt.libvirtError as error:
            raise unreachable(error, self.settings.uri) from error
        with explaining("greeting the host"):
            hypervisor = self.connection.getType()
            self.is_pretended = hypervisor == "TEST"
            if hypervisor == "remote":
                # No hypervisor's name: it is what libvirt answers when the host could not be asked any more.
                raise Unreachable(
                    "Connection to the host was lost",
                    f"{self.settings.uri} went away at once. Once the host's libvirtd answers again, apply again.",
                )
            if hypervisor not in ("TEST", "QEMU"):
                raise Unreachable(
                    "Not a QEMU host",
                    f"{self.settings.uri} is a hypervisor of type {hypervisor}; this provider drives QEMU.",
                )
            if not self.is_pretended:
                self.connection.setKeepAlive(_KEEP_ALIVE_SECONDS, _KEEP_ALIVE_TRIES)
        self.pool = Pool(self.connection, self.settings)
        self.bases: dict[str, Any] = {}
        """What is known of bases that are complete, by digest; a base never changes while it is there."""
        self._facts: HostFacts | None = None

    def facts(self) -> HostFacts:
        """What the host says of itself, with the accelerator that was proved."""
        if self._facts is None:
            with explaining("asking the host about itself"):
                self._facts = self._ask()
        return self._facts

    def _ask(self) -> HostFacts:
        arch, memory, cpus = self.connection.getInfo()[:3]
        version = f"libvirt {_version(self.connection.getLibVersion())}"
        if self.is_pretended:
            return HostFacts(_PRETENDED_UUID, cpus, memory, "test", version)
        # The size in the same answer is that of a container's view, where libvirtd runs in one.
        memory = int(self.connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0)["total"]) >> 10
        if arch != "x86_64":
            raise Refused("Host is of another architecture", f"It is {arch}; this provider makes x86_64 machines.")
        uuid = text_at(parsed(self.connection.getCapabilities()), "host/uuid")
        proved = accelerator(
            self.connection,
            self.settings.accel,
            uuid,
            Path(self.configuration.directory),
            local=self.settings.is_local,
        )
        version += f", QEMU {_version(self.connection.getVersion())}"
        return HostFacts(uuid, cpus, memory, proved, version)

    @property
    def domain_type(self) -> str:
        """The type of domains made here: `kvm`, `qemu` or `test`."""
        return {"kvm": "kvm", "tcg": "qemu", "test": "test"}[self.facts().accelerator]

    def domain(self, identity: str) -> Any:
        """libvirt's domain with that UUID; None when there is none."""
        return self._lookup("lookup", identity, libvirt.VIR_ERR_NO_DOMAIN)

    def network(self, identity: str) -> Any:
        """libvirt's network with that UUID; None when there is none."""
        return self._lookup("networkLookup", identity, libvirt.VIR_ERR_NO_NETWORK)

    def described(self) -> Iterator[tuple[Any, str]]:
        """Every domain on the host with its description. One that goes away while we look, perhaps a stranger's, is not there."""
        return _with_texts(self.connection.listAllDomains(), libvirt.VIR_ERR_NO_DOMAIN)

    def _lookup(self, call: str, identity: str, absent: int) -> Any:
        try:
            return getattr(self.connection, f"{call}ByUUIDString")(identity)
        except libvirt.libvirtError as error:
            if code_of(error) in (absent, libvirt.VIR_ERR_INVALID_ARG):
                return None
            with explaining(f"looking for {identity}"):
                raise

    def close(self) -> None:
        """Let go of the connection."""
        try:
            self.connection.close()
        except libvirt.libvirtError:
            return


def is_on(domain: Any) -> bool:
    """Whether a domain runs; one that was taken away meanwhile does not."""
    try:
        return bool(domain.isActive())
    except libvirt.libvirtError as error:
        if code_of(error) != libvirt.VIR_ERR_NO_DOMAIN:
            raise
        return False


def described_volumes(pool: Any) -> Iterator[tuple[Any, str]]:
    """Every volume of a pool with its description; what goes away meanwhile, be it the whole pool, is not there."""
    try:
        volumes = pool.listAllVolumes()
    except libvirt.libvirtError as error:
        if code_of(error) in VOLUME_GONE:
            return iter(())
        raise
    return _with_texts(volumes, *VOLUME_GONE)


def _with_texts(things: Iterable[Any], *gone: int) -> Iterator[tuple[Any, str]]:
    for thing in things:
        try:
            text = thing.XMLDesc(0)
        except libvirt.libvirtError as error:
            if code_of(error) not in gone:
                raise
        else:
            yield thing, text


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def nics_of(arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The nics in a workspace's arguments."""
    return tuple(arguments.get("nic") or ())


def volumes_of(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The identities of the volumes in a workspace's arguments, in their order."""
    return tuple(disk["volume"] for disk in arguments.get("disk") or ())
