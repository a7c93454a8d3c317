"""Whether KVM really runs a guest here: a device that opens and capabilities that promise it prove nothing.

The proof is a machine without any disk. Its BIOS finds nothing to boot and restarts the machine, over and over; each
restart is an event, so the machine has run, and the processor time that a pass took tells how well. Measured: 11 passes a
second of processor time when emulated, and 0.8 under a KVM that runs everything by emulation inside the kernel, so that a
Linux never gets through its own unpacking. Passes for processor time, not for time, so that a busy host proves the same.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import libvirt

from vwplan_libvirt.document import element, written

PROOF_SECONDS = 8.0
_PASSES = 3
_GOOD_RATE = 8.0
"""Passes a second that need no comparison."""
_POOR_SHARE = 0.25
"""The share of the emulator's own rate below which KVM is worse than useless; nested KVM may well stay below all of it."""
_VALID_SECONDS = 86400.0
"""How long a proof is believed of a host whose restarts we cannot see."""


def accelerator(connection: Any, asked: str, host: str, directory: Path, *, local: bool) -> str:
    """`kvm` or `tcg`: what was asked for, or for `auto` what is proved, kept in `directory` for as long as the host is up."""
    if asked != "auto":
        return asked
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip() if local else ""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / f"accelerator-{host}.json").open("a+") as file:
        # Several connections are opened at once; one of them proves.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = _known(file.read(), boot)
        if known:
            return known
        found = "kvm" if kvm_serves(connection) else "tcg"
        file.truncate(0)
        json.dump({"accelerator": found, "boot": boot, "time": time.time()}, file)
        return found


def _known(text: str, boot: str) -> str:
    try:
        noted = json.loads(text)
        fresh = noted["boot"] == boot if boot else time.time() - noted["time"] < _VALID_SECONDS
        return str(noted["accelerator"]) if fresh else ""
    except (ValueError, KeyError, TypeError):
        return ""


def kvm_serves(connection: Any) -> bool:
    """Whether KVM runs a guest, and not much worse than the emulator does."""
    rate = bios_rate(connection, "kvm")
    if rate == 0 or rate >= _GOOD_RATE:
        return rate > 0
    return rate >= _POOR_SHARE * bios_rate(connection, "qemu")


def bios_rate(connection: Any, type: str, seconds: float = PROOF_SECONDS) -> float:
    """How often a machine of that type (`kvm`, `qemu`) passes its BIOS in a second of processor time.

    0 where it does not start, or does not pass a few times within `seconds` after that. Needs the event loop.
    """
    passed = threading.Semaphore(0)
    try:
        domain = connection.createXML(_proof_text(type), libvirt.VIR_DOMAIN_START_AUTODESTROY)
    except libvirt.libvirtError:
        return 0.0
    # From here on: how long a busy host takes to start it says nothing of KVM.
    deadline = time.monotonic() + seconds
    try:
        watch = connection.domainEventRegisterAny(
            domain, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, lambda connection, domain, opaque: passed.release(), None
        )
        try:
            for _ in range(_PASSES):
                if not passed.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    return 0.0
            return float(_PASSES / max(domain.info()[4] / 1e9, 0.01))
        finally:
            connection.domainEventDeregisterAny(watch)
            domain.destroy()
    except libvirt.libvirtError:
        return 0.0


def _proof_text(type: str) -> str:
    name = f"vwplan-proof-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    system = element(
        "os",
        None,
        element("type", {"arch": "x86_64", "machine": "q35"}, text="hvm"),
        element("boot", {"dev": "hd"}),
        element("bios", {"rebootTimeout": "0"}),
    )
    return written(
        element(
            "domain",
            {"type": type},
            element("name", text=name),
            element("memory", {"unit": "MiB"}, text=32),
            element("vcpu", text=1),
            system,
            element("features", None, element("acpi")),
            element("on_reboot", text="restart"),
            element(
                "devices",
                None,
                element("controller", {"type": "usb", "model": "none"}),
                element("memballoon", {"model": "none"}),
            ),
        )
    )
