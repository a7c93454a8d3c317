"""The settings of a libvirt host: what its `provider` or `host` block may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from vwplan.dataclass import dataclass
from vwplan.kinds.model import Argument, BlockType, Effect, Unit
from vwplan.values import NUMBER, STRING

DEFAULT_URI = "qemu:///system"
DEFAULT_POOL = "vwplan"
DEFAULT_PATIENCE = 60

SETTINGS = BlockType(
    "provider",
    "Machines on QEMU, through libvirt.",
    Effect.RECORD,
    arguments=(
        Argument("uri", STRING, "Where libvirt's daemon is, as libvirt writes it.", Effect.RECORD, default=DEFAULT_URI),
        Argument(
            "accel",
            STRING,
            "How processors are made: kvm, tcg (emulated, slow), or auto, which proves that KVM runs a guest before it "
            "relies on it.",
            Effect.RECORD,
            default="auto",
            choices=("auto", "kvm", "tcg"),
        ),
        Argument(
            "pool",
            STRING,
            "The storage pool for everything of vwplan's; made when it is missing.",
            Effect.RECORD,
            default=DEFAULT_POOL,
        ),
        Argument(
            "pool_path",
            STRING,
            "The folder on the host in which the pool is made when it is missing. Left out: vwplan in the pool "
            "`default`, or in the hypervisor's own folder for images.",
            Effect.RECORD,
        ),
        Argument(
            "shutdown_timeout",
            NUMBER,
            "How long a machine may take to shut itself down before it is switched off.",
            Effect.RECORD,
            default=DEFAULT_PATIENCE,
            unit=Unit.DURATION,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one host, with defaults. `pool_path` is empty when it is to be chosen; `patience` is in seconds."""

    uri: str = DEFAULT_URI
    accel: str = "auto"
    pool: str = DEFAULT_POOL
    pool_path: str = ""
    patience: int = DEFAULT_PATIENCE

    @staticmethod
    def of(given: Mapping[str, Any]) -> Settings:
        """Settings from an evaluated block, in which what is left out is missing or None."""
        return Settings(
            str(given.get("uri") or DEFAULT_URI),
            str(given.get("accel") or "auto"),
            str(given.get("pool") or DEFAULT_POOL),
            str(given.get("pool_path") or ""),
            DEFAULT_PATIENCE if (patience := given.get("shutdown_timeout")) is None else int(patience),
        )

    @property
    def driver(self) -> str:
        """The sort of hypervisor that the URI names: `qemu`, or `test`, libvirt's pretended one."""
        return urlsplit(self.uri).scheme.partition("+")[0]

    @property
    def is_local(self) -> bool:
        """Whether the daemon is on this machine: its URI names no other."""
        return not urlsplit(self.uri).netloc

    @property
    def is_session(self) -> bool:
        """Whether it is a user's own daemon, which has no say over the host's networks."""
        return urlsplit(self.uri).path == "/session"
